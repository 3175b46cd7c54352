"""Clips that are pleasant to look at: photographs under a slowly moving camera, and then damaged.

The photographs come with scikit-image; they are free.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tests.clips import make_clip

RATE = 25


@dataclass(frozen=True, slots=True)
class Shot:
    """A photograph, how the camera moves over it, and what is then done to it.

    Attributes:
        name: the clip's file name; its suffix says what it becomes.
        photograph: of ``skimage.data``.
        damage: FFmpeg's filters, after the camera.
        seconds: its length.
        size: width and height.
        encoding: how it is encoded.
    """

    name: str
    photograph: str
    damage: str
    seconds: int = 2
    size: tuple[int, int] = (800, 500)
    encoding: tuple[str, ...] = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "16")


SHOTS = (
    Shot("Apollo portrait 16 mm.mov", "astronaut.png", "noise=alls=22:allf=t"),
    Shot(
        "Launch at dusk.mp4",
        "rocket.jpg",
        "eq=contrast=0.6:brightness=-0.06,noise=alls=9:allf=t",
    ),
    Shot("Morning coffee.mp4", "coffee.png", "noise=alls=16:allf=t"),
    Shot("Chelsea.mp4", "chelsea.png", "colorchannelmixer=rr=0.86:bb=1.12,noise=alls=14:allf=t"),
    Shot("Workshop.mp4", "motorcycle_left.png", "null"),
    Shot("Deep field.mp4", "hubble_deep_field.jpg", "noise=alls=18:allf=t", seconds=6),
)


def make_shot(shot: Shot, folder: Path) -> Path:
    """Film a photograph."""
    frames = shot.seconds * RATE
    width, height = shot.size
    camera = (
        # zoompan counts in whole pixels of its input: a large one keeps the movement smooth.
        f"scale={3 * width}:{3 * height}:force_original_aspect_ratio=increase:flags=lanczos,"
        f"zoompan=z='1+0.12*on/{frames}':x='(iw-iw/zoom)*(0.35+0.3*on/{frames})':"
        f"y='(ih-ih/zoom)*0.4':d={frames}:s={width}x{height}:fps={RATE}"
    )
    photograph = files("skimage.data").joinpath(shot.photograph)
    return make_clip(
        folder / shot.name,
        *("-i", str(photograph), "-vf", f"{camera},{shot.damage}", "-frames:v", str(frames)),
        *(*shot.encoding, "-pix_fmt", "yuv420p"),
    )
