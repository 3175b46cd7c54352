"""What a probe says of clips whose making is known."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from tests.clips import clip, lavfi, make_clip, plain, toolbox
from tests.media.boxes import of_two_codecs
from tests.media.field_pictures import field_pictures

from reelworks.errors import NotAVideo
from reelworks.media.facts import Probe
from reelworks.media.formats.naming import container_name
from reelworks.media.probing import wire
from reelworks.media.probing.probe import probe

SECOND = lavfi("testsrc=size=320x240:rate=25:duration=1")


def probed(path: Path) -> Probe:
    return probe(toolbox(), path, count=True)


def test_tells_the_picture_and_the_streams_of_a_plain_clip() -> None:
    found = probed(plain())

    picture = found.picture
    assert (found.container, picture.codec) == ("mp4", "h264")
    assert (picture.width, picture.height) == (320, 240)
    assert (picture.pixel_format, picture.bit_depth, picture.alpha) == ("yuv444p", 8, False)
    assert picture.average_rate == 25
    assert picture.sample_aspect == 1
    assert [stream.kind for stream in found.streams] == ["video", "audio"]
    assert found.size_bytes == plain().stat().st_size


def test_counts_packets_only_when_asked() -> None:
    assert probe(toolbox(), plain(), count=False).timing is None

    timing = probed(plain()).timing

    assert timing is not None
    assert (timing.packets, timing.duration) == (25, Fraction(1))
    assert (timing.sound, timing.constant) == (True, True)


def test_tells_progress_while_it_counts() -> None:
    seen: list[int] = []

    probe(toolbox(), plain(), count=True, on_progress=seen.append)

    assert seen
    assert seen == sorted(seen)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_is_clockwise_as_ffmpeg_turns_the_picture(degrees: int, tmp_path: Path) -> None:
    anticlockwise = -degrees % 360
    turned = make_clip(
        tmp_path / "turned.mp4", "-display_rotation", str(anticlockwise), "-i", str(plain()),
        "-c", "copy",
    )  # fmt: skip
    # FFmpeg turns the picture for us here: what it makes is what a player shows.
    shown = make_clip(tmp_path / "shown.mp4", "-i", str(turned), "-an")

    found, as_shown = probed(turned).picture, probed(shown).picture

    assert found.rotation == degrees
    assert as_shown.rotation == 0
    assert found.displayed_size == (as_shown.width, as_shown.height)


@pytest.mark.parametrize(
    ("suffix", "arguments", "name"),
    [
        (".mov", ["-c:v", "libx264"], "mov"),
        (".mp4", ["-c:v", "libx264"], "mp4"),
        (".3gp", ["-c:v", "mpeg4"], "3gp"),
        (".mkv", ["-c:v", "libx264"], "matroska"),
        (".webm", ["-c:v", "libvpx", "-deadline", "realtime"], "webm"),
        (".avi", ["-c:v", "mpeg4"], "avi"),
        (".ts", ["-c:v", "libx264"], "mpegts"),
        (".mpg", ["-c:v", "mpeg2video"], "mpeg"),
        (".flv", ["-c:v", "libx264"], "flv"),
        (".wmv", ["-c:v", "wmv2"], "asf"),
        (".ogv", ["-c:v", "libtheora"], "ogg"),
        (".gif", [], "gif"),
        (".y4m", ["-pix_fmt", "yuv420p"], "yuv4mpegpipe"),
        (".h264", ["-c:v", "libx264"], "h264"),
    ],
)
def test_names_the_container_shortly(suffix: str, arguments: list[str], name: str) -> None:
    found = probed(clip(suffix, *SECOND, *arguments))

    assert found.container == name
    assert found.timing is not None
    assert found.timing.packets == 25
    assert abs(float(found.timing.duration) - 1) < 0.05


@pytest.mark.parametrize(
    ("brand", "name"),
    [
        ("qt  ", "mov"),
        ("isom", "mp4"),
        ("M4V ", "mp4"),
        ("3gp4", "3gp"),
        ("3g2a", "3g2"),
        (None, "mov"),
    ],
)
def test_names_iso_files_by_their_brand(brand: str | None, name: str) -> None:
    assert container_name("mov,mp4,m4a,3gp,3g2,mj2", brand, b"") == name


def test_varying_spacing_is_not_constant() -> None:
    drop_every_fifth = "select=not(eq(mod(n\\,5)\\,1))"
    found = probed(clip(".mp4", *SECOND, "-vf", drop_every_fifth, "-fps_mode", "vfr"))

    assert found.timing is not None
    assert (found.timing.packets, found.timing.sound, found.timing.constant) == (20, True, False)


@pytest.mark.parametrize(
    ("starts", "seconds"),
    [((0, 3), 4), ((0, 40), 2), ((0, 0), 2), ((0, 0.5), 2), ((2, 0), 2), ((0, 5000, 0), 3)],
    ids=[
        "a gap",
        "a jump",
        "the same again",
        "an overlap",
        "the older part last",
        "there and back",
    ],
)
def test_a_clock_that_jumps_where_a_recording_was_cut_adds_no_time(
    starts: tuple[float, ...], seconds: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.ts"
    path.write_bytes(b"".join(part(start) for start in starts))
    found = probed(path)
    assert found.timing is not None
    assert found.timing.packets == 25 * len(starts)
    assert abs(found.timing.duration - seconds) < Fraction(1, 20)
    assert abs(found.duration - seconds) < Fraction(len(starts), 20)
    assert found.timing.early == 0


@pytest.mark.parametrize(
    ("suffix", "codecs"),
    [
        (".mkv", ("-c:v", "libx264", "-c:a", "aac")),
        (".webm", ("-c:v", "libvpx", "-c:a", "libopus")),
        (".ogv", ("-c:v", "libtheora", "-c:a", "libvorbis")),
    ],
)
def test_files_that_were_put_one_behind_the_other_have_the_length_of_all(
    suffix: str, codecs: tuple[str, ...], tmp_path: Path
) -> None:
    pictures, sound = lavfi("testsrc=size=64x48:rate=25:duration=2"), lavfi("sine=duration=2")
    one = clip(suffix, *pictures, *sound, *codecs)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(2 * one.read_bytes())
    alone, found = probed(one), probed(path)
    assert alone.timing is not None
    assert found.timing is not None
    assert (alone.timing.joined, found.timing.joined) == (False, True)
    assert found.timing.packets >= 100
    assert abs(found.duration - 2 * alone.duration) < Fraction(1, 5)


def test_a_stream_that_becomes_another_on_the_way_is_named(tmp_path: Path) -> None:
    pictures = lavfi("testsrc=size=64x48:rate=25:duration=1")
    path = tmp_path / "a.ts"
    parts = (clip(".ts", *pictures, "-c:v", codec) for codec in ("mpeg2video", "libx264"))
    path.write_bytes(b"".join(one.read_bytes() for one in parts))
    assert [stream.changing for stream in probed(path).streams] == [True]


def test_a_track_of_several_codecs_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(of_two_codecs(plain()))
    assert [stream.changing for stream in probed(plain()).streams] == [False, False]
    assert [stream.changing for stream in probed(path).streams] == [True, False]


def part(start: float) -> bytes:
    """A second of a transport stream that begins at a time."""
    pictures = lavfi("testsrc=size=64x48:rate=25:duration=1")
    args = ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2", "-output_ts_offset", str(start))
    return clip(".ts", *pictures, *lavfi("sine=duration=1"), *args).read_bytes()


def test_pictures_that_come_slowly_are_no_cuts() -> None:
    slides = lavfi("testsrc=size=64x48:rate=1/20:duration=100")
    found = probed(clip(".ts", *slides, "-c:v", "libx264", "-bf", "0"))
    assert found.timing is not None
    assert found.timing.sparse
    assert found.timing.duration > 80


def test_a_raw_stream_has_no_times_but_the_rate_in_its_own_header() -> None:
    film = lavfi("testsrc=size=320x240:rate=24000/1001:duration=1")
    found = probed(clip(".h264", *film, "-c:v", "libx264"))

    assert found.timing is not None
    assert not found.timing.sound
    assert found.picture.average_rate == Fraction(24000, 1001)


def test_bad_guesses_at_a_raw_streams_times_are_not_believed() -> None:
    # Without reordered pictures, libav leaves a gap behind the first one.
    found = probed(clip(".m1v", *SECOND, "-c:v", "mpeg1video"))

    assert found.timing is not None
    assert not found.timing.sound
    assert (found.duration, found.picture.average_rate) == (1, 25)


def test_times_of_decoding_are_not_taken_for_those_of_showing(tmp_path: Path) -> None:
    reordered = clip(".mxf", *SECOND, "-c:v", "libx264", "-bf", "2")
    every_key = ("-bf", "2", "-force_key_frames", "expr:1")
    in_order = clip(".mp4", *SECOND, "-c:v", "libx264", "-preset", "ultrafast", *every_key)

    for path, decoding in ((reordered, True), (in_order, False)):
        timing = probed(path).timing
        assert timing is not None
        assert (timing.decoding, timing.sound) == (decoding, not decoding)


@pytest.mark.parametrize("suffix", [".h264", ".ts", ".mp4", ".mkv"])
def test_two_fields_in_packets_of_their_own_are_one_picture(suffix: str, tmp_path: Path) -> None:
    stream = tmp_path / "fields.h264"
    stream.write_bytes(field_pictures(30))
    path = make_clip(tmp_path / f"a{suffix}", "-framerate", "25", "-i", str(stream), "-c", "copy")
    found = probed(path)
    timing = found.timing
    assert timing is not None
    assert (timing.packets, timing.pictures, timing.duration) == (60, 30, Fraction(30, 25))
    assert found.picture.average_rate == 25


def test_whole_pictures_of_woven_fields_are_counted_as_such() -> None:
    film = lavfi("testsrc=size=320x240:rate=50:duration=2,interlace")
    timing = probed(clip(".ts", *film, "-c:v", "libx264", "-flags", "+ilme+ildct")).timing
    assert timing is not None
    assert timing.packets == timing.pictures == 50


def test_a_header_that_lies_about_the_duration_is_not_believed(tmp_path: Path) -> None:
    # A live recording's header was written before anybody knew how long it would be.
    live = make_clip(tmp_path / "live.mkv", *SECOND, "-c:v", "libx264", "-live", "1")

    assert probed(live).duration == 1


def test_what_an_edit_list_cuts_away_is_not_counted(tmp_path: Path) -> None:
    long = clip(".mp4", *lavfi("testsrc=size=320x240:rate=25:duration=2"), "-g", "50", "-bf", "0")
    cut = make_clip(tmp_path / "cut.mp4", "-ss", "1", "-i", str(long), "-c", "copy")

    found = probed(cut)

    assert found.timing is not None
    assert found.timing.packets == 25
    assert found.picture.index == 0


def test_odd_sizes_ten_bits_sample_aspect_and_colour_tags() -> None:
    tags = "color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    found = probed(
        clip(".mkv", *lavfi("testsrc=size=161x121:duration=0.2"), "-vf",
             f"setsar=4/3,format=yuv444p10le,setparams={tags}", "-c:v", "libx264")
    ).picture  # fmt: skip

    assert (found.width, found.height, found.bit_depth) == (161, 121, 10)
    assert found.sample_aspect == Fraction(4, 3)
    assert (found.matrix, found.range) == ("bt2020nc", "tv")
    assert (found.primaries, found.transfer, found.is_hdr) == ("bt2020", "smpte2084", True)


def test_hdr_mastering_data_comes_with_the_first_picture() -> None:
    mastering = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    hdr = f"log-level=none:hdr10=1:master-display={mastering}:max-cll=1000,400"
    found = probed(
        clip(".mkv", *lavfi("testsrc=size=320x240:duration=0.2"), "-pix_fmt", "yuv420p10le",
             "-c:v", "libx265", "-x265-params", hdr)
    )  # fmt: skip

    display = found.picture.hdr["mastering_display"]
    assert Fraction(display["red_x"]) == Fraction(34000, 50000)
    assert Fraction(display["max_luminance"]) == 1000
    assert found.picture.hdr["content_light"] == {"max_content": 1000, "max_average": 400}
    kinds = [data["side_data_type"] for data in found.raw["streams"][0]["side_data_list"]]
    assert kinds == ["Mastering display metadata", "Content light level metadata"]


def test_alpha_is_seen_in_pixels_and_beside_them() -> None:
    see_through = lavfi("color=red@0.5:size=64x64:duration=0.2,format=yuva420p")

    beside = clip(".webm", *see_through, "-c:v", "libvpx-vp9")
    within = clip(".mov", *see_through, "-c:v", "prores_ks", "-pix_fmt", "yuva444p10le")
    layer = clip(".mov", *see_through, "-c:v", "libx265", "-x265-params", "alpha=1")
    none = clip(".mov", *see_through, "-c:v", "libx265", "-pix_fmt", "yuv420p")

    assert probed(beside).picture.alpha
    assert probed(layer).picture.alpha
    assert not probed(none).picture.alpha
    assert probed(within).picture.alpha


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9", "libsvtav1"])
def test_what_browsers_record_is_not_transparent_for_saying_so(codec: str) -> None:
    said = clip(
        ".webm",
        *lavfi("color=red:size=64x64:duration=0.2"),
        *("-c:v", codec, "-pix_fmt", "yuv420p", "-metadata:s:v:0", "alpha_mode=1"),
    )
    with av.open(str(said)) as container:
        assert ("ALPHA_MODE", "1") in container.streams.video[0].metadata.items()
    assert not probed(said).picture.alpha


def test_the_default_video_stream_is_the_main_one(tmp_path: Path) -> None:
    two = make_clip(
        tmp_path / "two.mkv", *SECOND, *lavfi("testsrc=size=64x64:rate=10:duration=1"),
        "-map", "0", "-map", "1", "-disposition:v:0", "0", "-disposition:v:1", "default",
    )  # fmt: skip

    assert probed(two).picture.index == 1


def test_a_cover_is_listed_but_is_not_the_main_stream(tmp_path: Path) -> None:
    cover = make_clip(tmp_path / "cover.png", *lavfi("color=red:size=64x64"), "-frames:v", "1")
    film = make_clip(
        tmp_path / "film.mp4", "-i", str(cover), "-i", str(plain()),
        "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic",
    )  # fmt: skip

    found = probed(film)

    assert found.streams[found.picture.index].codec == "h264"
    assert [s.attached_picture for s in found.streams if s.kind == "video"].count(True) == 1
    assert len(found.of_kind("video")) == 1
    assert found.duration < 2


def test_languages_subtitles_chapters_and_tags(tmp_path: Path) -> None:
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    (tmp_path / "chapters.txt").write_text(
        ";FFMETADATA1\ntitle=A film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=Start\n"
    )
    film = make_clip(
        tmp_path / "film.mkv", "-i", str(plain()), "-i", str(tmp_path / "words.srt"),
        "-i", str(tmp_path / "chapters.txt"), "-map", "0", "-map", "1", "-map_metadata", "2",
        "-c", "copy", "-metadata:s:a:0", "language=deu",
    )  # fmt: skip

    found = probed(film)

    assert found.of_kind("audio")[0].language == "deu"
    assert [(s.codec, s.text) for s in found.of_kind("subtitle")] == [("subrip", True)]
    assert found.raw["chapters"][0]["tags"] == {"title": "Start"}
    assert found.raw["chapters"][0]["end_time"] == "0.500000"
    assert found.raw["format"]["tags"]["title"] == "A film"


def test_raw_has_ffprobes_shape_without_an_ffprobe() -> None:
    raw = probed(plain()).raw

    video, audio = raw["streams"]
    assert set(raw) == {"streams", "chapters", "format"}
    assert (video["codec_name"], video["codec_type"]) == ("h264", "video")
    assert video["codec_tag_string"] == "avc1"
    assert (video["r_frame_rate"], video["avg_frame_rate"]) == ("25/1", "25/1")
    assert (video["duration"], video["nb_frames"]) == ("1.000000", "25")
    assert (video["disposition"]["default"], video["disposition"]["attached_pic"]) == (1, 0)
    assert (audio["sample_rate"], audio["channels"]) == ("44100", 1)
    assert raw["format"]["format_name"] == "mov,mp4,m4a,3gp,3g2,mj2"
    assert raw["format"]["size"] == str(plain().stat().st_size)


def test_strange_names_are_only_names(tmp_path: Path) -> None:
    strange = tmp_path / "concat:a|b – ünï;$(x) 日本 %d.mp4"
    strange.write_bytes(plain().read_bytes())

    assert probed(strange).container == "mp4"


def test_tags_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    tagged = make_clip(
        tmp_path / "a.mkv", "-i", str(plain()), "-c", "copy", "-metadata", "title=QQQQ"
    )
    tagged.write_bytes(tagged.read_bytes().replace(b"QQQQ", b"\xff\xfe\xfd\xfc"))

    assert "�" in probed(tagged).raw["format"]["tags"]["title"]


def test_a_probe_survives_its_way_through_json() -> None:
    found = probed(plain())

    assert wire.unpack(wire.pack(found)) == found


def test_no_video_is_an_error_of_its_own_kind_across_processes() -> None:
    with pytest.raises(NotAVideo):
        probed(clip(".m4a", *lavfi("sine=duration=0.2")))
