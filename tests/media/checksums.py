"""The checksum that Ogg's pages and Dolby Vision's data have."""

from __future__ import annotations


def crc32(data: bytes, value: int) -> int:
    """CRC-32 with the polynomial 04C11DB7, not reflected, begun with a value."""
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x104C11DB7 if value & 0x80000000 else 0)
    return value
