"""Makes stills of pictures as a player shows them. Only for use in the Python child."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from reelworks.media.facts import usual_matrix
from reelworks.media.formats import pixels
from reelworks.media.probing.colourspaces import COLOURSPACES
from reelworks.media.probing.planes import is_rgb, plane_of
from reelworks.media.probing.side_data import content
from reelworks.media.proving import similarity, tone
from reelworks.media.proving.similarity import Luma

Rgb = Any
"""A picture as a screen shows it: sRGB, 8-bit, lines × columns × 3."""

_FULL_BITS = 8

_DIVIDER_SHARE = 256
_DIVIDER_GREY = 200

_PEAK_LONGEST = 480
"""Pixels of the longer side of the picture whose peak is looked for: single sparks fade in it."""

# swscale's quick ways lose a few levels of colour.
_EXACT = (
    Interpolation.LANCZOS
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INP
    | Interpolation.FULL_CHR_H_INT
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How a stream's pictures are to be read.

    Attributes:
        matrix, range, transfer: libav's names; the range is "tv" or "pc".
        sample_aspect: width of a pixel over its height.
    """

    matrix: str
    range: str
    transfer: str | None
    sample_aspect: Fraction

    @property
    def is_hdr(self) -> bool:
        """Whether a screen of ordinary brightness needs it brought down."""
        return self.transfer in ("smpte2084", "arib-std-b67")


# --- Planes ---------------------------------------------------------------------------------------


def luma(frame: VideoFrame, look: Look) -> Luma:
    """Its luma in 8-bit levels, upright. Other colour models are converted, as encoders do."""
    planar = _planar(frame, look)
    levels, bits = plane_of(planar, 0), planar.format.components[0].bits
    if bits > 8:
        levels = levels.astype(np.float32) / (1 << (bits - 8))
    return cast("Luma", upright(levels, frame))


def _planar(frame: VideoFrame, look: Look) -> VideoFrame:
    """The same with a plane of luma that numpy can read."""
    name = frame.format.name
    if name.startswith(("yuv4", "yuvj4")) and not name.endswith("be"):
        return frame
    form = pixels.describe(name)
    wanted = (pixels.target(form) if form else None) or "yuv444p"
    if form is not None and form.family == "gray" and frame.color_range != ColorRange.UNSPECIFIED:
        # Encoding keeps its levels, where its range is said; else they become those of limited
        # range, as below.
        return frame.reformat(format="gray" if form.depth == _FULL_BITS else "gray16le")
    if form is not None and form.family == "yuv":
        return frame.reformat(format=wanted)
    return VideoReformatter().reformat(
        frame,
        format=wanted,
        dst_colorspace=COLOURSPACES[look.matrix],
        dst_color_range=ColorRange.MPEG,
    )


def upright(array: Any, frame: VideoFrame) -> Any:
    """Turn and mirror an array of pixels as the frame's display matrix says."""
    swaps, across, down = _turn(frame)
    if swaps:
        array = array.swapaxes(0, 1)
    return array[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]


def _turn(frame: VideoFrame) -> tuple[bool, int, int]:
    """Whether columns become lines, and which way columns and lines then run.

    The display matrix sends column x and line y to column a·x + c·y and line b·x + d·y.
    """
    matrix = content(frame, Type.DISPLAYMATRIX)
    if matrix is None:
        return False, 1, 1
    a, b, _, c, d, *_ = struct.unpack_from("=9i", matrix)
    return (False, a, d) if abs(a) + abs(d) >= abs(b) + abs(c) else (True, c, b)


def interest(levels: Luma) -> float:
    """How well a picture shows what a video is about, 0 to 1: neither black, flat nor blurred."""
    small = similarity.block_sums(levels.astype(np.float32)) / 16
    if min(small.shape) < 2:
        return 0.0
    spread = min(float(small.std()) / 50, 1.0)
    exposure = max(1 - abs(float(small.mean()) - 118) / 118, 0.0)
    edges = np.abs(np.diff(small, axis=0)).mean() + np.abs(np.diff(small, axis=1)).mean()
    return spread * exposure * float(edges / (edges + 4))


