"""Writes H.264 whose fields are pictures of their own, as cameras and broadcasters make it (PAFF).

No encoder at hand does. Each macroblock is stored as it is (I_PCM), so that headers are all there
is to it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from tests.media.bits import Bits, unit

SIDE = 64
"""Width and height of a picture."""

_AGAIN = 8
"""Every so many pictures there is one to begin from."""


def field_pictures(count: int) -> bytes:
    """A stream of ``count`` pictures at 25 a second, a bright block moving over them."""
    return b"".join(_pictures(count))


def _pictures(count: int) -> Iterator[bytes]:
    for number in range(count):
        if number % _AGAIN == 0:
            yield _sequence() + _parameters()
        yield _field(number, bottom=False) + _field(number, bottom=True)


def _sequence() -> bytes:
    bits = Bits().add((77, 8), (0, 8), (30, 8))
    # Numbers of 4 bits, an order of 8, one reference, fields and no macroblocks that choose.
    bits.codes(0, 0, 0, 4, 1).flags("0").codes(SIDE // 16 - 1, SIDE // 32 - 1).flags("0010")
    # 50 fields a second; nothing is reordered.
    bits.flags("100001").add((1, 32), (50, 32)).flags("100011").codes(0, 0, 10, 10, 0, 1)
    return unit(b"\x67", bits.flags("1").take())


def _parameters() -> bytes:
    bits = Bits().codes(0, 0).flags("00").codes(0, 0, 0).flags("000").codes(0, 0, 0)
    return unit(b"\x68", bits.flags("1001").take())


def _field(number: int, *, bottom: bool) -> bytes:
    place, first = number % _AGAIN, number % _AGAIN == 0 and not bottom
    bits = Bits().codes(0, 7, 0).add((place, 4), (1, 1), (bottom, 1))
    if first:
        bits.codes(0)
    bits.add((2 * place + bottom, 8)).flags("00" if first else "0").codes(0, 1)
    made = bytearray()
    for block in _blocks(2 * number + bottom):
        made += bits.codes(25).take() + block
    return unit(b"\x65" if first else b"\x21", bytes(made) + b"\x80")


def _blocks(field: int) -> Iterator[bytes]:
    """The macroblocks of a field of luma, with grey chroma."""
    luma = np.full((SIDE // 2, SIDE), 60, np.uint8)
    luma[8:24, field % 40 : field % 40 + 20] = 200
    for y in range(0, SIDE // 2, 16):
        for x in range(0, SIDE, 16):
            yield luma[y : y + 16, x : x + 16].tobytes() + bytes([128]) * 128
