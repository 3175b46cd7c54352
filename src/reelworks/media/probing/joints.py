"""Sees where files were put one behind the other, each with a clock of its own."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from reelworks.media.probing.mapped import mapped

_BEGINNINGS = {"matroska,webm": b"\x1aE\xdf\xa3", "ogg": b"OggS\0\2"}
"""What every file begins with whose parts libav reads on from one to the next, by its demuxer. It
goes by each part's own clock; of formats that it is not in, it reads the first part alone, or
counts on."""


def is_joined(path: Path, demuxer: str, returns: Collection[tuple[int, int]]) -> bool:
    """Whether another file begins where a clock goes back.

    Args:
        returns: the bytes from the packet before it to the one behind it.
    """
    beginning = _BEGINNINGS.get(demuxer)
    if beginning is None or not returns:
        return False
    with mapped(path) as data:
        return any(data.find(beginning, start, end) >= 0 for start, end in returns)
