"""Ogg files with Speex, which no encoder here makes: a second of silence beside a film's pictures.

Pages are those of RFC 3533, headers those of the Speex manual, chapter 7.
"""

from __future__ import annotations

import struct

from tests.media.checksums import crc32

_RATE, _FRAME = 8000, 160
_SILENCE = b"\x03\xc0"
"""A narrowband frame of mode 0, and the end of the packet."""

_SERIAL = 0x5EEC4
_BEGIN, _END = 2, 4


def with_speech(film: bytes) -> bytes:
    """An Ogg file and a track of speech for one speaker."""
    names = struct.pack("<8s20s", b"Speex   ", b"1.2")
    sizes = (1, 80, _RATE, 0, 4, 1, -1, _FRAME, 0, 1, 0, 0, 0)
    header = names + struct.pack("<13i", *sizes)
    comments = struct.pack("<II", 0, 0)
    frames = [_SILENCE] * (_RATE // _FRAME)
    opening = _page([header], 0, 0, _BEGIN)
    rest = _page([comments], 0, 1, 0) + _page(frames, _RATE, 2, _END)
    first = _length(film)
    return film[:first] + opening + film[first:] + rest


def _length(pages: bytes) -> int:
    """Of the first page."""
    segments = pages[27 : 27 + pages[26]]
    return 27 + len(segments) + sum(segments)


def _page(packets: list[bytes], position: int, number: int, kind: int) -> bytes:
    table = bytes(len(packet) for packet in packets)
    head = struct.pack("<4sBBqIII", b"OggS", 0, kind, position, _SERIAL, number, 0)
    page = head + bytes([len(table)]) + table + b"".join(packets)
    return page[:22] + struct.pack("<I", crc32(page, 0)) + page[26:]
