"""What libav's demuxers know of the times of pictures. Data."""

from __future__ import annotations

RAW = frozenset(
    {
        "h264",
        "hevc",
        "vvc",
        "m4v",
        "mpegvideo",
        "h263",
        "h261",
        "vc1",
        "mjpeg",
        "dirac",
        "cavsvideo",
    }
)
"""Streams without a container: they have no timestamps at all, only a rate."""

DECODING = frozenset({"gxf"})
"""They only tell when pictures are decoded; libav guesses when they are shown."""

NUMBERED = frozenset({"avi"})
"""They number pictures in the order of decoding; of when they are shown, one version of libav makes
another guess than the next, also where pictures are in order."""

_DECODED = frozenset({"asf"})
"""Of H.264 they tell when pictures are decoded, and libav guesses likewise."""


def tells_decoding(demuxer: str, *, reordered: bool) -> bool:
    """Whether the times of decoding are those to believe, and not libav's of showing."""
    return demuxer in DECODING | NUMBERED or (demuxer in _DECODED and not reordered)


CUT_TOGETHER = frozenset({"mpegts", "mpeg"})
"""Their clock may jump where a recording was cut, and goes on from there: FFmpeg and players close
that."""

ONE_SIZE = frozenset({"avi", "mxf"})
"""Their pictures have one size for all of a track."""

ONE_SHAPE = frozenset({"mpegts", "mpeg"})
"""In broadcasts, pictures are shown in one shape, whatever size they have: then the pixels' shape
changes as well."""
