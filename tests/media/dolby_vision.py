"""Puts Dolby Vision's data (RPU) into HEVC, as no encoder at hand does: ETSI GS CCM 001, 5.2."""

from __future__ import annotations

from tests.media.bits import Bits, unit
from tests.media.checksums import crc32

_DENOMINATOR = 23
_PICTURES = range(32)
"""The kinds of units that are a part of a picture."""


def with_dolby_vision(stream: bytes, profile: int) -> bytes:
    """A raw stream of 10 bits, each of its pictures in one piece, with data that changes nothing.

    Args:
        profile: 5, of which pictures are in colours of Dolby's own, or 8, of which they are not.
    """
    first, *units = stream.split(b"\0\0\1")
    data = unit(b"\x7c\x01", b"\x19" + _data(own=profile == 5))
    made = [first]
    for found in units:
        made.append(b"\0\0\1" + found.rstrip(b"\0"))
        made += [data] if found[0] >> 1 & 0x3F in _PICTURES else []
    return b"".join(made)


def _data(*, own: bool) -> bytes:
    bits = Bits().add((2, 6), (18, 11), (not own, 4), (0, 4)).flags("1000").codes(_DENOMINATOR)
    bits.add((1, 2)).flags("1" if own else "0").codes(2, 2, 4).flags("000001")
    bits.flags("00").codes(0, 0, 0)
    for _ in range(3):
        bits.codes(0).add((0, 10), (1023, 10))
    bits.codes(0, 0)
    for _ in range(3):
        # Each component becomes 0 + 1 · itself.
        bits.codes(0, 0).flags("0")
        bits.codes(0).add((0, _DENOMINATOR)).codes(1).add((0, _DENOMINATOR))
    content = bits.take()
    return content + crc32(content, 0xFFFFFFFF).to_bytes(4, "big") + b"\x80"
