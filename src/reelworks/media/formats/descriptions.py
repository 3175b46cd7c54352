"""What MP4 and QuickTime say that the samples of their tracks are: ISO/IEC 14496-12, 8.5.2 and
8.7.4.

A track may have samples of several kinds, as where an editor joined clips without encoding them.
"""

from __future__ import annotations

from collections.abc import Iterator

_ALIKE = (b"apcn", b"apch", b"dvpp", b"dvcp")
"""Kinds of ProRes and DV: libav reads others of theirs along with them."""

_LARGEST = 256 << 20
"""Bytes of an index that an honest file may have, generously."""


def changing(film: memoryview) -> frozenset[int]:
    """The tracks of which a part has another codec than the rest, by their numbers.

    Args:
        film: the whole file; no more of it is looked at than its index.
    """
    index = _within(film, b"moov")
    if len(index) > _LARGEST:
        return frozenset()
    tracks = (content for name, content in _boxes(index) if name == b"trak")
    return frozenset(_number(track) for track in tracks if _changes(track))


def _changes(track: memoryview) -> bool:
    tables = _within(_within(_within(track, b"mdia"), b"minf"), b"stbl")
    kinds = [name for name, _ in _boxes(_within(tables, b"stsd")[8:])]
    if len(set(kinds)) < 2:
        return False
    chunks = _within(tables, b"stsc")
    used = {int.from_bytes(chunks[at + 8 : at + 12]) for at in range(8, len(chunks) - 11, 12)}
    found = {kinds[number - 1] for number in used if 0 < number <= len(kinds)}
    return len(found) > 1 and kinds[0] not in _ALIKE


def _number(track: memoryview) -> int:
    head = _within(track, b"tkhd")
    at = 20 if bytes(head[:1]) == b"\1" else 12
    return int.from_bytes(head[at : at + 4])


def _within(content: memoryview, wanted: bytes) -> memoryview:
    """What the first box of a name holds; empty where there is none."""
    return next((inner for name, inner in _boxes(content) if name == wanted), content[:0])


def _boxes(content: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    start = 0
    while start + 8 <= len(content):
        name, begin, size = _head(content[start : start + 16], len(content) - start)
        if size < begin:
            return
        yield name, content[start + begin : start + size]
        start += size


def _head(data: memoryview, rest: int) -> tuple[bytes, int, int]:
    """A box's name, where its content begins, and its size, of all that is left where it tells
    none."""
    size, name = int.from_bytes(data[:4]), bytes(data[4:8])
    if size == 1:
        return name, 16, int.from_bytes(data[8:16])
    return name, 8, size or rest
