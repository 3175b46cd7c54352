"""The known damages. Each makes of a clean clip a damaged file, and the clip to hold it against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.frames import LOSSLESS, Frames, write

Change = Callable[[Frames], Frames]


@dataclass(frozen=True, slots=True)
class Damage:
    """What is done to the pictures, one change after the other, and how they are encoded then.

    Attributes:
        woven: whether two pictures become one.
        noise_for_nlmeans: sigma, where non-local means take part; 0 where they do not.
    """

    name: str
    changes: tuple[Change, ...] = ()
    encoding: tuple[str, ...] = LOSSLESS
    suffix: str = ".mp4"
    woven: bool = False
    noise_for_nlmeans: int = 0

    def apply(self, clean: Frames, path: Path) -> tuple[Path, Frames]:
        """Write the damaged file.

        Returns:
            The file, and the clean pictures that it is to be compared with.
        """
        damaged = clean
        for change in self.changes:
            damaged = change(damaged)
        # A woven picture shows its first field's moment.
        clean = replace(clean, data=clean.data[::2]) if self.woven else clean
        return write(damaged, path.with_name(path.name + self.suffix), *self.encoding), clean


# --- Changes of the pictures ----------------------------------------------------------------------


def noise(sigma: float) -> Change:
    """Gaussian noise on all three planes."""

    def change(clean: Frames) -> Frames:
        random = np.random.default_rng(7)
        planes = [p + sigma * _normal(random, p.shape) for p in (clean.luma(), *clean.chroma())]
        return clean.with_planes(*planes)

    return change


def sensor_noise(sigma: float) -> Change:
    """Noise that a display's gamma makes larger in the dark; less of it in the chroma."""

    def change(clean: Frames) -> Frames:
        random = np.random.default_rng(11)
        light = np.clip((clean.luma() - 16.0) / 219.0, 0.02, 1.0)
        luma = clean.luma() + sigma * (1.6 - 1.2 * light) * _normal(random, light.shape)
        chroma = [p + 0.7 * sigma * _normal(random, p.shape) for p in clean.chroma()]
        return clean.with_planes(luma, *chroma)

    return change


def stretched(gain: float, offset: float = 0.0, power: float = 1.0) -> Change:
    """Luma · gain + offset after a power, in full-scale levels; chroma goes with it."""

    def change(clean: Frames) -> Frames:
        light = np.clip((clean.luma() - 16.0) / 219.0, 0.0, 1.0)
        luma = (light**power * gain + offset / 255.0) * 219.0 + 16.0
        chroma = [(p - 128.0) * gain + 128.0 for p in clean.chroma()]
        return clean.with_planes(luma, *chroma)

    return change


def of_luma(gain: float, offset: float = 0.0) -> Change:
    """Luma · gain + offset, in full-scale levels, and chroma as it was: FFmpeg's ``eq``."""

    def change(clean: Frames) -> Frames:
        luma = (clean.luma() - 16.0) * gain + offset / 255.0 * 219.0 + 16.0
        return clean.with_planes(luma, *clean.chroma())

    return change


def cast(red: float, green: float, blue: float) -> Change:
    """Each of R'G'B' times its factor."""

    def change(clean: Frames) -> Frames:
        rgb = _to_rgb(clean)
        return _from_rgb(clean, np.clip(rgb * np.array([red, green, blue], np.float32), 0, 255))

    return change


def blur(sigma: float) -> Change:
    """Gaussian blur of every plane; chroma has half the size, and so half the sigma."""

    def change(clean: Frames) -> Frames:
        luma = _blurred(clean.luma(), sigma)
        return clean.with_planes(luma, *(_blurred(p, sigma / 2) for p in clean.chroma()))

    return change


