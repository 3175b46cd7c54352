"""Writes what H.264 and HEVC are made of, bit by bit."""

from __future__ import annotations


class Bits:
    """Bits that are put one after another."""

    def __init__(self) -> None:
        self._bits = ""

    def add(self, *numbers: tuple[int, int]) -> Bits:
        """Numbers of so many bits."""
        self._bits += "".join(f"{number:0{width}b}" for number, width in numbers)
        return self

    def codes(self, *numbers: int) -> Bits:
        """Exponential-Golomb codes."""
        for number in numbers:
            digits = f"{number + 1:b}"
            self._bits += "0" * (len(digits) - 1) + digits
        return self

    def flags(self, flags: str) -> Bits:
        """Bits as they stand."""
        self._bits += flags
        return self

    def take(self) -> bytes:
        """What there is, filled up with zeros to a whole byte."""
        bits = self._bits + "0" * (-len(self._bits) % 8)
        self._bits = ""
        return int(bits, 2).to_bytes(len(bits) // 8, "big")


def unit(head: bytes, content: bytes) -> bytes:
    """A unit of a raw stream, no part of which can be taken for the start of another one."""
    safe = bytearray()
    for byte in content:
        if safe[-2:] == b"\0\0" and byte <= 3:
            safe.append(3)
        safe.append(byte)
    return b"\0\0\0\1" + head + bytes(safe)
