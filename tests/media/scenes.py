"""Made-up pictures that are like photographs: as much detail in every octave, soft colours."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.clips import clip, made_folder

Array = NDArray[Any]


def texture(height: int = 240, width: int = 320, *, seed: int = 1, spread: float = 35.0) -> Array:
    """Random values whose amplitude falls as 1/f, about 128; unrounded, within 12 to 244."""
    made = np.random.default_rng(seed)
    down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    frequency = np.hypot(down, right)
    frequency[0, 0] = np.inf
    values = np.fft.irfft2(np.fft.rfft2(made.normal(size=(height, width))) / frequency)
    return np.clip(128 + spread * values / values.std(), 12, 244)


def blurred(plane: Array, sigma: float) -> Array:
    """After a Gaussian blur."""
    down, right = np.fft.fftfreq(plane.shape[0])[:, None], np.fft.rfftfreq(plane.shape[1])[None, :]
    kept = np.exp(-2 * (np.pi * sigma) ** 2 * (down**2 + right**2))
    return np.fft.irfft2(np.fft.rfft2(plane) * kept, s=plane.shape)


def noisy(plane: Array, sigma: float, seed: int) -> Array:
    """With white noise."""
    return plane + np.random.default_rng(seed).normal(0, sigma, plane.shape)


def stored(plane: Array) -> Array:
    """Rounded to 8 bits."""
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)


def photograph(height: int = 240, width: int = 320) -> Array:
    """(3, height, width): land with as much detail as a good lens shows, under a plain sky."""
    light = texture(height, width, spread=45.0)
    land = light + [texture(height, width, seed=n, spread=8.0) - 128 for n in (2, 3, 4)]
    sky = np.linspace(215, 185, height // 4)[:, None]
    land[:, : height // 4] = sky
    return np.clip([blurred(plane, 0.6) for plane in land], 4, 251)


@cache
def photograph_file() -> Path:
    """A photograph of 640 × 480 as a file."""
    path = made_folder() / "photograph.ppm"
    pixels = stored(photograph(480, 640)).transpose(1, 2, 0)
    path.write_bytes(b"P6 640 480 255\n" + pixels.tobytes())
    return path


PAN = "crop=320:240:2*n:0"
LOSSLESS = ("-c:v", "ffv1")
FINE = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8")


def film(*filters: str, codec: tuple[str, ...] = FINE, suffix: str = ".mkv") -> Path:
    """A second of a camera that pans over the photograph, 320 × 240, after these filters."""
    chain = ",".join([*(filters or (PAN,)), "format=yuv420p"])
    still = ("-framerate", "25", "-loop", "1", "-t", "1", "-i", str(photograph_file()))
    return clip(suffix, *still, "-vf", chain, *codec)
