"""MP4 files with boxes that FFmpeg does not write."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.clips import make_clip

SAMPLES = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1")
"""The way to the box that describes the pictures."""


def with_box(data: bytes, path: tuple[bytes, ...], box: bytes) -> bytes:
    """An MP4 with one more box at the end of the one at ``path``."""
    made, start, parents = bytearray(data), 0, []
    for name in path:
        while made[start + 4 : start + 8] != name:
            start += int.from_bytes(made[start : start + 4])
        parents.append(start)
        start += 8 + {b"stsd": 8, b"avc1": 78, b"hvc1": 78}.get(name, 0)
    end = parents[-1] + int.from_bytes(made[parents[-1] : parents[-1] + 4])
    made[end:end] = box
    for parent in parents:
        size = int.from_bytes(made[parent : parent + 4]) + len(box)
        made[parent : parent + 4] = size.to_bytes(4)
    return bytes(made)


def box(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4) + name + content


def of_two_codecs(film: Path) -> bytes:
    """An MP4 film of H.264, of which the last pictures are said to be of another codec."""
    other = box(b"mp4v", bytes(78))
    data = bytearray(with_box(film.read_bytes(), SAMPLES[:-1], other))
    kinds, chunks = data.index(b"stsd"), data.index(b"stsc")
    last = chunks + 8 + 12 * int.from_bytes(data[chunks + 8 : chunks + 12])
    data[kinds + 8 : kinds + 12] = (2).to_bytes(4)
    data[last : last + 4] = (2).to_bytes(4)
    return bytes(data)


def cropped(film: Path, width: int, height: int, target: Path) -> Path:
    """An MP4 film of H.264 whose container lets players show so much of its middle alone."""
    aperture = struct.pack(">8i", width, 1, height, 1, 0, 1, 0, 1)
    inside = target.with_name("clean_aperture.mp4")
    inside.write_bytes(with_box(film.read_bytes(), SAMPLES, box(b"clap", aperture)))
    # FFmpeg writes the same as other containers say it.
    return make_clip(target, "-i", str(inside), "-c", "copy")


def without_last_half_of_sound(film: Path) -> bytes:
    """An MP4 film as it is when a part of its sound is cut off: the index tells where that should
    be, and the file has ended before."""
    data = bytearray(film.read_bytes())
    at = data.index(b"stco", data.index(b"soun")) + 8
    count = int.from_bytes(data[at : at + 4])
    for place in range(at + 4 + count // 2 * 4, at + 4 + count * 4, 4):
        data[place : place + 4] = (2 * len(data)).to_bytes(4)
    return bytes(data)
