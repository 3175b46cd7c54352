"""Every check of a result fails when that is what is broken, and passes when nothing is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.clips import clip, lavfi, make_clip, toolbox
from tests.media.plans import forced

from reelworks.errors import WrongResult
from reelworks.media.encode import encode
from reelworks.media.facts import Picture, Probe
from reelworks.media.plan import Plan
from reelworks.media.probe import probe
from reelworks.media.verify import Verified, verify

PICTURES = lavfi("testsrc2=size=192x108:rate=25:duration=2,format=yuv420p")
SOUND = ("-c:a", "aac")
X264 = ("-c:v", "libx264", "-preset", "ultrafast")


@dataclass(frozen=True)
class Case:
    source: Path
    probe: Probe
    plan: Plan
    result: Path


@cache
def case() -> Case:
    """A clip with sound and its faithful result."""
    source = clip(".mp4", *PICTURES, *lavfi("sine=duration=2"), *X264, *SOUND)
    found = probe(toolbox(), source, count=True)
    plan = forced(found, "a.mp4")
    result = source.with_name("result.mp4")
    encode(toolbox(), found, plan, source, result, lambda _: None)
    return Case(source, found, plan, result)


def checked(result: Path, *, frames: int = 50, **changes: Any) -> Verified:
    """Verify a result, with these things otherwise than they are in the source's picture."""
    found = replace(case().probe, picture=replace(case().probe.picture, **changes))
    return verify(toolbox(), case().source, found, case().plan, result, frames)


def remade(tmp_path: Path, *args: str, suffix: str = ".mp4") -> Path:
    """The result, made otherwise by FFmpeg."""
    return make_clip(tmp_path / f"wrong{suffix}", "-i", str(case().result), *args)


def test_a_faithful_result_passes() -> None:
    assert checked(case().result) == Verified(packets=50, decoded=50, exact=True)


def test_a_result_that_was_cut_short_fails(tmp_path: Path) -> None:
    broken = tmp_path / "cut.mp4"
    broken.write_bytes(case().result.read_bytes()[:-4000])
    with pytest.raises(WrongResult):
        checked(broken)


def test_a_result_without_a_beginning_fails(tmp_path: Path) -> None:
    broken = tmp_path / "cut.mp4"
    broken.write_bytes(case().result.read_bytes()[:100])
    with pytest.raises(WrongResult, match=r"no video|cannot be opened"):
        checked(broken)


def test_damaged_pictures_fail(tmp_path: Path) -> None:
    broken = tmp_path / "damaged.mp4"
    data = bytearray(case().result.read_bytes())
    start = data.index(b"mdat") + 3000
    data[start : start + 3000] = bytes(3000)
    broken.write_bytes(data)
    with pytest.raises(WrongResult):
        checked(broken)


def test_a_picture_too_few_fails() -> None:
    with pytest.raises(WrongResult, match="50 pictures in place of 51"):
        checked(case().result, frames=51)


def test_pictures_at_other_times_fail(tmp_path: Path) -> None:
    slow = remade(tmp_path, "-vf", "setpts=1.1*PTS", "-fps_mode", "passthrough", "-c:a", "copy")
    with pytest.raises(WrongResult, match="off its time"):
        checked(slow)


def test_a_missing_sound_track_fails(tmp_path: Path) -> None:
    with pytest.raises(WrongResult, match="0 sound tracks in place of 1"):
        checked(remade(tmp_path, "-c", "copy", "-an"))


def test_sound_that_ends_early_fails(tmp_path: Path) -> None:
    short = remade(tmp_path, "-c:v", "copy", "-af", "atrim=end=1")
    with pytest.raises(WrongResult, match="sound track of the result lasts"):
        checked(short)


def test_sound_that_is_shifted_fails(tmp_path: Path) -> None:
    args = ("-itsoffset", "0.5", "-i", str(case().result), "-map", "0:v", "-map", "1:a")
    with pytest.raises(WrongResult, match="shifted"):
        checked(remade(tmp_path, *args, "-c", "copy"))


def test_a_lost_subtitle_fails() -> None:
    from reelworks.media.keeping import Track

    plan = replace(case().plan, subtitles=(Track(index=9, codec="copy"),))
    with pytest.raises(WrongResult, match="0 subtitle tracks in place of 1"):
        verify(toolbox(), case().source, case().probe, plan, case().result, 50)


def test_another_size_fails(tmp_path: Path) -> None:
    with pytest.raises(WrongResult, match="width is 96"):
        checked(remade(tmp_path, "-vf", "scale=96:108,setsar=1", "-c:a", "copy"))


def test_a_turn_that_is_left_over_fails(tmp_path: Path) -> None:
    turned = make_clip(
        tmp_path / "turned.mp4", "-display_rotation", "-180", "-i", str(case().result), "-c", "copy"
    )
    with pytest.raises(WrongResult, match="rotation is 180"):
        checked(turned)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sample_aspect": Fraction(2)}, "pixel shape"),
        ({"range": "pc"}, "colour range"),
        ({"matrix": "bt2020nc"}, "colour matrix"),
        ({"primaries": "bt2020"}, "colour primaries"),
        ({"transfer": "smpte2084"}, "transfer function"),
        ({"hdr": {"content_light": {}}}, "HDR side data"),
    ],
)
def test_a_picture_that_should_be_otherwise_fails(change: dict[str, Any], words: str) -> None:
    with pytest.raises(WrongResult, match=words):
        checked(case().result, **change)


def test_fewer_bits_than_planned_fail() -> None:
    plan = replace(case().plan, pixel_format="yuv420p10le")
    with pytest.raises(WrongResult, match="bits of a component is 8 in place of 10"):
        verify(toolbox(), case().source, case().probe, plan, case().result, 50)


def test_a_result_without_video_fails(tmp_path: Path) -> None:
    with pytest.raises(WrongResult, match="no video"):
        checked(remade(tmp_path, "-vn", "-c", "copy"))


def test_of_a_long_result_only_spots_are_decoded() -> None:
    long = lavfi("testsrc2=size=64x48:rate=50:duration=20,format=yuv420p")
    source = clip(".mkv", *long, *X264)
    found = probe(toolbox(), source, count=True)
    verified = verify(toolbox(), source, found, forced(found, "a.mkv"), source, 1000)
    assert verified.packets == 1000
    assert 50 < verified.decoded < 600


def test_the_expected_pixel_shape_turns_with_the_picture() -> None:
    from reelworks.media.verify import expected_picture

    turned: Picture = replace(case().probe.picture, rotation=90, sample_aspect=Fraction(64, 45))
    assert expected_picture(turned, case().plan)["sample_aspect"] == "45/64"
