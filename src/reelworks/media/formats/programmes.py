"""What a transport stream's own tables say of its streams: ISO/IEC 13818-1, 2.4.3 and 2.4.4.

A recording of a whole channel of a broadcast carries several programmes, each with its own clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

HEAD_BYTES = 4 << 20
"""How much of a file tells all programmes: their tables come at least twice a second."""

_SYNC, _PAYLOAD = 0x47, 188
_STRIDES = (188, 192, 204)
"""Bytes from one packet to the next: plain, with a time code before each, with a check after it."""

_PROGRAMMES, _STREAMS = 0x00, 0x02
"""Tables: which programmes there are, and the streams of one."""

_SAME = {0x01: 0x02, 0x03: 0x04}
"""Kinds of streams that one decoder reads: MPEG-1's pictures and sound, and MPEG-2's."""

_TELETEXT = 0x56
"""What is said of a stream of teletext: ETSI EN 300 468, 6.2.43."""


def strangers(head: bytes, pid: int) -> frozenset[int]:
    """The streams that belong to other programmes only, by their numbers (PIDs).

    Args:
        head: the file's first ``HEAD_BYTES`` bytes.
        pid: of the stream whose programme is wanted.
    """
    programmes = _programmes(head)
    own = [streams for streams in programmes.values() if pid in streams]
    if not own:
        return frozenset()
    return frozenset[int]().union(*programmes.values()) - frozenset[int]().union(*own)


def teletext(head: bytes) -> frozenset[int]:
    """The streams of teletext, by their numbers.

    Args:
        head: as for ``strangers``.
    """
    streams = (stream for section in _tables(head) for stream in _streams(section))
    return frozenset(pid for pid, _, said in streams if _TELETEXT in said)


def changing(parts: Iterable[bytes]) -> frozenset[int]:
    """The streams that become another kind of stream on the way, by their numbers.

    Args:
        parts: of the file, long enough to have its tables.
    """
    kinds: dict[int, set[int]] = {}
    for part in parts:
        # A table comes again and again; one that does not may be damaged.
        for section in (table for table, times in Counter(_tables(part)).items() if times > 1):
            for pid, kind, _ in _streams(section):
                kinds.setdefault(pid, set()).add(_SAME.get(kind, kind))
    return frozenset(pid for pid, found in kinds.items() if len(found) > 1)


def _programmes(head: bytes) -> dict[int, set[int]]:
    """The streams of each programme, of all that it ever has."""
    found: dict[int, set[int]] = {}
    for section in _tables(head):
        number = int.from_bytes(section[3:5])
        found.setdefault(number, set()).update(pid for pid, _, _ in _streams(section))
    return found


def _tables(head: bytes) -> Iterator[bytes]:
    """The tables of all programmes' streams."""
    tables: set[int] = set()
    for section in _sections(head, {0}, _PROGRAMMES):
        entries = (section[at : at + 4] for at in range(8, len(section) - 4, 4))
        tables |= {_pid(entry, 2) for entry in entries if any(entry[:2])}
    return _sections(head, tables, _STREAMS)


def _streams(section: bytes) -> Iterator[tuple[int, int, set[int]]]:
    """Each stream's number, its kind, and the kinds of what is said of it."""
    at = 12 + _length(section, 10)
    while at + 5 <= len(section) - 4:
        end = at + 5 + _length(section, at + 3)
        yield _pid(section, at + 1), section[at], set(_kinds(section[at + 5 : end]))
        at = end


def _kinds(said: bytes) -> Iterator[int]:
    at = 0
    while at + 2 <= len(said):
        yield said[at]
        at += 2 + said[at + 1]


def _sections(head: bytes, pids: Collection[int], table: int) -> Iterator[bytes]:
    """The whole sections of a table that come in packets of these numbers."""
    begun: dict[int, bytes] = {}
    for pid, starts, payload in _payloads(head, pids):
        if not starts:
            begun[pid] = begun.get(pid, b"") + payload
        elif payload:
            begun[pid] = payload[1 + payload[0] :]
        rest = begun.get(pid, b"")
        while len(rest) > 3 and len(rest) >= (size := 3 + _length(rest, 1)):
            if rest[0] == table:
                yield rest[:size]
            rest = rest[size:]
        begun[pid] = rest


def _payloads(head: bytes, pids: Collection[int]) -> Iterator[tuple[int, bool, bytes]]:
    """Of each packet of these numbers: its own, whether a section starts in it, and what it
    carries."""
    offset, stride = _grid(head)
    for at in range(offset, len(head) - _PAYLOAD + 1, stride):
        pid = _pid(head, at + 1)
        if pid not in pids or head[at] != _SYNC or not head[at + 3] & 0x10:
            continue
        begin = at + 4 + (1 + head[at + 4] if head[at + 3] & 0x20 else 0)
        yield pid, bool(head[at + 1] & 0x40), head[begin : at + _PAYLOAD]


def _grid(head: bytes) -> tuple[int, int]:
    """Where the first packet is, and how far apart they are."""
    for stride in _STRIDES:
        for offset in range(min(stride, len(head))):
            if all(byte == _SYNC for byte in head[offset : offset + 5 * stride : stride]):
                return offset, stride
    return 0, _PAYLOAD


def _pid(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2]) & 0x1FFF


def _length(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2]) & 0x0FFF
