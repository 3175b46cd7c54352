"""Programmes of transport streams are told apart by their own tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.clips import clip, lavfi, make_clip

from reelworks.media.formats.programmes import changing, strangers

PICTURES = lavfi("color=size=64x64:duration=0.4")
MANY = 60
"""Streams of a programme whose table takes more than a packet."""


def two_programmes(path: Path, count: int = 2) -> bytes:
    """A stream whose first programme has one video, the second one all others."""
    maps = ["-map", "0"] * count
    second = ":".join(f"st={number}" for number in range(1, count))
    programmes = ("-program", "program_num=1:st=0", "-program", f"program_num=2:{second}")
    mpeg = ("-c:v", "mpeg2video", *programmes, "-mpegts_start_pid", "256")
    return make_clip(path, *PICTURES, *maps, *mpeg).read_bytes()


def test_streams_of_other_programmes_are_strangers(tmp_path: Path) -> None:
    head = two_programmes(tmp_path / "a.ts", 3)
    assert strangers(head, 256) == {257, 258}
    assert strangers(head, 258) == {256}


def test_packets_may_have_time_codes(tmp_path: Path) -> None:
    head = two_programmes(tmp_path / "a.ts")
    camera = b"".join(bytes(4) + head[at : at + 188] for at in range(0, len(head), 188))
    assert strangers(camera, 256) == {257}


def test_a_table_may_be_longer_than_a_packet(tmp_path: Path) -> None:
    assert len(strangers(two_programmes(tmp_path / "a.ts", MANY), 256)) == MANY - 1


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("mpeg2video", "aac"), ("libx264", "aac"), {256}),
        (("mpeg2video", "aac"), ("mpeg2video", "ac3"), {257}),
        (("mpeg2video", "mp2"), ("mpeg1video", "mp2"), set()),
    ],
)
def test_streams_that_become_others_on_the_way_are_seen(
    first: tuple[str, str], second: tuple[str, str], expected: set[int]
) -> None:
    one, other = (film(*codecs) for codecs in (first, second))
    assert changing([one + other]) == expected
    assert changing([one, other]) == expected
    assert changing([one, one]) == set()


def test_a_table_that_is_damaged_once_changes_nothing() -> None:
    data = bytearray(film("mpeg2video", "mp2"))
    table = data.find(b"\x02\xe1\x00\xf0\x00")  # MPEG-2's pictures, in the stream 256
    assert table > 0
    data[table] = 0x1B
    assert changing([bytes(data)]) == frozenset()


def film(pictures: str, sound: str) -> bytes:
    """A stream of pictures, 256, and of sound, 257."""
    moving = lavfi("testsrc=size=64x64:rate=25:duration=1")
    args = ("-c:v", pictures, "-c:a", sound, "-pat_period", "0.1")
    return clip(".ts", *moving, *lavfi("sine=duration=1"), *args).read_bytes()


@pytest.mark.parametrize("head", [b"", b"G", b"G" * 4000, bytes(4000)])
def test_what_tells_of_no_programmes_has_no_strangers(head: bytes) -> None:
    assert strangers(head, 256) == frozenset()
