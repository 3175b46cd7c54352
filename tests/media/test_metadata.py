"""The metadata has exactly the keys and types that the API promises."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.clips import clip, lavfi, make_clip, plain, toolbox
from tests.media.field_pictures import field_pictures

from reelworks.errors import NotAVideo
from reelworks.media.facts import Probe, Timing
from reelworks.media.inspect import inspect
from reelworks.media.measuring.measure import Measurement, measure
from reelworks.media.measuring.metadata import bit_rate, describe, frame_rate
from reelworks.media.probing.probe import probe


@cache
def known() -> tuple[Probe, Measurement]:
    found = probe(toolbox(), plain(), count=True)
    return found, measure(toolbox(), plain(), found, lambda _: None)


def described(**changes: Any) -> dict[str, Any]:
    found, measurement = known()
    arguments: dict[str, Any] = {
        "file_id": "an-id",
        "filename": "Ferien – été.mp4",
        "size_bytes": 1000,
        "sha256": "ab" * 32,
        "probe": found,
        "measurement": measurement,
        "enhancement": None,
    }
    return describe(**arguments | changes)


def test_has_the_contracts_keys_and_types() -> None:
    found = described()

    assert {key: type(value) for key, value in found.items()} == {
        "file_id": str,
        "filename": str,
        "format": str,
        "resolution": dict,
        "fps": float,
        "frame_count": int,
        "duration_seconds": int,
        "file_size_bytes": int,
        "bit_rate": str,
        "color_profile": dict,
        "advanced": dict,
    }
    assert found["resolution"] == {"width": 320, "height": 240}
    histograms, colour = (
        found["color_profile"]["histograms"],
        found["color_profile"]["average_color"],
    )
    assert set(histograms) == set(colour) == {"b", "g", "r"}
    assert all(len(shares) == 256 for shares in histograms.values())
    assert all(isinstance(share, float) for shares in histograms.values() for share in shares)
    assert all(type(level) is int for level in colour.values())
    json.dumps(found, allow_nan=False)


def test_says_what_the_clip_is() -> None:
    found = described()

    assert (found["format"], found["fps"], found["frame_count"]) == ("mp4", 25.0, 25)
    assert (found["duration_seconds"], found["file_size_bytes"]) == (1, 1000)
    assert found["bit_rate"].isdigit()


def test_advanced_names_the_upload_not_where_it_lies() -> None:
    text = json.dumps(described(), ensure_ascii=False)

    assert described()["advanced"]["format"]["filename"] == "Ferien – été.mp4"
    assert str(plain().parent) not in text
    assert plain().name not in text


def test_advanced_holds_the_rest() -> None:
    advanced = described(enhancement={"filters": []})["advanced"]

    assert {"format", "streams", "chapters"} <= set(advanced)
    assert advanced["sha256"] == "ab" * 32
    assert advanced["enhancement"] == {"filters": []}
    assert (advanced["rotation"], advanced["sample_aspect_ratio"]) == (0, "1:1")
    assert advanced["damaged"] is None
    assert float(advanced["duration"]) == pytest.approx(float(known()[0].duration), abs=1e-6)


def test_resolution_is_as_displayed(tmp_path: Path) -> None:
    turned = make_clip(
        tmp_path / "turned.mp4", "-display_rotation", "90", "-i", str(plain()), "-c", "copy"
    )

    found = described(probe=probe(toolbox(), turned, count=True))

    assert found["resolution"] == {"width": 240, "height": 320}
    assert found["advanced"]["rotation"] == 270


def with_timing(**changes: Any) -> Probe:
    timing = Timing(
        packets=100, duration=Fraction(4), sound=True, constant=True, usual=Fraction(1, 25)
    )
    declared = changes.pop("declared", Fraction(25))
    found = known()[0]
    picture = replace(found.picture, average_rate=declared)
    return replace(found, picture=picture, timing=replace(timing, **changes))


def test_rounded_times_snap_to_the_declared_rate() -> None:
    ntsc = Fraction(30000, 1001)
    rounded = with_timing(declared=ntsc, packets=120, duration=Fraction(4003, 1000))

    assert frame_rate(rounded, 120) == ntsc


def test_a_rate_that_the_header_invents_is_counted_instead() -> None:
    assert frame_rate(with_timing(declared=Fraction(1000)), 100) == 25


def test_a_picture_that_does_not_decode_leaves_the_rate() -> None:
    assert frame_rate(with_timing(), 90) == 25


def test_a_recording_that_begins_between_keyframes_keeps_its_rate() -> None:
    assert frame_rate(with_timing(duration=Fraction(101, 25), constant=False), 87) == 25


def test_a_steady_film_keeps_its_rate_where_a_few_pictures_are_missing() -> None:
    few, many = Fraction(104, 25), Fraction(105, 25)
    assert frame_rate(with_timing(duration=few, constant=False), 100) == 25
    assert frame_rate(with_timing(duration=many, constant=False), 100) == Fraction(2500, 105)


def test_fields_in_packets_of_their_own_are_no_frames() -> None:
    assert frame_rate(with_timing(packets=200), 100) == 25


def test_one_frame_has_the_declared_rate_or_none() -> None:
    alone = with_timing(packets=1, duration=Fraction(0), declared=None)

    assert frame_rate(alone, 1) == 0
    assert frame_rate(with_timing(packets=1, duration=Fraction(0)), 1) == 25


def test_bit_rate_is_digits() -> None:
    assert bit_rate(1000, Fraction(2)) == "4000"
    assert bit_rate(1000, Fraction(3)) == "2667"
    assert bit_rate(1000, Fraction(0)) == "0"


def test_damage_is_told_where_ffmpeg_complained() -> None:
    measurement = replace(known()[1], frame_count=90, complaints="error while decoding")

    lost = described(probe=with_timing(), measurement=measurement)
    merged = described(probe=with_timing(), measurement=replace(measurement, complaints=""))

    assert lost["advanced"]["damaged"] == {"packets": 100, "decoded": 90}
    assert merged["advanced"]["damaged"] is None


def test_fields_in_packets_of_their_own_are_no_damage() -> None:
    complained = replace(known()[1], frame_count=100, complaints="error while decoding")
    found = described(probe=with_timing(packets=200, fields=True), measurement=complained)

    assert found["advanced"]["damaged"] is None


def test_inspect_does_it_all_for_one_file() -> None:
    seen: list[float] = []

    found = inspect(toolbox(), plain(), seen.append)

    assert (found["file_id"], found["filename"], found["frame_count"]) == ("", plain().name, 25)
    assert len(found["advanced"]["sha256"]) == 64
    assert seen[-1] == 1.0


def test_inspect_tells_the_rate_of_a_recording_that_begins_between_keyframes(
    tmp_path: Path,
) -> None:
    film = lavfi("testsrc2=size=320x240:rate=25:duration=6,noise=alls=20:allf=t")
    whole = clip(".ts", *film, "-c:v", "libx264", "-g", "20").read_bytes()
    source = tmp_path / "a.ts"
    source.write_bytes(whole[len(whole) // 188 // 3 * 188 :])

    found = inspect(toolbox(), source, lambda _: None)

    assert (found["fps"], found["advanced"]["video"]["constant_frame_rate"]) == (25.0, False)
    assert found["frame_count"] < found["advanced"]["video"]["packets"]


def test_inspect_tells_the_rate_of_a_raw_stream_whose_last_packet_holds_no_picture(
    tmp_path: Path,
) -> None:
    film = lavfi("testsrc2=size=320x240:rate=24000/1001:duration=2")
    begun_slice = b"\0\0\0\1\x41\x9a"
    source = tmp_path / "a.h264"
    source.write_bytes(clip(".h264", *film, "-c:v", "libx264").read_bytes() + begun_slice)

    found = inspect(toolbox(), source, lambda _: None)

    assert (found["frame_count"], found["advanced"]["video"]["packets"]) == (48, 49)
    assert found["fps"] == 24000 / 1001


def test_inspect_tells_the_rate_where_most_packets_have_no_time() -> None:
    film = lavfi("color=blue:size=1280x720:rate=60:duration=3")

    found = inspect(toolbox(), clip(".mpg", *film, "-c:v", "libx264"), lambda _: None)

    assert (found["frame_count"], found["fps"], found["duration_seconds"]) == (180, 60.0, 3)


def test_progress_of_fields_in_packets_of_their_own_is_that_of_pictures(tmp_path: Path) -> None:
    source = tmp_path / "fields.h264"
    source.write_bytes(field_pictures(30))
    seen: list[float] = []

    found = inspect(toolbox(), source, seen.append)

    assert (found["fps"], found["frame_count"], seen[-1]) == (25.0, 30, 1.0)


def test_inspect_refuses_what_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")

    with pytest.raises(NotAVideo):
        inspect(toolbox(), tmp_path / "a.txt", lambda _: None)