def weave(clean: Frames) -> Frames:
    """Two pictures become one: the top field of the first, the bottom field of the second."""
    data = clean.data[: len(clean.data) // 2 * 2]
    woven, second = data[::2].copy(), replace(clean, data=data[1::2])
    result = replace(clean, data=woven, rate=clean.rate / 2)
    result.luma()[:, 1::2] = second.luma()[:, 1::2]
    for target, source in zip(result.chroma(), second.chroma(), strict=True):
        target[:, 1::2] = source[:, 1::2]
    return result


def _normal(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return random.standard_normal(shape, np.float32)


def _blurred(planes: NDArray[Any], sigma: float) -> NDArray[np.float32]:
    return np.stack([cv2.GaussianBlur(p.astype(np.float32), (0, 0), sigma) for p in planes])


def _to_rgb(clean: Frames) -> NDArray[np.float32]:
    luma = (clean.luma().astype(np.float32) - 16) * 255 / 219
    u, v = ((p.astype(np.float32) - 128) * 255 / 224 for p in clean.chroma())
    u, v = (p.repeat(2, 1).repeat(2, 2) for p in (u, v))
    red, blue = luma + 1.5748 * v, luma + 1.8556 * u
    green = (luma - 0.2126 * red - 0.0722 * blue) / 0.7152
    return np.clip(np.stack([red, green, blue], axis=-1), 0, 255)


def _from_rgb(clean: Frames, rgb: NDArray[np.float32]) -> Frames:
    red, green, blue = (rgb[..., n] for n in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    u, v = (blue - luma) / 1.8556, (red - luma) / 1.5748
    u, v = (
        (p[:, ::2, ::2] + p[:, 1::2, ::2] + p[:, ::2, 1::2] + p[:, 1::2, 1::2]) / 4 * 224 / 255
        for p in (u, v)
    )
    return clean.with_planes(luma * 219 / 255 + 16, u + 128, v + 128)


# --- The list -------------------------------------------------------------------------------------


def _h264(crf: int) -> tuple[str, ...]:
    return ("-c:v", "libx264", "-preset", "medium", "-crf", str(crf))


_MPEG4 = ("-c:v", "mpeg4", "-q:v", "18", "-g", "24", "-bf", "2")
_DARK, _FLAT = stretched(0.42), stretched(0.5, 63.75)

DAMAGES = (
    Damage("clean"),
    Damage("clean, H.264 crf 18", (), _h264(18)),
    Damage("noise 5", (noise(5),), noise_for_nlmeans=5),
    Damage("noise 10", (noise(10),), noise_for_nlmeans=10),
    Damage("noise 20", (noise(20),), noise_for_nlmeans=20),
    Damage("sensor noise", (sensor_noise(8),)),
    Damage("dark", (_DARK,)),
    Damage("dark by gamma", (stretched(0.75, 0.0, 1.8),)),
    Damage("low contrast", (_FLAT,)),
    Damage("dark, colours kept", (of_luma(0.42),)),
    Damage("low contrast, colours kept", (of_luma(0.5, 63.75),)),
    Damage("warm cast", (cast(1.2, 1.0, 0.75),)),
    Damage("green cast", (cast(0.85, 1.1, 0.9),)),
    Damage("blur 1.2", (blur(1.2),)),
    Damage("blur 2", (blur(2.0),)),
    Damage("H.264 crf 36", (), _h264(36)),
    Damage("H.264 crf 42", (), _h264(42)),
    Damage("MPEG-4 q 18", (), _MPEG4),
    Damage("interlaced", (weave,), woven=True),
    Damage("dark, noise 1.5", (_DARK, noise(1.5))),
    Damage("dark, noise 10", (_DARK, noise(10))),
    Damage("noise 8, H.264 crf 26", (noise(8),), _h264(26)),
    Damage("flat, cast, noise 6", (_FLAT, cast(1.15, 1.0, 0.8), noise(6))),
    Damage("interlaced, noise 8", (weave, noise(8)), woven=True),
)


def by_name(name: str) -> Damage:
    """The damage of this name."""
    return next(damage for damage in DAMAGES if damage.name == name)
