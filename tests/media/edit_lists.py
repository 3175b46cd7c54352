"""Puts other edit lists into MP4 files, as editors write that leave in the file what they cut."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

_HEADER = struct.Struct(">I4s")
_EDIT = struct.Struct(">IiI")
_USUAL_RATE = 0x10000

Edit = tuple[int, int]
"""How long it is shown, in the film's ticks, and from which tick of the track's on."""


def with_edits(source: Path, target: Path, *tracks: Sequence[Edit]) -> Path:
    """A copy of a file, its index at the end, whose tracks are put together of these pieces."""
    edits = iter(tracks)
    target.write_bytes(b"".join(_edited(*box, edits) for box in _boxes(source.read_bytes())))
    return target


def _edited(kind: bytes, body: bytes, edits: Iterator[Sequence[Edit]]) -> bytes:
    if kind in (b"moov", b"trak", b"edts"):
        body = b"".join(_edited(*box, edits) for box in _boxes(body))
    elif kind == b"elst":
        pieces = next(edits)
        lines = (_EDIT.pack(length, since, _USUAL_RATE) for length, since in pieces)
        body = struct.pack(">II", 0, len(pieces)) + b"".join(lines)
    return _HEADER.pack(len(body) + _HEADER.size, kind) + body


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(content):
        size, kind = _HEADER.unpack_from(content, at)
        yield kind, content[at + _HEADER.size : at + size]
        at += size
