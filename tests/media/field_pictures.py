"""Writes H.264 whose fields are pictures of their own, as cameras and broadcasters make it (PAFF).

No encoder at hand does. Each macroblock is stored as it is (I_PCM), so that headers are all there
is to it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

SIDE = 64
"""Width and height of a picture."""

_AGAIN = 8
"""Every so many pictures there is one to begin from."""


class _Bits:
    def __init__(self) -> None:
        self._bits = ""

    def add(self, *numbers: tuple[int, int]) -> _Bits:
        """Numbers of so many bits."""
        self._bits += "".join(f"{number:0{width}b}" for number, width in numbers)
        return self

    def codes(self, *numbers: int) -> _Bits:
        """Exponential-Golomb codes."""
        for number in numbers:
            digits = f"{number + 1:b}"
            self._bits += "0" * (len(digits) - 1) + digits
        return self

    def flags(self, flags: str) -> _Bits:
        self._bits += flags
        return self

    def take(self) -> bytes:
        """What there is, filled up with zeros to a whole byte."""
        bits = self._bits + "0" * (-len(self._bits) % 8)
        self._bits = ""
        return int(bits, 2).to_bytes(len(bits) // 8, "big")


def field_pictures(count: int) -> bytes:
    """A stream of ``count`` pictures at 25 a second, a bright block moving over them."""
    return b"".join(_pictures(count))


def _pictures(count: int) -> Iterator[bytes]:
    for number in range(count):
        if number % _AGAIN == 0:
            yield _sequence() + _parameters()
        yield _field(number, bottom=False) + _field(number, bottom=True)


def _unit(kind: int, content: bytes) -> bytes:
    safe = bytearray()
    for byte in content:
        if safe[-2:] == b"\0\0" and byte <= 3:
            safe.append(3)
        safe.append(byte)
    return b"\0\0\0\1" + bytes([kind]) + bytes(safe)


def _sequence() -> bytes:
    bits = _Bits().add((77, 8), (0, 8), (30, 8))
    # Numbers of 4 bits, an order of 8, one reference, fields and no macroblocks that choose.
    bits.codes(0, 0, 0, 4, 1).flags("0").codes(SIDE // 16 - 1, SIDE // 32 - 1).flags("0010")
    # 50 fields a second; nothing is reordered.
    bits.flags("100001").add((1, 32), (50, 32)).flags("100011").codes(0, 0, 10, 10, 0, 1)
    return _unit(0x67, bits.flags("1").take())


def _parameters() -> bytes:
    bits = _Bits().codes(0, 0).flags("00").codes(0, 0, 0).flags("000").codes(0, 0, 0)
    return _unit(0x68, bits.flags("1001").take())


def _field(number: int, *, bottom: bool) -> bytes:
    place, first = number % _AGAIN, number % _AGAIN == 0 and not bottom
    bits = _Bits().codes(0, 7, 0).add((place, 4), (1, 1), (bottom, 1))
    if first:
        bits.codes(0)
    bits.add((2 * place + bottom, 8)).flags("00" if first else "0").codes(0, 1)
    made = bytearray()
    for block in _blocks(2 * number + bottom):
        made += bits.codes(25).take() + block
    return _unit(0x65 if first else 0x21, bytes(made) + b"\x80")


def _blocks(field: int) -> Iterator[bytes]:
    """The macroblocks of a field of luma, with grey chroma."""
    luma = np.full((SIDE // 2, SIDE), 60, np.uint8)
    luma[8:24, field % 40 : field % 40 + 20] = 200
    for y in range(0, SIDE // 2, 16):
        for x in range(0, SIDE, 16):
            yield luma[y : y + 16, x : x + 16].tobytes() + bytes([128]) * 128
