"""Decides which size all pictures of a film get, should theirs change on the way. Pure."""

from __future__ import annotations

from dataclasses import replace

from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding.plan import Plan
from reelworks.media.facts import Picture, Probe
from reelworks.media.formats import demuxers

SCALER_KNOWS = frozenset({None, "bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc"})
"""Matrices. FFmpeg's scaler refuses all others, also where it has nothing to do."""

_SAME_SHAPE = 1.03
"""Pictures whose shapes differ by less have the same: 1088 lines of 1080."""

_PIXELS_SHAPE = 2.0
"""By so much, shapes of broadcasts may differ that are shown alike, as their pixels' shapes differ
likewise."""


def is_settled(picture: Picture, plan: Plan) -> bool:
    """Whether all pictures are brought to one size, format and colours in front of the filters,
    should these change on the way. FFmpeg would make the filters anew there, and lose the pictures
    that they hold. What FFmpeg turns has filters of its own before ours."""
    ours = picture.rotation == 0 or plan.turn is not None
    return ours and _may_settle(picture, plan.pixel_format)


def _may_settle(picture: Picture, pixel_format: str) -> bool:
    same = picture.pixel_format.replace("yuvj", "yuv") == pixel_format
    return same and picture.matrix in SCALER_KNOWS


def same_shape(probe: Probe) -> float | None:
    """How many times as wide against its height a picture may be as the first one, and still be of
    the same shape; others are fitted into the frame, with bars. None where all are: telephones that
    are turned while they send make others. Of pixels that are not square, FFmpeg tells all filters
    the first shape."""
    picture = probe.picture
    even = picture.width % 2 == picture.height % 2 == 0  # FFmpeg pads no odd sizes
    if not even or picture.displayed_aspect != 1 or probe.demuxer in demuxers.ONE_SIZE:
        return None
    return _PIXELS_SHAPE if probe.demuxer in demuxers.ONE_SHAPE else _SAME_SHAPE


def frame_of(probe: Probe, analysis: Analysis, pixel_format: str) -> tuple[int, int] | None:
    """Width and height that all pictures are brought to, where it is not the first one's: calls
    begin small, until it is known how much the line carries.

    Args:
        pixel_format: of the result.
    """
    if analysis.largest is None or not _may_settle(probe.picture, pixel_format):
        return None
    width, height = analysis.largest
    if probe.demuxer in demuxers.ONE_SHAPE or same_shape(probe) is None or width % 2 or height % 2:
        return None
    return width, height


def framed(probe: Probe, frame: tuple[int, int] | None) -> Probe:
    """The film as if all of its pictures had the frame's size."""
    if frame is None:
        return probe
    width, height = frame
    return replace(probe, picture=replace(probe.picture, width=width, height=height))
