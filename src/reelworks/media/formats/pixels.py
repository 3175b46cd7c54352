"""Which pixel format a result has: the source's chroma and depth, in a form that encoders take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from av.video.format import VideoFormat

Family = Literal["yuv", "rgb", "gray", "palette"]

# Of every format that encoders take, these are the depths; anything between goes to the next.
_DEPTHS = (8, 10, 12)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pixels:
    """What a pixel format holds.

    Attributes:
        family: what its components mean.
        chroma: "420", "422" or "444": the coarsest of these that loses nothing.
        depth: bits of its deepest component.
        alpha: whether one of its components is transparency.
        full_range: whether the name itself says full range (the old yuvj formats).
    """

    family: Family
    chroma: str
    depth: int
    alpha: bool
    full_range: bool = False


def describe(name: str) -> Pixels | None:
    """What libav's pixel format of this name holds; None where it is not known or not ordinary."""
    try:
        form = VideoFormat(name, 64, 64)
    except ValueError:
        return None
    if form.has_palette:
        return Pixels(family="palette", chroma="444", depth=8, alpha=True)
    if name.startswith(("bayer", "xyz")) or not form.components:
        return None
    parts = form.components
    return Pixels(
        family="rgb" if form.is_rgb else "gray" if len(parts) < 3 else "yuv",
        chroma="420" if len(parts) < 3 else _chroma(parts[1].width, parts[1].height),
        depth=max(part.bits for part in parts),
        alpha=any(part.is_alpha for part in parts),
        full_range=name.startswith("yuvj"),
    )


def _chroma(width: int, height: int) -> str:
    """Of a 64×64 picture's chroma plane: the format that keeps every sample of it."""
    if width <= 32:
        return "420" if height <= 32 else "422"
    return "444"


def target(pixels: Pixels) -> str | None:
    """The planar YUV format that holds such pictures; None where no encoder takes their depth."""
    depth = next((d for d in _DEPTHS if d >= pixels.depth), None)
    if depth is None:
        return None
    return f"yuv{pixels.chroma}p" + ("" if depth == 8 else f"{depth}le")


def depth_of(name: str) -> int:
    """Bits of a component of a format that ``target`` gave."""
    return next((d for d in _DEPTHS[1:] if name.endswith(f"p{d}le")), 8)