# --- Pictures -------------------------------------------------------------------------------------


def displayed(frame: VideoFrame, look: Look, size: tuple[int, int], brightest: float | None) -> Rgb:
    """A picture as a player shows it.

    Args:
        size: width and height that it gets.
        brightest: of an HDR picture, what becomes white, in cd/m².
    """
    if brightest is None or not look.is_hdr:
        return _rgb(frame, look, size, "gbrp")
    return tone.to_sdr(_light(frame, look, size), brightest)


def peak(frame: VideoFrame, look: Look) -> float | None:
    """The brightest that an HDR picture gets, in cd/m²; None for others."""
    size = displayed_size(frame, look, _PEAK_LONGEST)
    return tone.peak(_light(frame, look, size)) if look.is_hdr else None


def displayed_size(frame: VideoFrame, look: Look, longest: int) -> tuple[int, int]:
    """Width and height of a picture as it is shown, in square pixels.

    No side is made shorter, unless one would be longer than ``longest``.
    """
    aspect = look.sample_aspect
    width = frame.width * max(aspect, Fraction(1))
    height = frame.height / min(aspect, Fraction(1))
    share = min(Fraction(1), longest / max(width, height))
    size = max(1, round(width * share)), max(1, round(height * share))
    return size[::-1] if _turn(frame)[0] else size


def side_by_side(left: Rgb, right: Rgb) -> Rgb:
    """Two pictures of the same size with a thin grey line between them."""
    height, width = left.shape[:2]
    line = np.full((height, max(2, width // _DIVIDER_SHARE), 3), _DIVIDER_GREY, np.uint8)
    return np.concatenate([left, line, right], axis=1)


def _light(frame: VideoFrame, look: Look, size: tuple[int, int]) -> Any:
    """The light that an HDR picture asks for, in cd/m²."""
    return tone.light(_rgb(frame, look, size, "gbrp16le"), look.transfer or "")


def _rgb(frame: VideoFrame, look: Look, size: tuple[int, int], form: str) -> Any:
    """Its R′G′B′ in full range, scaled and turned."""
    stored = size[::-1] if _turn(frame)[0] else size
    mixed = not is_rgb(frame)
    scaled = VideoReformatter().reformat(
        frame,
        *stored,
        form,
        src_colorspace=COLOURSPACES[look.matrix] if mixed else None,
        src_color_range=_range(frame, look) if mixed else None,
        dst_color_range=ColorRange.JPEG,
        interpolation=_EXACT,
    )
    return upright(scaled.to_ndarray(), frame)


def _range(frame: VideoFrame, look: Look) -> ColorRange:
    form = pixels.describe(frame.format.name)
    full = look.range == "pc" or (form is not None and form.family == "gray")
    return ColorRange.JPEG if full else ColorRange.MPEG


def matrix_to_read(name: str | None, lines: int) -> str:
    """The matrix to read YUV with; the usual one for its size where that is not known here."""
    return str(name) if name in COLOURSPACES else usual_matrix(lines)


# --- Files ----------------------------------------------------------------------------------------


def write(picture: Rgb, path: Path) -> None:
    """Write a picture as JPEG or, where the name ends in ``.png``, as PNG."""
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    is_png = path.suffix.lower() == ".png"
    encoder = av.CodecContext.create("png" if is_png else "mjpeg", "w")
    encoder.width, encoder.height = frame.width, frame.height
    encoder.time_base = Fraction(1, 25)
    if is_png:
        encoder.pix_fmt = "rgb24"
    else:
        # JFIF wants BT.601 in full range; colour at half the size would blur red edges.
        encoder.pix_fmt = "yuvj444p"
        encoder.qmin = encoder.qmax = 3
        frame = frame.reformat(
            format="yuvj444p", dst_colorspace=Colorspace.ITU601, interpolation=_EXACT
        )
    frame.pts = 0
    path.write_bytes(b"".join(bytes(p) for p in (*encoder.encode(frame), *encoder.encode(None))))
