"""Everything but the damage survives an encoding: made clips are enhanced and looked at again."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.sidedata.sidedata import Type
from tests.clips import both_eyes, clip, lavfi, make_clip, toolbox
from tests.media.boxes import SAMPLES, box, cropped, with_box, without_last_half_of_sound
from tests.media.dolby_vision import with_dolby_vision
from tests.media.edit_lists import with_edits
from tests.media.field_pictures import field_pictures
from tests.media.plans import forced
from tests.media.scenes import FINE, PAN, film
from tests.media.speech import with_speech

from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Plan
from reelworks.media.encoding.encode import encode
from reelworks.media.enhance import decide, enhance_to
from reelworks.media.facts import Probe
from reelworks.media.probing.check import check
from reelworks.media.probing.probe import probe
from reelworks.media.probing.side_data import side_data
from reelworks.media.verifying.verify import verify

NOISY = "noise=alls=24:allf=t:all_seed=3"
PICTURES = lavfi(f"testsrc2=size=192x108:rate=25:duration=1,format=yuv420p,{NOISY}")
SOUND = lavfi("sine=frequency=440:duration=1")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8")


@dataclass(frozen=True)
class Done:
    """A clip before and after."""

    before: Probe
    plan: Plan
    after: Probe
    path: Path


def enhanced(source: Path, tmp_path: Path, name: str | None = None) -> Done:
    """Encode a clip by a forced plan, verify it, and probe the result."""
    tools = toolbox()
    before = probe(tools, source, count=True)
    plan = forced(before, name or source.name)
    target = tmp_path / f"result.{plan.extension}"
    frames = encode(tools, before, plan, source, target, lambda _: None)
    verify(tools, source, before, plan, target, frames)
    return Done(before, plan, probe(tools, target, count=True), target)


def frames(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def times(path: Path) -> list[Fraction]:
    """When each picture is shown, from the first one on."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [p.pts for p in container.demux(stream) if p.pts is not None and not p.is_discard]
    return [(pts - min(packets)) * (stream.time_base or 1) for pts in sorted(packets)]


def test_a_noisy_clip_is_noticed_and_encoded(tmp_path: Path) -> None:
    source = film(PAN, NOISY)
    tools = toolbox()
    found = probe(tools, source, count=True)
    plan = decide(tools, source, found, Options.of())
    seen: list[int] = []
    rendered = enhance_to(tools, source, found, plan, tmp_path / "out", seen.append)
    assert [f.name for f in plan.filters] == ["denoise"]
    assert (rendered.frames, seen[-1]) == (25, 25)
    assert rendered.size_bytes == (tmp_path / "out").stat().st_size
    assert seen == sorted(seen)


def test_a_clean_clip_is_copied_byte_for_byte(tmp_path: Path) -> None:
    source = film()
    tools = toolbox()
    found = probe(tools, source, count=True)
    plan = decide(tools, source, found, Options.of())
    enhance_to(tools, source, found, plan, tmp_path / "out", lambda _: None)
    assert plan.action == "copy"
    assert (tmp_path / "out").read_bytes() == source.read_bytes()


def test_all_sound_tracks_subtitles_languages_and_defaults_survive(tmp_path: Path) -> None:
    subtitle = tmp_path / "s.srt"
    subtitle.write_text("1\n00:00:00,100 --> 00:00:00,900\nHello\n")
    source = make_clip(
        tmp_path / "many.mkv",
        *(*PICTURES, *SOUND, *lavfi("sine=frequency=880:duration=1"), "-i", str(subtitle)),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "1", "-map", "3", *X264),
        *("-c:a:0", "aac", "-c:a:1", "libopus", "-c:a:2", "flac", "-c:s", "srt"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"),
        *("-metadata:s:s:0", "language=fra", "-disposition:a:1", "default"),
        *("-disposition:a:0", "0"),
    )
    done = enhanced(source, tmp_path)
    sounds = done.after.of_kind("audio")
    assert [s.codec for s in sounds] == ["aac", "opus", "flac"]
    assert [s.language for s in sounds[:2]] == ["eng", "deu"]
    assert [s.default for s in sounds] == [s.default for s in done.before.of_kind("audio")]
    (text,) = done.after.of_kind("subtitle")
    assert (text.codec, text.language) == ("subrip", "fra")


def test_subtitles_chapters_tags_and_cover_survive_in_mp4(tmp_path: Path) -> None:
    subtitle, chapters, cover = tmp_path / "s.srt", tmp_path / "c.txt", tmp_path / "cover.png"
    subtitle.write_text("1\n00:00:00,100 --> 00:00:00,900\nHello\n")
    chapters.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\ntitle=Two\n"
    )
    make_clip(cover, *lavfi("color=red:size=64x64"), "-frames:v", "1")
    source = make_clip(
        tmp_path / "rich.mp4",
        *(*PICTURES, *SOUND, "-i", str(subtitle), "-i", str(chapters), "-i", str(cover)),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "4", "-map_chapters", "3"),
        *("-c:v:0", "libx264", "-preset", "ultrafast", "-c:v:1", "copy", "-c:a", "aac"),
        *("-c:s", "mov_text", "-disposition:v:1", "attached_pic", "-metadata", "title=A film"),
    )
    done = enhanced(source, tmp_path)
    assert [s.codec for s in done.after.of_kind("subtitle")] == ["mov_text"]
    assert [s.codec for s in done.after.streams if s.attached_picture] == ["png"]
    assert [c["tags"]["title"] for c in done.after.raw["chapters"]] == ["One", "Two"]
    assert done.after.raw["format"]["tags"]["title"] == "A film"
    assert done.plan.dropped == ()


def test_chapters_stay_at_their_pictures_where_the_first_one_comes_late(tmp_path: Path) -> None:
    marks = [(0, 500, "Before"), (500, 900, "Early"), (900, 1600, "Late")]
    chapters = tmp_path / "c.txt"
    chapters.write_text(
        ";FFMETADATA1\n"
        + "".join(
            f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\ntitle={title}\n"
            for start, end, title in marks
        )
    )
    late = ("-map_chapters", "1", "-output_ts_offset", "0.6")
    source = make_clip(tmp_path / "a.mkv", *PICTURES, "-i", str(chapters), *X264, *late)
    done = enhanced(source, tmp_path)
    found = done.after.raw["chapters"]
    assert [(c["start_time"], c["tags"]["title"]) for c in found] == [
        ("0.000000", "Early"),
        ("0.300000", "Late"),
    ]
    assert done.plan.dropped == ("Chapter 1, which ends before the film begins.",)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_tags_that_only_quicktime_knows_survive(suffix: str, tmp_path: Path) -> None:
    tags = ("-movflags", "use_metadata_tags", "-metadata", "com.apple.quicktime.make=Apple")
    source = clip(suffix, *PICTURES, *X264, *tags)
    done = enhanced(source, tmp_path)
    assert done.after.raw["format"]["tags"]["com.apple.quicktime.make"] == "Apple"


# The lower left of testsrc2 is unlike its other corners; a wrong turn shows at once.
@pytest.mark.parametrize("said", [90, 180, 270, 30, 93])
def test_a_turned_picture_comes_out_upright(said: int, tmp_path: Path) -> None:
    # By an angle in between, FFmpeg itself would turn within the picture's frame.
    degrees = round(said / 90) * 90
    plain = clip(".mp4", *PICTURES, *SOUND, *X264, "-c:a", "aac")
    source = make_clip(
        tmp_path / "turned.mp4",
        *("-display_rotation", str(-said), "-i", str(plain), "-c", "copy"),
    )
    done = enhanced(source, tmp_path)
    assert done.before.picture.rotation == degrees
    assert done.after.picture.rotation == 0
    stored = frames(source)[0].to_ndarray(format="gray").astype(int)
    shown = frames(done.path)[0].to_ndarray(format="gray").astype(int)
    upright = np.rot90(stored, -degrees // 90)
    assert shown.shape == upright.shape
    assert np.abs(shown - upright).mean() < 8


def test_telecined_film_is_put_together_again(tmp_path: Path) -> None:
    fields = ("-flags", "+ildct+ilme")
    source = film(PAN, "format=yuv420p", "telecine", "setfield=tff", codec=(*FINE, *fields))
    tools = toolbox()
    found = probe(tools, source, count=True)
    plan = decide(tools, source, found, Options.of())
    enhance_to(tools, source, found, plan, tmp_path / "out", lambda _: None)
    before, after, original = (
        [f.to_ndarray(format="gray").astype(float) for f in frames(path)]
        for path in (source, tmp_path / "out", film())
    )

    def worst(pictures: list[Any]) -> float:
        """How unlike any picture of the film a picture is."""
        return max(min(np.abs(p - one).mean() for one in original) for p in pictures)

    assert times(tmp_path / "out") == times(source)
    assert worst(before) > 4
    assert worst(after) < 1


def test_interlaced_and_turned_is_put_together_before_turning(tmp_path: Path) -> None:
    fields = f"testsrc2=size=192x108:rate=50:duration=1,format=yuv420p,{NOISY},interlace=tff"
    woven = clip(".mp4", *lavfi(fields), *X264, "-flags", "+ilme+ildct")
    source = make_clip(
        tmp_path / "turned.mp4", "-display_rotation", "-90", "-i", str(woven), "-c", "copy"
    )
    tools = toolbox()
    found = probe(tools, source, count=True)
    plan = decide(tools, source, found, Options.of())
    assert plan.filters[0].name == "deinterlace"
    assert "tff" in plan.filters[0].expression
    enhance_to(tools, source, found, plan, tmp_path / "out.mp4", lambda _: None)
    after = probe(tools, tmp_path / "out.mp4", count=True).picture
    assert (after.width, after.height, after.rotation) == (108, 192, 0)


@pytest.mark.parametrize("degrees", ["90", "-90"])
def test_a_mirror_is_kept_where_fields_are_put_together_before_turning(
    degrees: str, tmp_path: Path
) -> None:
    plain = clip(".mp4", *PICTURES, *X264)
    mirror = ("-display_rotation", degrees, "-display_hflip")
    source = make_clip(tmp_path / "a.mp4", *mirror, "-i", str(plain), "-c", "copy")
    tools = toolbox()
    found = probe(tools, source, count=True)
    plan = decide(tools, source, found, Options.of("none", deinterlace=True))
    enhance_to(tools, source, found, plan, tmp_path / "out.mp4", lambda _: None)
    shown = make_clip(tmp_path / "shown.mkv", "-i", str(source), "-frames:v", "1", "-c:v", "ffv1")
    old, new = (
        frames(path)[0].to_ndarray(format="gray").astype(int)
        for path in (shown, tmp_path / "out.mp4")
    )
    assert np.abs(old - new).mean() < 12


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".ts"])
def test_uneven_timestamps_stay_exact(suffix: str, tmp_path: Path) -> None:
    uneven = f"testsrc2=size=192x108:rate=60:duration=2,format=yuv420p,{NOISY}"
    codec = ("-c:v", "libvpx-vp9", "-cpu-used", "8") if suffix == ".webm" else X264
    pick = r"select='not(mod(n*n\,7))+eq(n\,1)'"
    source = clip(suffix, *lavfi(f"{uneven},{pick}"), "-fps_mode", "passthrough", *codec)
    done = enhanced(source, tmp_path)
    old, new = times(source), times(done.path)
    tick = max(done.before.picture.time_base, done.after.picture.time_base)
    assert len(old) == len(new) > 10
    assert max(abs(a - b) for a, b in zip(old, new, strict=True)) <= tick


def test_the_pixels_shape_survives(tmp_path: Path) -> None:
    wide = lavfi(f"testsrc2=size=180x144:duration=0.2,format=yuv420p,setsar=64/45,{NOISY}")
    assert enhanced(clip(".mp4", *wide, *X264), tmp_path).after.picture.sample_aspect == Fraction(
        64, 45
    )


@pytest.mark.parametrize("shape", [(5000, 1), (1, 5000)])
def test_a_pixels_shape_that_nobody_can_mean_is_not_heeded(
    shape: tuple[int, int], tmp_path: Path
) -> None:
    square = b"pasp" + struct.pack(">2I", 1, 1)
    content = clip(".mp4", *PICTURES, *X264).read_bytes()
    assert square in content
    source = tmp_path / "a.mp4"
    source.write_bytes(content.replace(square, b"pasp" + struct.pack(">2I", *shape)))
    done = enhanced(source, tmp_path)
    assert done.before.picture.sample_aspect == Fraction(*shape)
    assert done.after.picture.sample_aspect == 1


def test_the_shape_of_a_small_picture_may_be_rounded(tmp_path: Path) -> None:
    narrow = "testsrc2=size=64x48:duration=0.2,format=yuv420p,crop=33:19:exact=1,setsar=19/33"
    tools, source = toolbox(), clip(".webm", *lavfi(narrow), "-c:v", "libvpx-vp9")
    before = probe(tools, source, count=True)
    plan = decide(tools, source, before, Options.of("none", codec="av1"))
    target = tmp_path / "result.webm"
    enhance_to(tools, source, before, plan, target, lambda _: None)
    after = probe(tools, target, count=False).picture
    assert (after.width, after.height) == (34, 20)
    assert abs(after.sample_aspect - before.picture.sample_aspect) <= Fraction(1, 2 * 34)


@pytest.mark.parametrize(
    ("form", "size"), [("yuv444p", (161, 121)), ("yuv420p", (162, 122)), ("yuv422p", (162, 121))]
)
def test_odd_sizes_change_as_little_as_they_can(
    form: str, size: tuple[int, int], tmp_path: Path
) -> None:
    odd = lavfi(
        f"testsrc2=size=320x240:duration=0.2,format={form},crop=161:121:0:0:exact=1,{NOISY}"
    )
    done = enhanced(clip(".mkv", *odd, "-c:v", "ffv1"), tmp_path)
    after = done.after.picture
    assert (after.width, after.height, after.pixel_format) == (*size, form)
    source, result = frames(clip(".mkv", *odd, "-c:v", "ffv1"))[0], frames(done.path)[0]
    old = source.to_ndarray(format="rgb24").astype(int)
    new = result.to_ndarray(format="rgb24").astype(int)
    # The added line and column continue the picture; they are not black or green.
    grown = np.pad(old, [(0, size[1] - 121), (0, size[0] - 161), (0, 0)], "edge")
    assert np.abs(new - grown)[-1].mean() < 25
    assert np.abs(new - grown)[:, -1].mean() < 25


COLOURS = {
    "bt709": ("bt709", "bt709", "bt709", "tv"),
    "full": ("bt709", "bt709", "bt709", "pc"),
    "pal": ("bt470bg", "bt470bg", "bt470bg", "tv"),
    "none": (None, None, None, None),
}


@pytest.mark.parametrize("kind", sorted(COLOURS))
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_colour_tags_and_levels_stay(kind: str, suffix: str, tmp_path: Path) -> None:
    matrix, primaries, transfer, range_ = COLOURS[kind]
    tags: tuple[str, ...] = ()
    if matrix and primaries and transfer and range_:
        tags = ("-colorspace", matrix, "-color_primaries", primaries, "-color_trc", transfer)
        tags = (*tags, "-color_range", range_)
    shown = f"setparams=colorspace={matrix}:color_primaries={primaries}:color_trc={transfer}"
    shown = f",{shown}:range={range_}" if matrix else ""
    source = clip(
        suffix, *lavfi(f"testsrc2=size=192x108:duration=0.4,format=yuv420p{shown}"), *X264, *tags
    )
    done = enhanced(source, tmp_path)
    found = done.after.picture
    assert (found.matrix, found.primaries, found.transfer) == COLOURS[kind][:3]
    assert found.range == done.before.picture.range
    old, new = (frames(path)[5].to_ndarray().astype(int) for path in (source, done.path))
    assert abs(old.mean() - new.mean()) < 0.7
    assert np.abs(old - new).mean() < 4


@pytest.mark.parametrize("matrix", ["ycgco", "bt2020c"])
def test_a_matrix_that_the_scaler_refuses_stays_named(matrix: str, tmp_path: Path) -> None:
    named = (
        f"testsrc2=size=192x108:duration=0.2,format=yuv444p,setparams=range=pc:colorspace={matrix}"
    )
    source = make_clip(tmp_path / "a.mkv", *lavfi(f"{named},{NOISY}"), *X264)
    done = enhanced(source, tmp_path)
    assert (done.before.picture.matrix, done.after.picture.matrix) == (matrix, matrix)
    before, after = (frames(path)[0].to_ndarray()[0] for path in (source, done.path))
    assert abs(float(before.mean()) - float(after.mean())) < 1


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_colours_that_only_the_container_names_stay_named(suffix: str, tmp_path: Path) -> None:
    """libav's decoder of HEVC forgets them."""
    hevc = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
    plain = clip(".mp4", *PICTURES, *hevc, "-pix_fmt", "yuv420p10le")
    names = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
    source = make_clip(tmp_path / f"a{suffix}", "-i", str(plain), "-c", "copy", *names)
    done = enhanced(source, tmp_path)
    for seen in (done.before.picture, done.after.picture):
        assert (seen.matrix, seen.primaries, seen.transfer) == ("bt2020nc", "bt2020", "smpte2084")


def test_yuv_that_is_said_to_be_rgb_is_not_believed(tmp_path: Path) -> None:
    # FFmpeg writes it into Flash videos of HEVC, VP9 and AV1 whose colours are not named.
    small = lavfi("testsrc2=size=96x64:duration=0.2")
    quick = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
    done = enhanced(clip(".flv", *small, "-pix_fmt", "yuv420p", *quick), tmp_path)
    assert done.before.picture.mistaken
    assert not done.after.picture.mistaken
    assert (done.before.picture.matrix, done.after.picture.matrix) == (None, None)


def test_colours_of_an_odd_size_stay_named(tmp_path: Path) -> None:
    named = "setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084:range=tv"
    odd = lavfi(f"testsrc=size=161x121:duration=0.2,format=yuv420p10,{named}")
    done = enhanced(clip(".mkv", *odd, "-c:v", "ffv1"), tmp_path)
    found = done.after.picture
    assert (found.width, found.height, found.matrix) == (162, 122, "bt2020nc")
    assert (found.primaries, found.transfer) == ("bt2020", "smpte2084")


HDR = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_stays_hdr(transfer: str, suffix: str, tmp_path: Path) -> None:
    params = f"log-level=error:{HDR}:max-cll=1000,400:hdr10=1"
    source = clip(
        suffix,
        *lavfi(
            "testsrc2=size=192x108:duration=0.2,format=yuv420p10le,"
            f"setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc={transfer}:range=tv"
        ),
        *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", params),
    )
    done = enhanced(source, tmp_path)
    before, after = done.before.picture, done.after.picture
    assert (after.transfer, after.matrix, after.primaries) == (transfer, "bt2020nc", "bt2020")
    assert (after.codec, after.bit_depth) == ("hevc", 10)
    assert set(before.hdr) == {"mastering_display", "content_light"}
    assert after.hdr["content_light"] == before.hdr["content_light"]
    for key, value in before.hdr["mastering_display"].items():
        assert float(Fraction(after.hdr["mastering_display"][key])) == pytest.approx(
            float(Fraction(value)), rel=1e-3
        )


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_spherical_pictures_stay_spherical(suffix: str, tmp_path: Path) -> None:
    flat = clip(".mp4", *PICTURES, *X264).read_bytes()
    round_ = tmp_path / "round.mp4"
    round_.write_bytes(with_box(flat, SAMPLES, SPHERE))
    copied = ("-i", str(round_), "-c", "copy", "-strict", "unofficial")
    done = enhanced(make_clip(tmp_path / f"source{suffix}", *copied), tmp_path)
    assert (done.before.picture.spherical, done.after.picture.spherical) == (True, True)
    assert not done.plan.dropped


SPHERE = box(
    b"sv3d",
    box(b"svhd", bytes(5)) + box(b"proj", box(b"prhd", bytes(16)) + box(b"equi", bytes(20))),
)


def test_the_view_of_the_other_eye_is_missed_aloud(tmp_path: Path) -> None:
    """Telephones' spatial videos have it in a layer of its own, and QuickTime's box says so."""
    hevc = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
    plain = clip(".mov", *PICTURES, *hevc, "-tag:v", "hvc1").read_bytes()
    both = box(b"vexu", box(b"eyes", box(b"stri", b"\0\0\0\0\3")))
    source = tmp_path / "spatial.mov"
    source.write_bytes(with_box(plain, (*SAMPLES[:-1], b"hvc1"), both))
    done = enhanced(source, tmp_path)
    assert done.before.picture.views
    assert done.plan.dropped == ("The other eye's view; only the main one is enhanced.",)
    assert not done.after.picture.views


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_pictures_for_two_eyes_stay_so_whoever_says_that_they_are(
    codec: str, tmp_path: Path
) -> None:
    source = clip(".mkv", *PICTURES, *both_eyes())
    before = probe(toolbox(), source, count=True)
    plan = decide(toolbox(), source, before, Options.of("none", codec=codec, quality="small"))
    target = tmp_path / "result.mkv"
    enhance_to(toolbox(), source, before, plan, target, lambda _: None)
    assert (before.picture.stereo, plan.action) == (2, "encode")
    assert probe(toolbox(), target, count=False).picture.stereo == 1
    make_clip(tmp_path / "again.mkv", "-i", str(target), "-c:v", "ffv1")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_spherical_pictures_for_two_eyes_can_be_read_by_ffmpeg(suffix: str, tmp_path: Path) -> None:
    flat = clip(".mp4", *PICTURES, *X264).read_bytes()
    both = with_box(flat, SAMPLES, box(b"st3d", b"\0\0\0\0\1"))
    round_ = tmp_path / "round.mp4"
    round_.write_bytes(with_box(both, SAMPLES, SPHERE))
    source = round_
    if suffix == ".mkv":
        source = make_clip(tmp_path / "source.mkv", "-i", str(round_), "-c", "copy")
    done = enhanced(source, tmp_path)
    assert (done.before.picture.stereo, done.before.picture.spherical) == (1, True)
    assert done.after.picture.spherical
    assert not done.plan.dropped
    make_clip(tmp_path / "again.mkv", "-i", str(done.path), "-c:v", "ffv1")
    if suffix == ".mp4":
        assert box(b"st3d", b"\0\0\0\0\1") in done.path.read_bytes()


def test_hdr10_plus_is_missed_aloud(tmp_path: Path) -> None:
    """No encoder here takes what it says of each picture; HDR10 under it stays."""
    dynamic = tmp_path / "dynamic.json"
    dynamic.write_text(json.dumps({"SceneInfo": [hdr10_plus(number) for number in range(5)]}))
    source = make_clip(
        tmp_path / "hdr10plus.mp4",
        *lavfi(
            "testsrc2=size=192x108:duration=0.2,format=yuv420p10le,"
            f"setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084,{NOISY}"
        ),
        *("-c:v", "libx265", "-preset", "ultrafast"),
        *("-x265-params", f"log-level=error:{HDR}:hdr10=1:dhdr10-info={dynamic}"),
    )
    tools = toolbox()
    plan = decide(tools, source, probe(tools, source, count=True), Options.of(denoise=1))
    assert "The extra data of HDR10+; the HDR picture under it is kept." in plan.dropped


@pytest.mark.parametrize(("profile", "action"), [(5, "copy"), (8, "encode")])
def test_colours_that_dolby_vision_alone_tells_are_left_alone(
    profile: int, action: str, tmp_path: Path
) -> None:
    pictures = lavfi(f"testsrc2=size=192x108:duration=0.2,format=yuv420p10le,{NOISY}")
    encoder = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
    raw = make_clip(tmp_path / "raw.hevc", *pictures, *encoder)
    raw.write_bytes(with_dolby_vision(raw.read_bytes(), profile))
    source = make_clip(tmp_path / "dolby.mp4", "-i", str(raw), "-c", "copy", "-tag:v", "hvc1")
    tools = toolbox()
    plan = decide(tools, source, probe(tools, source, count=True), Options.of(denoise=1))
    assert plan.action == action
    assert any("Dolby Vision" in words for words in (*plan.findings, *plan.dropped))


@pytest.mark.parametrize("codec", ["h264", "hevc", "vp9"])
def test_captions_within_pictures_are_kept_or_said_to_be_lost(codec: str, tmp_path: Path) -> None:
    source = captioned(tmp_path)
    tools = toolbox()
    found = probe(tools, source, count=True)
    plan = decide(tools, source, found, Options.of("none", codec=codec, quality="small"))
    enhance_to(tools, source, found, plan, tmp_path / "out.mkv", lambda _: None)
    kept = [Type.A53_CC in side_data(frame) for frame in frames(tmp_path / "out.mkv")]
    assert len(kept) == 5
    assert all(kept) == (codec != "vp9")
    lost = ("The closed captions, which VP9 cannot hold here.",)
    assert plan.dropped == (() if all(kept) else lost)


def captioned(tmp_path: Path) -> Path:
    """A film of H.264, every picture with one pair of letters in a message of ATSC A/53."""
    pictures = lavfi("testsrc2=size=96x64:duration=0.2,format=yuv420p")
    plain = make_clip(tmp_path / "plain.h264", *pictures, *X264, "-x264-params", "slices=1")
    letters = b"\xb5\x00\x31GA94\x03\x41\xff\xfc\xc1\xc2\xff"
    message = b"\x00\x00\x01\x06\x04" + bytes([len(letters)]) + letters + b"\x80"
    # In front of every slice.
    whole = re.sub(rb"(?=\x00\x00\x01[\x41\x61\x65\x01])", lambda _: message, plain.read_bytes())
    raw = tmp_path / "captioned.h264"
    raw.write_bytes(whole)
    return make_clip(tmp_path / "captioned.mkv", "-i", str(raw), "-c", "copy")


def hdr10_plus(number: int) -> dict[str, Any]:
    """What is said of one picture, in the form that x265 reads."""
    light = {"AverageRGB": 1037, "MaxScl": [17830, 16895, 14252]}
    spread = {
        "DistributionIndex": [1, 5, 10, 25, 50, 75, 90, 95, 99],
        "DistributionValues": [17, 9837, 72, 149, 400, 1200, 3000, 4500, 9837],
    }
    return {
        "BezierCurveData": {"Anchors": [102, 205, 307], "KneePointX": 0, "KneePointY": 0},
        "LuminanceParameters": light | {"LuminanceDistributions": spread},
        "NumberOfWindows": 1,
        "TargetedSystemDisplayMaximumLuminance": 400,
        "SceneFrameIndex": number,
        "SequenceFrameIndex": number,
        "SceneId": 0,
    }


@pytest.mark.parametrize("pictures", [1, 2, 3, 40])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p10le"])
def test_fields_are_put_together_at_their_pictures_times(
    pictures: int, pixels: str, tmp_path: Path
) -> None:
    source = clip(
        ".mkv",
        *lavfi(f"testsrc2=size=192x108:rate=25:duration=4,select='lt(mod(n*n,7),4)',{NOISY}"),
        *("-fps_mode", "vfr", "-frames:v", str(pictures), "-pix_fmt", pixels),
        *("-c:v", "libx264", "-x264-params", "tff=1", "-crf", "12"),
    )
    tools = toolbox()
    before = probe(tools, source, count=True)
    plan = decide(tools, source, before, Options.of(deinterlace=True, denoise=0))
    assert [f.name for f in plan.filters] == ["deinterlace"]
    target = tmp_path / f"result.{plan.extension}"
    rendered = enhance_to(tools, source, before, plan, target, lambda _: None)
    assert rendered.frames == pictures
    assert times(target) == times(source)


def test_one_picture_is_enough(tmp_path: Path) -> None:
    source = clip(
        ".mp4", *lavfi(f"testsrc2=size=64x64,format=yuv420p,{NOISY}"), "-frames:v", "1", *X264
    )
    done = enhanced(source, tmp_path)
    assert done.after.timing is not None
    assert done.after.timing.packets == 1


def flash_and_beep(path: Path) -> tuple[Fraction, Fraction]:
    """When the picture first turns white, and when the sound first is loud."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        base = stream.time_base or Fraction(1)
        bright = (
            f.pts * base for f in container.decode(stream) if f.to_ndarray()[:50].mean() > 120
        )
        flash = next(bright)
    with av.open(str(path)) as container:
        for sound in container.decode(audio=0):
            loud = np.abs(sound.to_ndarray().astype(float)).max(axis=0)
            loud = loud if sound.format.is_planar else loud[:: len(sound.layout.channels)]
            where = np.flatnonzero(
                loud > 0.3 * (1 if sound.format.name.startswith("flt") else 32768)
            )
            if where.size:
                return Fraction(flash), sound.pts * sound.time_base + Fraction(
                    int(where[0]), sound.sample_rate
                )
    raise AssertionError("no beep")


SOUNDS = {
    ".mp4": ("aac",),
    ".mkv": ("libopus",),
    ".ts": ("aac",),
    ".webm": ("libvorbis",),
    ".mov": ("pcm_s16le",),
    ".flv": ("aac",),
    # Encoded anew, as the result's container does not take them.
    ".avi": ("pcm_s16le",),
    ".3gp": ("libopencore_amrnb", "-ar", "8000", "-ac", "1", "-b:a", "12.2k"),
    ".ogv": ("libvorbis",),
    "adpcm.mkv": ("adpcm_ms",),
    "adpcm.flv": ("adpcm_swf", "-ar", "22050"),
    "pcm.mp4": ("pcm_s16le",),
}


@pytest.mark.parametrize("kind", sorted(SOUNDS))
@pytest.mark.parametrize("late", ["video", "audio"])
def test_sound_stays_within_5_ms_of_where_it_was(kind: str, late: str, tmp_path: Path) -> None:
    suffix = f".{kind.rpartition('.')[2]}"
    white = "drawbox=color=white:t=fill:enable='gte(t,1)'"
    flash = f"color=black:size=96x64:rate=25:duration=2,format=yuv420p,{white}"
    beep = "aevalsrc='0.9*sin(2500*t)*gte(t,1)':duration=2:sample_rate=48000"
    codecs = {
        ".avi": ("mpeg4", "-q:v", "2"),
        ".webm": ("libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime"),
        ".ogv": ("libvpx",),
    }
    codec = ("-c:v", *codecs[suffix]) if suffix in codecs else X264
    offset = ("-itsoffset", "0.5")
    inputs = (*offset, *lavfi(flash), *lavfi(beep))
    if late == "audio":
        inputs = (*lavfi(flash), *offset, *lavfi(beep))
    source = clip(suffix, *inputs, *codec, "-c:a", *SOUNDS[kind], "-strict", "-2")
    done = enhanced(source, tmp_path)
    old_flash, old_beep = flash_and_beep(source)
    new_flash, new_beep = flash_and_beep(done.path)
    assert abs((new_flash - new_beep) - (old_flash - old_beep)) < Fraction(5, 1000)


def test_sound_stays_in_place_where_an_edit_list_cuts_it(tmp_path: Path) -> None:
    whole = clip(".mp4", *TWO_SECONDS, *lavfi(SWEEP), *X264, "-g", "5", "-c:a", "aac")
    source = make_clip(tmp_path / "cut.mp4", "-ss", "0.5", "-i", str(whole), "-c", "copy")
    done = enhanced(source, tmp_path)
    assert [start_of_sound(path) for path in (source, done.path)] == [0, 0]
    assert sound_of(done.path) == sound_of(source)


def test_sound_that_an_edit_list_puts_together_stays_so(tmp_path: Path) -> None:
    ticks = ("-video_track_timescale", "1000", "-movie_timescale", "1000")
    whole = clip(".mp4", *TWO_SECONDS, *lavfi(SWEEP), *X264, "-bf", "0", "-c:a", "aac", *ticks)
    pieces = [(600, 400), (800, 1200)]
    of_sound = [(length, 1024 + since * 441 // 10) for length, since in pieces]
    source = with_edits(whole, tmp_path / "cut.mp4", pieces, of_sound)
    assert len(frames(source)) == 35

    done = enhanced(source, tmp_path)

    old, new = sound_in_time(source), sound_in_time(done.path)
    assert abs(len(new) - len(old)) < 2 * 1024
    # Players go by the sound itself: none may be left over of what was cut.
    assert abs(len(sound_of(done.path)) // 4 - len(new)) < 2 * 1024
    # The sweep goes on at another pitch where the pieces meet.
    for piece in (slice(2_000, 24_000), slice(30_000, 60_000)):
        assert np.corrcoef(old[piece], new[piece])[0, 1] > 0.9


def test_sound_is_kept_where_two_pieces_of_it_have_the_same_time(tmp_path: Path) -> None:
    """FFmpeg writes it so where each packet gets a fragment; its decoders leave the second out."""
    whole = clip(".mp4", *TWO_SECONDS, *lavfi(SWEEP), *X264, "-c:a", "aac")
    single = ("-c", "copy", "-movflags", "frag_every_frame+empty_moov")
    source = make_clip(tmp_path / "single.mp4", "-i", str(whole), *single)
    done = enhanced(source, tmp_path)
    assert len(sound_of(done.path)) >= len(sound_of(whole)) - 1024 * 4


def test_a_gap_in_sound_that_is_encoded_anew_stays_a_gap(tmp_path: Path) -> None:
    whole = clip(".mkv", *FLASH_AND_BEEP, *X264, "-c:a", "adpcm_ms")
    lost = ("-c", "copy", "-bsf:a", r"noise=drop=between(n\,10\,19)")
    source = make_clip(tmp_path / "a.mkv", "-i", str(whole), *lost)
    done = enhanced(source, tmp_path)
    (old_flash, old_beep), (flash_, beep_) = flash_and_beep(source), flash_and_beep(done.path)
    assert abs((flash_ - beep_) - (old_flash - old_beep)) < Fraction(5, 1000)


@pytest.mark.parametrize(
    ("codec", "encoder"),
    [
        ("aac_latm", ("-c:a", "aac", "-mpegts_flags", "latm")),
        ("s302m", ("-c:a", "s302m", "-strict", "-2", "-ar", "48000", "-ac", "2")),
    ],
)
def test_sound_of_broadcasts_is_copied_as_it_is(
    codec: str, encoder: tuple[str, ...], tmp_path: Path
) -> None:
    done = enhanced(clip(".ts", *PICTURES, *SOUND, *X264, *encoder), tmp_path)
    assert [track.codec for track in done.plan.audio] == ["copy"]
    assert [track.codec for track in done.after.of_kind("audio")] == [codec]


def test_sound_of_which_no_packet_is_marked_to_begin_with_is_kept(tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    without_marks(clip(".mkv", *PICTURES, *SOUND, *X264, "-c:a", "aac"), source)
    done = enhanced(source, tmp_path)
    assert [track.codec for track in done.plan.audio] == ["copy"]
    assert len(sound_packets(done.path)) == len(sound_packets(source)) > 0


def without_marks(source: Path, target: Path) -> None:
    """Copy a file as GStreamer writes some: no packet of sound is marked as a keyframe."""

    def unmark(packets: list[Any]) -> list[Any]:
        for packet in packets:
            packet.is_keyframe = packet.is_keyframe and packet.stream.type == "video"
        return packets

    rewrite(source, target, unmark)
    assert not any(packet.is_keyframe for packet in sound_packets(target))


def rewrite(source: Path, target: Path, change: Callable[[list[Any]], list[Any]]) -> None:
    """Copy a file's packets, changed."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
        for packet in change([packet for packet in old.demux() if packet.size]):
            packet.stream = streams[packet.stream.index]
            new.mux(packet)


def sound_packets(path: Path) -> list[av.Packet[Any]]:
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(audio=0) if packet.size]


WHITE = "drawbox=color=white:t=fill:enable='gte(t,1)'"
FLASH_AND_BEEP = (
    *lavfi(f"color=black:size=96x64:rate=25:duration=2,format=yuv420p,{WHITE}"),
    *lavfi("aevalsrc='0.9*sin(2500*t)*gte(t,1)':duration=2:sample_rate=48000"),
)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts"])
def test_sound_stays_where_it_was_beside_pictures_whose_first_times_are_wrong(
    suffix: str, tmp_path: Path
) -> None:
    """As VLC writes them: the first pictures have the times of later ones."""
    whole = clip(suffix, *FLASH_AND_BEEP, *X264, "-bf", "2", "-c:a", "aac")
    late = r"setts=pts=if(eq(N\,0)\,PTS+0.08/TB\,if(eq(N\,1)\,PTS+0.04/TB\,PTS))"
    source = make_clip(tmp_path / f"a{suffix}", "-i", str(whole), "-c", "copy", "-bsf:v", late)
    done = enhanced(source, tmp_path)
    assert done.plan.retime == "repair"
    (old_flash, old_beep), (flash, beep) = flash_and_beep(source), flash_and_beep(done.path)
    assert abs((flash - beep) - (old_flash - old_beep)) < Fraction(5, 1000)


def test_an_avi_that_counts_pictures_that_are_not_there_keeps_its_sound(tmp_path: Path) -> None:
    """As XviD packs B-frames: a packet says that nothing is to be shown anew."""
    source = tmp_path / "a.avi"
    options = ("-c:v", "mpeg4", "-bf", "1", "-c:a", "libmp3lame")
    with_an_empty_packet(clip(".avi", *FLASH_AND_BEEP, *options), source)
    found = probe(toolbox(), source, count=True)
    done = enhanced(source, tmp_path)
    assert found.timing is not None
    assert len(frames(done.path)) == found.timing.packets - 1
    # libav guesses that all of the source's pictures are one later.
    (_, old_beep), (flash, beep) = flash_and_beep(source), flash_and_beep(done.path)
    assert flash == 1
    assert abs(beep - old_beep) < Fraction(5, 1000)


def with_an_empty_packet(source: Path, target: Path) -> None:
    """Copy MPEG-4 of 25 pictures a second, its last picture not coded (14496-2, 6.2.5)."""
    not_coded = av.Packet(b"\x00\x00\x01\xb6\x50\xcf")

    def empty(packets: list[Any]) -> list[Any]:
        last = [packet for packet in packets if packet.stream.type == "video"][-1]
        not_coded.pts, not_coded.dts, not_coded.time_base = last.pts, last.dts, last.time_base
        not_coded.stream = last.stream
        return [not_coded if packet is last else packet for packet in packets]

    rewrite(source, target, empty)


def test_pictures_are_kept_where_a_part_of_the_sound_is_cut_off(tmp_path: Path) -> None:
    pictures = lavfi(f"testsrc2=size=96x64:duration=3,format=yuv420p,{NOISY}")
    whole = clip(".mp4", *pictures, *lavfi("sine=duration=3"), *X264, "-c:a", "aac")
    source = tmp_path / "cut.mp4"
    source.write_bytes(without_last_half_of_sound(whole))
    done = enhanced(source, tmp_path)
    for found in (done.before, done.after):
        assert found.timing is not None
        assert (found.timing.packets, found.timing.duration) == (75, 3)
    assert len(frames(done.path)) == 75
    with av.open(str(done.path)) as container:
        (heard,) = container.streams.audio
        assert 1 < (heard.duration or 0) * (heard.time_base or 0) < 2


def test_sound_that_begins_long_after_the_pictures_is_kept(tmp_path: Path) -> None:
    pictures = lavfi("testsrc2=size=96x64:rate=2:duration=24,format=yuv420p")
    late = ("-itsoffset", "20", *SOUND)
    source = clip(".ts", *pictures, *late, *X264, "-c:a", "aac")
    done = enhanced(source, tmp_path)
    assert [track.codec for track in done.plan.audio] == ["copy"]
    assert [stream.codec for stream in done.after.of_kind("audio")] == ["aac"]


def test_a_sound_track_without_any_sound_is_left_out_and_said(tmp_path: Path) -> None:
    whole = clip(".mp4", *PICTURES, *SOUND, *X264, "-c:a", "aac")
    muted = ("-c", "copy", "-bsf:a", "noise=drop=1", "-movflags", "frag_keyframe+empty_moov")
    done = enhanced(make_clip(tmp_path / "a.mp4", "-i", str(whole), *muted), tmp_path)
    assert len(done.before.of_kind("audio")) == 1
    assert done.after.of_kind("audio") == ()
    assert any("sound track 1" in words for words in done.plan.dropped)


def test_sound_that_tells_no_rate_is_left_out_and_said(tmp_path: Path) -> None:
    """As VLC puts AAC into program streams: without the headers that tell what it is."""
    whole = clip(".mpg", *PICTURES, *SOUND, "-c:v", "mpeg2video", "-c:a", "mp2", "-f", "vob")
    spoilt = ("-c", "copy", "-bsf:a", "noise=amount=1", "-f", "vob")
    source = make_clip(tmp_path / "a.mpg", "-i", str(whole), *spoilt)
    done = enhanced(source, tmp_path)
    assert len(done.before.of_kind("audio")) == 1
    assert done.after.of_kind("audio") == ()
    assert "The sound track 1 (mp2), which cannot be read or stored." in done.plan.dropped


def test_speech_in_ogg_is_kept(tmp_path: Path) -> None:
    source = tmp_path / "a.ogv"
    source.write_bytes(with_speech(clip(".ogv", *PICTURES, "-c:v", "libtheora").read_bytes()))
    done = enhanced(source, tmp_path)
    assert [stream.codec for stream in done.before.of_kind("audio")] == ["speex"]
    assert [stream.codec for stream in done.after.of_kind("audio")] == ["aac"]


def test_flash_video_of_several_sound_tracks_keeps_them_all(tmp_path: Path) -> None:
    second = lavfi("sine=frequency=880:duration=1")
    every = ("-map", "0", "-map", "1", "-map", "2")
    source = clip(".flv", *PICTURES, *SOUND, *second, *every, *X264, "-c:a", "aac")
    done = enhanced(source, tmp_path)
    assert done.plan.dropped == ()
    assert len(done.after.of_kind("audio")) == 2


@pytest.mark.parametrize("suffix", [".mp4", ".m2ts"])
def test_truehd_is_kept(suffix: str, tmp_path: Path) -> None:
    options = {".mp4": ("-strict", "-2"), ".m2ts": ("-strict", "-2", "-mpegts_m2ts_mode", "1")}
    source = clip(suffix, *PICTURES, *SOUND, *X264, "-c:a", "truehd", *options[suffix])
    done = enhanced(source, tmp_path)
    assert [s.codec for s in done.after.of_kind("audio") if not s.empty] == ["truehd"]
    assert sound_of(done.path) == sound_of(source)


@pytest.mark.parametrize("suffix", [".nut", ".avi"])
def test_the_last_sound_is_kept_where_packets_have_no_length(suffix: str, tmp_path: Path) -> None:
    codecs = ("-c:v", "mpeg4", "-c:a", "flac")
    source = clip(suffix, *PICTURES, *SOUND, "-t", "0.3", *codecs)
    done = enhanced(source, tmp_path)
    assert done.plan.audio[0].codec == "copy"
    samples = 44100 * 3 // 10
    assert len(sound_of(done.path)) == 2 * samples


@pytest.mark.parametrize("lost", ["v", "a"])
@pytest.mark.parametrize("suffix", [".ts", ".mpg"])
def test_pictures_and_sound_stay_together_where_one_of_them_pauses(
    suffix: str, lost: str, tmp_path: Path
) -> None:
    pictures = lavfi("testsrc2=size=96x64:rate=25:duration=13,format=yuv420p")
    codecs = ("-c:v", "mpeg2video", "-g", "5", "-c:a", "mp2")
    whole = clip(suffix, *pictures, *lavfi("sine=duration=13"), *codecs)
    last = {"v": 310, "a": 480}[lost]
    pause = rf"noise=drop=between(n\,20\,{last})"
    cut = ("-i", str(whole), "-c", "copy", f"-bsf:{lost}", pause)
    done = enhanced(make_clip(tmp_path / f"a{suffix}", *cut), tmp_path)
    ends = [sound_times(path)[-1] - end_of_pictures(path) for path in (whole, done.path)]
    assert abs(ends[1] - ends[0]) < Fraction(5, 1000)


@pytest.mark.parametrize("suffix", [".flv", ".mkv"])
def test_sound_is_not_written_far_ahead_of_pictures_that_come_slowly(
    suffix: str, tmp_path: Path
) -> None:
    pictures = lavfi("testsrc2=size=96x64:rate=1:duration=30,format=yuv420p")
    codecs = (*X264, "-c:a", "aac", "-max_interleave_delta", "0")
    source = clip(suffix, *pictures, *lavfi("sine=duration=30"), *codecs)
    assert lead_of_sound(enhanced(source, tmp_path).path) <= 2


def lead_of_sound(path: Path) -> float:
    """The most seconds by which sound stands in a file before pictures of its time."""
    most = sound = 0.0
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.dts is None:
                continue
            seconds = float(packet.dts * packet.time_base)
            if packet.stream.type == "audio":
                sound = seconds
            else:
                most = max(most, sound - seconds)
    return most


def end_of_pictures(path: Path) -> Fraction:
    """When the last picture is shown, in seconds."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return max(p.pts for p in container.demux(stream) if p.pts is not None) * stream.time_base


def test_what_moves_after_a_long_rest_stays_good_and_the_file_small(tmp_path: Path) -> None:
    resting = "loop=loop=100:size=1:start=0,noise=alls=9:allf=t"
    pictures = lavfi(f"testsrc2=size=320x180:rate=25:duration=1,format=yuv420p,{resting}")
    source = clip(".mkv", *pictures, "-c:v", "libx264", "-crf", "30")
    done = enhanced(source, tmp_path)
    assert worst_picture(source, done.path) > 33
    assert done.path.stat().st_size < 1.5 * source.stat().st_size


def worst_picture(before: Path, after: Path) -> float:
    """The least PSNR of brightness between pictures of the same number."""
    squares = [
        np.mean((a.to_ndarray(format="gray").astype(float) - b.to_ndarray(format="gray")) ** 2)
        for a, b in zip(frames(before), frames(after), strict=True)
    ]
    return float(10 * np.log10(255**2 / max(squares)))


@pytest.mark.parametrize("channels", [9, 16])
def test_more_than_eight_channels_are_kept(channels: int, tmp_path: Path) -> None:
    tones = "|".join(f"0.1*sin({200 * n}*t)" for n in range(1, channels + 1))
    sound = lavfi(f"aevalsrc='{tones}':duration=1:sample_rate=48000,asetnsamples=480")
    source = clip(".avi", *PICTURES, *sound, "-c:v", "mpeg4", "-c:a", "pcm_s16le")
    done = enhanced(source, tmp_path)
    assert [track.codec for track in done.plan.audio] == ["libopus"]
    with av.open(str(done.path)) as container:
        assert container.streams.audio[0].codec_context.layout.nb_channels == channels


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mov", "pcm_f32le"), (".mov", "pcm_f64be"), (".mkv", "pcm_f64le")],
)
def test_sound_in_floating_point_loses_nothing(suffix: str, codec: str, tmp_path: Path) -> None:
    sound = lavfi("aevalsrc='1.5*sin(2000*t)|0.00001*sin(900*t)':duration=1:sample_rate=96000")
    source = clip(suffix, *PICTURES, *sound, *X264, "-c:a", codec)
    done = enhanced(source, tmp_path)
    assert [s.codec for s in done.after.of_kind("audio")] == [codec]
    assert sound_of(done.path) == sound_of(source)


def start_of_sound(path: Path) -> Fraction:
    """When the first sample is heard, after the first picture."""
    with av.open(str(path)) as container:
        picture = next(container.decode(video=0))
    with av.open(str(path)) as container:
        sound = next(container.decode(audio=0))
    return Fraction(sound.pts * sound.time_base - picture.pts * picture.time_base)


def sound_of(path: Path) -> bytes:
    with av.open(str(path)) as container:
        return b"".join(frame.to_ndarray().tobytes() for frame in container.decode(audio=0))


def sound_in_time(path: Path) -> Any:
    """The samples of a sound of one channel, each where the file says that it is heard."""
    line = np.zeros(0, dtype=np.float32)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            at = round(frame.pts * frame.time_base * frame.sample_rate)
            line = np.concatenate(
                [line[:at], np.zeros(max(at - len(line), 0)), frame.to_ndarray()[0]]
            )
    return line


# --- Marks and tags -------------------------------------------------------------------------------

FLAGS = (
    *("-disposition:a:0", "0", "-disposition:a:1", "default+comment"),
    *("-disposition:s:0", "0", "-disposition:s:1", "forced"),
    *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"),
    *("-metadata:s:a:1", "title=Comment", "-metadata:s:s:1", "language=fra"),
)


def with_subtitles(tmp_path: Path, name: str, *args: str) -> Path:
    """Two sound tracks and two subtitles."""
    subtitle = tmp_path / "s.srt"
    subtitle.write_text("1\n00:00:00,100 --> 00:00:00,900\nHello\n")
    inputs = (*PICTURES, *SOUND, "-i", str(subtitle))
    maps = ("-map", "0", "-map", "1", "-map", "1", "-map", "2", "-map", "2")
    return make_clip(tmp_path / name, *inputs, *maps, *X264, "-c:a", "aac", *args)


def marks(done: Done, kind: str) -> list[tuple[str | None, bool, bool]]:
    """Language, default and forced flag of each track of the result."""
    forced_flags = [bool(s["disposition"]["forced"]) for s in done.after.raw["streams"]]
    return [(s.language, s.default, forced_flags[s.index]) for s in done.after.of_kind(kind)]  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "text"), [("a.mkv", "srt"), ("a.mp4", "mov_text")])
def test_languages_flags_and_titles_stay(name: str, text: str, tmp_path: Path) -> None:
    done = enhanced(with_subtitles(tmp_path, name, "-c:s", text, *FLAGS), tmp_path)
    assert marks(done, "audio") == [("eng", False, False), ("deu", True, False)]
    # MP4 always has one subtitle that is the default.
    first = (None, False, False) if name == "a.mkv" else ("und", True, False)
    assert marks(done, "subtitle") == [first, ("fra", False, True)]
    title = "title" if name == "a.mkv" else "name"
    sounds = [s for s in done.after.raw["streams"] if s["codec_type"] == "audio"]
    assert sounds[1]["tags"][title] == "Comment"
    assert done.plan.dropped == ()


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_the_name_of_the_pictures_track_stays(suffix: str, tmp_path: Path) -> None:
    source = clip(suffix, *PICTURES, *X264, "-metadata:s:v:0", "title=Camera 2")
    (film,) = enhanced(source, tmp_path).after.raw["streams"]
    assert film["tags"]["name"] == "Camera 2"


def test_no_track_becomes_the_default_by_itself(tmp_path: Path) -> None:
    none = ("-disposition:a:0", "0", "-disposition:a:1", "0", "-disposition:s:0", "forced")
    done = enhanced(with_subtitles(tmp_path, "a.mkv", "-c:s", "srt", *none), tmp_path)
    assert [default for _, default, _ in marks(done, "audio")] == [False, False]
    assert [default for _, default, _ in marks(done, "subtitle")] == [False, False]


def test_quicktime_keeps_languages_by_its_own_names(tmp_path: Path) -> None:
    source = with_subtitles(
        tmp_path, "a.mov", "-c:s", "mov_text", "-metadata:s:a:0", "language=ger"
    )
    done = enhanced(source, tmp_path)
    assert [language for language, _, _ in marks(done, "audio")] == ["ger", None]


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_language_of_all_bits_is_none(suffix: str, tmp_path: Path) -> None:
    """As some devices leave it; libav reads three DEL characters of it."""
    named = clip(suffix, *PICTURES, *SOUND, *X264, "-c:a", "aac")
    source = tmp_path / f"a{suffix}"
    source.write_bytes(without_language(named.read_bytes()))
    assert {s.language for s in probe(toolbox(), source, count=False).streams} == {"\x7f\x7f\x7f"}
    done = enhanced(source, tmp_path)
    assert [language for language, _, _ in marks(done, "audio")] == [None]
    assert done.plan.dropped == ()


def without_language(content: bytes) -> bytes:
    """An MP4 whose tracks' headers have all bits set where a language goes."""
    first, *others = content.split(b"mdhd")
    behind = 20
    parts = (part[:behind] + b"\xff\xff" + part[behind + 2 :] for part in others)
    return b"mdhd".join((first, *parts))


def test_what_a_container_cannot_say_is_said_by_the_plan(tmp_path: Path) -> None:
    source = clip(
        ".mkv", *PICTURES, *SOUND, *X264, "-c:a", "aac", "-metadata:s:a:0", "language=haw"
    )
    found = probe(toolbox(), source, count=True)
    plan = forced(replace(found, container="mov", demuxer="mov"), "a.mov")
    assert plan.dropped == (
        "The language of the sound track 1 (aac, haw), which the result's container cannot hold.",
    )


TAGS = (
    *("-metadata", "title=A film", "-metadata", "artist=Me", "-metadata", "custom=Yes"),
    *("-metadata", "creation_time=2020-01-02T03:04:05Z"),
    *("-metadata", "location=+48.8789+002.3376/"),
)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".flv"])
def test_tags_stay(suffix: str, tmp_path: Path) -> None:
    codec = ("-c:v", "libvpx-vp9", "-cpu-used", "8") if suffix == ".webm" else X264
    long_list = ("-movflags", "use_metadata_tags") if suffix in (".mp4", ".mov") else ()
    blank = ("-metadata", "My Key=1")
    source = clip(suffix, *PICTURES, *codec, *TAGS, *blank, *long_list)
    # Twice: what FFmpeg itself wrote is read in another way than what a camera wrote.
    first = enhanced(source, tmp_path).path
    again = enhanced(first.rename(first.with_name(f"first{suffix}")), tmp_path)
    tags = {k.lower(): v for k, v in again.after.raw["format"]["tags"].items()}
    assert {k: tags[k] for k in ("title", "artist", "custom", "location")} == {
        "title": "A film",
        "artist": "Me",
        "custom": "Yes",
        "location": "+48.8789+002.3376/",
    }
    assert tags["creation_time"].startswith("2020-01-02T03:04:05")
    name = "MY_KEY" if suffix in (".mkv", ".webm") else "My Key"
    assert again.after.raw["format"]["tags"][name] == "1"
    assert again.plan.dropped == ()


def test_what_a_flash_video_says_of_its_file_is_not_said_of_the_result(tmp_path: Path) -> None:
    written = ("-flvflags", "add_keyframe_index", "-metadata", "title=A film")
    done = enhanced(clip(".flv", *PICTURES, *SOUND, *X264, "-c:a", "aac", *written), tmp_path)
    assert {"hasVideo", "videosize"} <= done.before.raw["format"]["tags"].keys()
    assert done.after.raw["format"]["tags"].keys() <= {"title", "encoder"}
    assert done.plan.dropped == ()


def test_what_matroska_counted_of_a_track_is_not_said_of_one_that_is_encoded_anew(
    tmp_path: Path,
) -> None:
    counted = {"BPS": "1", "NUMBER_OF_FRAMES-eng": "2", "_STATISTICS_TAGS": "BPS", "ARTIST": "Me"}
    said = [part for key, value in counted.items() for part in ("-metadata:s", f"{key}={value}")]
    sounds = ("-map", "0", "-map", "1", "-map", "1", "-c:a:0", "aac", "-c:a:1", "adpcm_ima_wav")
    done = enhanced(clip(".mkv", *PICTURES, *SOUND, *sounds, *X264, *said), tmp_path)
    left = [counted.keys() & stream["tags"].keys() for stream in done.after.raw["streams"]]
    assert [track.codec for track in done.plan.audio] == ["copy", "flac"]
    assert left == [{"ARTIST"}, counted.keys(), {"ARTIST"}]


def test_closed_captions_in_a_track_of_their_own_stay_what_they_are(tmp_path: Path) -> None:
    listed = tmp_path / "a.scc"
    listed.write_text("Scenarist_SCC V1.0\n\n00:00:00:10\t9420 9420 c8e5 ecec ef80 942f 942f\n")
    written = ("-i", str(listed), "-map", "0", "-map", "1", *X264, "-c:s", "copy")
    source = make_clip(tmp_path / "a.mov", *PICTURES, *written)
    done = enhanced(source, tmp_path)
    found = [s.codec for s in done.after.streams if s.kind == "subtitle"]
    assert found == ["eia_608"]
    assert done.plan.dropped == ()
    assert captions(done.path) == captions(source)


def captions(path: Path) -> list[tuple[int | None, bytes]]:
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.subtitles[0])
        return [(p.pts, bytes(p)) for p in packets if p.size]


def test_tags_of_ogg_become_the_files(tmp_path: Path) -> None:
    source = clip(".ogv", *PICTURES, *SOUND, "-c:v", "libtheora", "-c:a", "libvorbis", *TAGS)
    done = enhanced(source, tmp_path)
    tags = done.after.raw["format"]["tags"]
    assert (tags["title"], tags["custom"]) == ("A film", "Yes")


def test_tags_that_do_not_fit_beside_a_cover_are_named(tmp_path: Path) -> None:
    cover = make_clip(tmp_path / "cover.png", *lavfi("color=red:size=64x64"), "-frames:v", "1")
    source = make_clip(
        tmp_path / "a.mp4", *PICTURES, "-i", str(cover), "-map", "0", "-map", "1", *X264,
        *("-c:v:1", "copy", "-disposition:v:1", "attached_pic", "-metadata", "title=A film"),
    )  # fmt: skip
    found = probe(toolbox(), source, count=True)
    found.raw["format"]["tags"]["sort_name"] = "Film, A"
    assert forced(found, "a.mp4").dropped == (
        "Tags that the result's container cannot hold: sort_name.",
    )


@pytest.mark.parametrize("kind", ["png", "gif", "tiff"])
def test_a_cover_in_matroska_stays_a_cover(kind: str, tmp_path: Path) -> None:
    red = lavfi("color=red:size=64x64")
    cover = make_clip(tmp_path / f"front.{kind}", *red, "-frames:v", "1")
    attach = ("-attach", str(cover), "-metadata:s:t", f"mimetype=image/{kind}")
    source = make_clip(tmp_path / "a.mkv", *PICTURES, *X264, *attach)
    done = enhanced(source, tmp_path)
    (picture,) = [s for s in done.after.raw["streams"] if s["disposition"]["attached_pic"]]
    assert picture["tags"]["filename"] == cover.name
    assert len(done.after.of_kind("video")) == 1
    with av.open(str(done.path)) as container:
        packet = next(container.demux(container.streams[picture["index"]]))
    assert bytes(packet) == cover.read_bytes()


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_pictures_of_chapters_are_no_covers(suffix: str, tmp_path: Path) -> None:
    stills = lavfi("testsrc2=size=96x64:rate=2:duration=1")
    both = (*PICTURES, *stills, "-map", "0", "-map", "1", *X264, "-c:v:1", "mjpeg")
    refers = box(b"tref", box(b"chap", (2).to_bytes(4)))
    source = tmp_path / f"a{suffix}"
    source.write_bytes(with_box(clip(suffix, *both).read_bytes(), (b"moov", b"trak"), refers))
    done = enhanced(source, tmp_path)
    assert done.plan.dropped == ("The pictures of the chapters.",)
    assert len(done.after.streams) == 1


# --- Odd sources ----------------------------------------------------------------------------------

TWO_SECONDS = lavfi("testsrc2=size=192x108:rate=25:duration=2,format=yuv420p")
SWEEP = "aevalsrc=0.5*sin(2*PI*(200+300*t)*t):duration=2:sample_rate=44100"


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [(("-display_hflip",), "hflip"), (("-display_rotation", "90", "-display_hflip"), "other")],
)
def test_a_mirrored_picture_comes_out_as_players_show_it(
    matrix: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    plain = clip(".mp4", *PICTURES, *X264)
    source = make_clip(tmp_path / "a.mp4", *matrix, "-i", str(plain), "-c", "copy")
    done = enhanced(source, tmp_path)
    shown = make_clip(tmp_path / "shown.mkv", "-i", str(source), "-c:v", "ffv1")
    old, new = (
        frames(path)[0].to_ndarray(format="rgb24").astype(int) for path in (shown, done.path)
    )
    assert old.shape == new.shape
    assert np.abs(old - new).mean() < 4
    if expected == "hflip":
        unturned = frames(plain)[0].to_ndarray(format="rgb24").astype(int)
        assert np.abs(unturned[:, ::-1] - new).mean() < 4


def test_a_display_matrix_of_zeros_turns_nothing(tmp_path: Path) -> None:
    """Cheap cameras write it; players take no notice."""
    plain = clip(".mp4", *PICTURES, *X264).read_bytes()
    matrix = plain.index(b"tkhd") + 4 + 40
    source = tmp_path / "zeros.mp4"
    source.write_bytes(plain[:matrix] + bytes(36) + plain[matrix + 36 :])
    done = enhanced(source, tmp_path)
    for found in (done.before, done.after):
        assert (found.picture.rotation, found.picture.displayed_size) == (0, (192, 108))
    (side_data,) = next(s for s in done.before.raw["streams"] if s["index"] == 0)["side_data_list"]
    assert side_data["rotation"] == 0


@pytest.mark.parametrize(
    ("matrix", "rotation"),
    [
        (("-display_hflip",), 0),
        (("-display_vflip",), 0),
        (("-display_rotation", "180"), 180),
        (("-display_rotation", "90", "-display_hflip"), 90),
    ],
)
def test_a_mirror_is_no_rotation(matrix: tuple[str, ...], rotation: int, tmp_path: Path) -> None:
    plain = clip(".mp4", *PICTURES, *X264)
    source = make_clip(tmp_path / "a.mp4", *matrix, "-i", str(plain), "-c", "copy")
    found = probe(toolbox(), source, count=False).picture.rotation
    assert found % 180 == rotation % 180
    assert (found == 0) == (rotation == 0)


@pytest.mark.parametrize("range_", ["pc", "tv"])
def test_grey_keeps_its_range_and_its_levels(range_: str, tmp_path: Path) -> None:
    grey = lavfi(f"testsrc2=size=192x108:duration=0.4,format=gray,setparams=range={range_}")
    source = clip(".mkv", *grey, "-c:v", "ffv1", "-color_range", range_)
    done = enhanced(source, tmp_path)
    assert done.after.picture.range == done.before.picture.range
    old, new = (frames(path)[5] for path in (source, done.path))
    was, now = (
        np.frombuffer(f.planes[0], np.uint8).reshape(-1, f.planes[0].line_size)[:108, :192]
        for f in (old, new)
    )
    assert np.abs(was.astype(int) - now).mean() < 4


@pytest.mark.parametrize(("times", "matrix"), [(2, None), (4, "smpte170m")])
def test_small_pictures_that_become_hd_name_their_matrix(
    times: int, matrix: str | None, tmp_path: Path
) -> None:
    tools = toolbox()
    source = clip(".mp4", *lavfi("testsrc2=size=320x240:duration=0.4,format=yuv420p"), *X264)
    before = probe(tools, source, count=True)
    plan = decide(tools, source, before, Options.of(upscale=times))
    target = tmp_path / "result.mp4"
    enhance_to(tools, source, before, plan, target, lambda _: None)
    assert probe(tools, target, count=False).picture.matrix == matrix


@pytest.mark.parametrize(
    "change",
    ["scale=192:128", "format=yuv444p", "setparams=colorspace=bt709", "setparams=range=pc"],
)
def test_no_picture_is_lost_where_pictures_change_on_the_way(change: str, tmp_path: Path) -> None:
    pictures = "testsrc2=size=96x64:duration=0.4,format=yuv420p"
    first, second = (
        clip(".ts", *lavfi(what), *X264, "-output_ts_offset", start)
        for what, start in ((pictures, "1"), (f"{pictures},{change}", "1.4"))
    )
    source = tmp_path / "both.ts"
    source.write_bytes(first.read_bytes() + second.read_bytes())
    tools = toolbox()
    before = probe(tools, source, count=True)
    plan = decide(tools, source, before, Options.of("none", deinterlace=True, deflicker=True))
    target = tmp_path / "result.ts"
    enhance_to(tools, source, before, plan, target, lambda _: None)
    assert len(frames(target)) == len(frames(source)) == 20
    assert {(f.width, f.height, f.format.name) for f in frames(target)} == {(96, 64, "yuv420p")}


@pytest.mark.parametrize("suffix", [".mov", ".mp4"])
def test_a_time_code_is_kept_and_nothing_is_said_to_be_dropped(suffix: str, tmp_path: Path) -> None:
    pictures = lavfi(f"testsrc2=size=96x64:duration=0.2,format=yuv420p,{NOISY}")
    done = enhanced(clip(suffix, *pictures, *X264, "-timecode", "01:02:03:04"), tmp_path)
    codes = [s.get("tags", {}).get("timecode") for s in done.after.raw["streams"]]
    assert codes == ["01:02:03:04", "01:02:03:04"]
    assert done.plan.dropped == ()


def test_an_odd_size_can_be_enlarged(tmp_path: Path) -> None:
    odd = lavfi("testsrc2=size=320x240:duration=0.2,format=yuv420p,crop=33:19:0:0:exact=1")
    tools, source = toolbox(), clip(".mkv", *odd, "-c:v", "ffv1")
    before = probe(tools, source, count=True)
    plan = decide(tools, source, before, Options.of(upscale=3))
    target = tmp_path / "result.mkv"
    enhance_to(tools, source, before, plan, target, lambda _: None)
    after = probe(tools, target, count=False).picture
    assert (after.width, after.height) == (100, 58)


def test_the_pixels_shape_turns_with_the_picture(tmp_path: Path) -> None:
    wide = lavfi(f"testsrc2=size=180x144:duration=0.2,format=yuv420p,setsar=64/45,{NOISY}")
    plain = clip(".mp4", *wide, *X264)
    source = make_clip(
        tmp_path / "a.mp4", "-display_rotation", "90", "-i", str(plain), "-c", "copy"
    )
    after = enhanced(source, tmp_path).after.picture
    assert (after.width, after.height, after.sample_aspect) == (144, 180, Fraction(45, 64))


def test_vp9_keeps_odd_sizes(tmp_path: Path) -> None:
    odd = lavfi("testsrc2=size=320x240:duration=0.2,format=yuv420p,crop=161:121:0:0:exact=1")
    done = enhanced(clip(".webm", *odd, "-c:v", "libvpx-vp9", "-cpu-used", "8"), tmp_path)
    assert (done.after.picture.width, done.after.picture.height) == (161, 121)


def test_a_changed_odd_size_is_said(tmp_path: Path) -> None:
    odd = lavfi("testsrc2=size=320x240:duration=0.2,format=yuv420p,crop=161:121:0:0:exact=1")
    done = enhanced(clip(".mkv", *odd, "-c:v", "ffv1"), tmp_path)
    assert any("162×122" in words for words in done.plan.findings)


@pytest.mark.parametrize(("suffix", "codec"), [(".webm", "libvpx-vp9"), (".mkv", "ffv1")])
def test_ten_bits_stay_ten_bits(suffix: str, codec: str, tmp_path: Path) -> None:
    deep = lavfi("testsrc2=size=192x108:duration=0.2,format=yuv420p10le")
    done = enhanced(clip(suffix, *deep, "-c:v", codec), tmp_path)
    assert (done.after.picture.bit_depth, done.after.picture.pixel_format) == (10, "yuv420p10le")


def test_transparency_that_is_lost_is_said_and_not_claimed(tmp_path: Path) -> None:
    clear = lavfi("testsrc2=size=96x64:duration=0.4,format=yuva420p")
    source = clip(".webm", *clear, "-c:v", "libvpx-vp9", "-cpu-used", "8")
    found = probe(toolbox(), source, count=True)
    done = enhanced(source, tmp_path, "a.mkv")
    assert found.picture.alpha
    assert done.plan.dropped == ("The unused transparency.",)
    assert not done.after.picture.alpha


def test_a_layer_of_transparency_in_hevc_is_left_alone(tmp_path: Path) -> None:
    see_through = lavfi("testsrc2=size=96x64:duration=0.4,format=yuva420p")
    tools = toolbox()
    layer = ("-c:v", "libx265", "-x265-params", "alpha=1", "-tag:v", "hvc1")
    source = clip(".mov", *see_through, *layer)
    plan = decide(tools, source, probe(tools, source, count=True), Options.of(sharpen=1.0))
    assert plan.action == "copy"
    assert "transparency" in plan.findings[-1]


@pytest.mark.parametrize("codec", ["libvpx-vp9", "libsvtav1"])
def test_what_is_only_said_to_be_transparent_loses_nothing(codec: str, tmp_path: Path) -> None:
    plain = lavfi("testsrc2=size=96x64:duration=0.4,format=yuv420p")
    source = clip(".webm", *plain, "-c:v", codec, "-metadata:s:v:0", "alpha_mode=1")
    done = enhanced(source, tmp_path)
    assert done.plan.dropped == ()
    assert not done.after.picture.alpha
    with av.open(str(done.path)) as container:
        assert "alpha_mode" not in {name.lower() for name in container.streams.video[0].metadata}


def test_a_crop_at_the_left_is_kept(tmp_path: Path) -> None:
    plain = clip(".mp4", *PICTURES, *X264)
    crop = ("-c", "copy", "-bsf:v", "h264_metadata=crop_left=4:crop_top=2")
    source = make_clip(tmp_path / "a.mp4", "-i", str(plain), *crop)
    after = enhanced(source, tmp_path).after.picture
    assert (after.width, after.height) == (188, 106)


def test_a_containers_own_crop_costs_no_pixels(tmp_path: Path) -> None:
    film = cropped(clip(".mp4", *PICTURES, *X264), 180, 100, tmp_path / "a.mp4")
    after = enhanced(film, tmp_path).after.picture
    assert (after.width, after.height) == (192, 108)


@pytest.mark.parametrize(("suffix", "turned"), [(".mp4", False), (".mkv", False), (".mp4", True)])
def test_a_containers_own_crop_is_said_to_be_lost(
    suffix: str, turned: bool, tmp_path: Path
) -> None:
    source = cropped(clip(".mp4", *PICTURES, *X264), 180, 100, tmp_path / f"a{suffix}")
    if turned:
        straight = ("-display_rotation", "90", "-i", str(source))
        source = make_clip(tmp_path / f"turned{suffix}", *straight, "-c", "copy")
    found = probe(toolbox(), source, count=True)
    plan = decide(toolbox(), source, found, Options.of("none", codec="h264", quality="small"))
    assert plan.dropped == (
        "The crop by which players may show 180×100 of 192×108 pixels; the edges are kept.",
    )


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".mpg"])
def test_telecined_film_keeps_its_uneven_times(suffix: str, tmp_path: Path) -> None:
    film = lavfi("testsrc2=size=96x64:rate=30000/1001:duration=0.8,format=yuv420p")
    fields = ("-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-bf", "0", "-f", "mpeg2video")
    stream = tmp_path / "film.m2v"
    stream.write_bytes(telecined(clip(".m2v", *film, *fields).read_bytes()))
    uneven = r"setts=ts=(floor(N/2)*2.5+mod(N\,2)*1.5)*1001/30000/TB"
    source = make_clip(tmp_path / f"a{suffix}", "-i", str(stream), "-c", "copy", "-bsf:v", uneven)
    done = enhanced(source, tmp_path)
    gaps = np.diff([float(t) for t in times(done.path)]) * 30000 / 1001
    assert len(gaps) == 23
    assert np.abs(gaps[::2] - 1.5).max() < 0.04
    assert np.abs(gaps[1::2] - 1.0).max() < 0.04


def telecined(data: bytes) -> bytes:
    """An MPEG-2 stream whose every second picture is marked to repeat its first field."""
    made, at, count = bytearray(data), 0, 0
    while (at := made.find(b"\0\0\1\xb5", at)) >= 0:
        if made[at + 4] >> 4 == 8:  # a picture coding extension
            made[at + 7] |= 0x80 | (2 if count % 2 == 0 else 0)  # top field first, repeat it
            made[at + 8] |= 0x80  # progressive
            count += 1
        at += 4
    return bytes(made)


def part(size: str, start: float, sound_codec: str = "mp2", seconds: float = 1) -> bytes:
    """A second of a transport stream that begins at a time, and so many seconds of its sound."""
    pictures = lavfi(f"testsrc2=size={size}:rate=25:duration=1,format=yuv420p")
    sound = lavfi(f"sine=duration={seconds}")
    args = ("-c:a", sound_codec, "-output_ts_offset", str(start))
    return clip(".ts", *pictures, *sound, *X264, *args).read_bytes()


def test_teletext_stays_in_a_transport_stream(tmp_path: Path) -> None:
    source = tmp_path / "a.ts"
    source.write_bytes(with_teletext(PICTURES))
    done = enhanced(source, tmp_path)
    kept = [(t.codec, t.language) for t in done.after.streams if t.kind == "subtitle"]
    assert (kept, done.plan.dropped) == ([("dvb_teletext", "deu,eng")], ())


def with_teletext(film: tuple[str, ...]) -> bytes:
    """A transport stream with teletext of two pages: sound in Opus, whose table is told otherwise.
    What the packets hold is nobody's business who copies them."""
    opus = ("-c:a", "libopus", "-metadata:s:a", "language=deu")
    made = bytearray(clip(".ts", *film, *SOUND, *X264, *opus).read_bytes())
    said = b"\x05\x04Opus\x7f\x02\x80\x01\x0a\x04deu\0"
    pages = b"\x56\x0adeu\x10\x88eng\x11\x50\xfe\x02\0\0"
    at = -1
    while (at := made.find(said, at + 1)) >= 0:
        table = made.rfind(b"\x02\xb0", 0, at)
        made[at : at + len(said)] = pages
        end = table + 3 + int.from_bytes(made[table + 1 : table + 3]) % 4096
        made[end - 4 : end] = checksum(made[table : end - 4]).to_bytes(4)
    return bytes(made)


def checksum(section: bytes) -> int:
    """The CRC-32 of MPEG-2's tables."""
    found = 0xFFFF_FFFF
    for bit in (byte >> shift & 1 for byte in section for shift in range(7, -1, -1)):
        found = (found << 1 ^ (0x04C1_1DB7 if found >> 31 ^ bit else 0)) & 0xFFFF_FFFF
    return found


@pytest.mark.parametrize(
    ("start", "gap"),
    [(4, 3.04), (40, 0.1), (0, 0.1)],
    ids=["a short gap stays", "a long gap is closed", "a step back is closed"],
)
def test_a_transport_stream_that_was_cut_together(start: float, gap: float, tmp_path: Path) -> None:
    source = tmp_path / "a.ts"
    source.write_bytes(part("192x108", 0) + part("192x108", start))
    done = enhanced(source, tmp_path)
    gaps = np.diff([float(t) for t in times(done.path)])
    assert len(gaps) == 49
    assert 0 < gaps[24] <= gap + 0.001
    assert np.abs(np.delete(gaps, 24) - 0.04).max() < 0.002


@pytest.mark.parametrize("codec", ["aac", "mp2", "ac3"])
@pytest.mark.parametrize("seconds", [0.8, 1, 1.2])
def test_sound_may_end_before_its_pictures_or_after_them_where_recordings_were_joined(
    seconds: float, codec: str, tmp_path: Path
) -> None:
    source = tmp_path / "a.ts"
    source.write_bytes(part("192x108", 0, codec, seconds) + part("192x108", 500, codec))
    done = enhanced(source, tmp_path)
    assert len(times(done.path)) == 50
    assert len(sound_of(done.path)) == len(sound_of(source))


def test_a_recording_whose_streams_get_other_numbers_is_read(tmp_path: Path) -> None:
    """FFmpeg takes those for further streams, and goes on with the ones from the beginning."""
    numbers = ("-mpegts_start_pid", "0x200", "-mpegts_pmt_start_pid", "0x1200")
    later = clip(".ts", *PICTURES, *SOUND, *X264, "-c:a", "aac", "-output_ts_offset", "1", *numbers)
    source = tmp_path / "a.ts"
    source.write_bytes(part("192x108", 0, "aac") + later.read_bytes())
    assert len(times(enhanced(source, tmp_path).path)) == 25


@pytest.mark.parametrize("codec", ["mp2", "ac3"])
def test_a_sound_track_that_a_recording_gets_on_the_way_is_kept(codec: str, tmp_path: Path) -> None:
    number = ("-output_ts_offset", "3", "-streamid", "1:258")
    later = clip(".ts", *PICTURES, *SOUND, *X264, "-c:a", codec, *number)
    source = tmp_path / "a.ts"
    source.write_bytes(b"".join(part("192x108", n) for n in range(3)) + later.read_bytes())
    done = enhanced(source, tmp_path)
    kept = [s.codec for s in done.after.streams if s.kind == "audio"]
    assert (kept, done.plan.dropped) == (["mp2", codec], ())


@pytest.mark.parametrize("ahead", ["-70", "3", "70"])
def test_a_recording_of_several_programmes_keeps_one_of_them(ahead: str, tmp_path: Path) -> None:
    # Each has a clock of its own.
    both = [*PICTURES, *SOUND, "-itsoffset", ahead, *PICTURES, "-itsoffset", ahead, *SOUND]
    source = make_clip(
        tmp_path / "both.ts",
        *(*both, "-map", "0", "-map", "1", "-map", "2", "-map", "3", *X264, "-c:a", "mp2"),
        *("-program", "program_num=1:st=0:st=1", "-program", "program_num=2:st=2:st=3"),
        *("-output_ts_offset", "80"),
    )
    done = enhanced(source, tmp_path)
    assert [s.kind for s in done.after.streams] == ["video", "audio"]
    assert done.before.duration == pytest.approx(1.0, abs=0.05)
    assert done.plan.dropped == (
        "The sound track 3 (mp2), which belongs to another programme.",
        "The second video 2 (h264), which belongs to another programme.",
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [(0, 0.5), (0, 0.88), (2, 0)],
    ids=["half a second twice", "three pictures twice", "the older part last"],
)
def test_parts_of_a_transport_stream_that_overlap_are_put_one_after_another(
    first: float, second: float, tmp_path: Path
) -> None:
    source = tmp_path / "a.ts"
    source.write_bytes(part("192x108", first) + part("192x108", second))
    done = enhanced(source, tmp_path)
    assert len(times(done.path)) == 50
    assert abs(start_of_sound(done.path) - start_of_sound(source)) < Fraction(5, 1000)


def test_sound_that_overlaps_where_a_transport_stream_was_cut_stays_in_place(
    tmp_path: Path,
) -> None:
    source = tmp_path / "a.ts"
    source.write_bytes(part("192x108", 0, "aac") + part("192x108", 1, "aac"))
    done = enhanced(source, tmp_path)
    old, new = (sound_times(path) for path in (source, done.path))
    moves = [b - a for n, (a, b) in enumerate(zip(old, new, strict=True)) if a >= max(old[: n + 1])]
    assert len(moves) > 80
    assert max(moves) - min(moves) < Fraction(1, 1000)


def sound_times(path: Path) -> list[Fraction]:
    """When each packet of sound is heard, in seconds, in the file's order."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return [p.pts * stream.time_base for p in container.demux(stream) if p.pts is not None]


def test_a_recording_that_begins_between_keyframes_stays_in_step(tmp_path: Path) -> None:
    pictures = lavfi(f"testsrc2=size=192x108:rate=25:duration=2,format=yuv420p,{NOISY}")
    args = (*X264, "-g", "25", "-c:a", "aac")
    whole = clip(".ts", *pictures, *lavfi("sine=duration=2"), *args).read_bytes()
    source = tmp_path / "a.ts"
    source.write_bytes(whole[len(whole) // 188 // 4 * 188 :])
    done = enhanced(source, tmp_path)
    assert len(times(done.path)) == 25
    assert done.before.timing is not None
    assert done.before.timing.packets > 25
    assert abs(start_of_sound(done.path) - start_of_sound(source)) < Fraction(5, 1000)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".flv"])
def test_a_film_that_lost_a_keyframe_is_enhanced(suffix: str, tmp_path: Path) -> None:
    """Of what refers to it, the decoder gives two pictures one time."""
    pictures = lavfi(f"testsrc2=size=96x64:rate=25:duration=2,format=yuv420p,{NOISY}")
    args = ("-c:v", "libx264", "-preset", "veryfast", "-threads", "1", "-g", "10", "-c:a", "aac")
    whole = clip(".mp4", *pictures, *lavfi("sine=duration=2"), *args)
    lost = ("-c", "copy", "-bsf:v", r"noise=drop='eq(n\,10)':amount=0")
    source = make_clip(tmp_path / f"a{suffix}", "-i", str(whole), *lost)
    done = enhanced(source, tmp_path)
    assert done.before.timing is not None
    assert 35 < len(times(done.path)) < done.before.timing.packets
    assert abs(done.after.duration - done.before.duration) < Fraction(1, 10)


def test_a_recording_goes_on_behind_a_long_stretch_of_nothing(tmp_path: Path) -> None:
    """libav gives up after 64 kilobytes without a packet, and would look further when asked."""
    pictures = lavfi(f"testsrc2=size=192x108:rate=25:duration=4,format=yuv420p,{NOISY}")
    args = ("-c:v", "mpeg2video", "-q:v", "2", "-c:a", "mp2")
    whole = bytearray(clip(".ts", *pictures, *lavfi("sine=duration=4"), *args).read_bytes())
    hole = slice(len(whole) // 3, len(whole) // 3 + 150_000)
    whole[hole] = bytes(150_000)
    source = tmp_path / "a.ts"
    source.write_bytes(whole)
    done = enhanced(source, tmp_path)
    shown = times(done.path)
    assert 80 < len(shown) < 100
    assert shown[-1] == Fraction(99, 25)
    assert done.before.timing is not None
    assert done.before.timing.duration == 4


def test_a_film_of_which_one_time_is_wrong_is_enhanced(tmp_path: Path) -> None:
    """The decoder hands pictures out in another order than that of their times."""
    pictures = lavfi(f"testsrc2=size=96x64:rate=25:duration=2,format=yuv420p,{NOISY}")
    args = ("-c:v", "libx264", "-preset", "veryfast", "-threads", "1")
    whole = bytearray(clip(".mp4", *pictures, *args).read_bytes())
    # Version, flags and count; the first picture's entry; how many the second one is for.
    entry = whole.index(b"ctts") + 4 + 8 + 8 + 4
    later = int.from_bytes(whole[entry : entry + 4], "big")
    whole[entry : entry + 4] = (later // 2).to_bytes(4, "big")
    source = tmp_path / "a.mp4"
    source.write_bytes(whole)
    done = enhanced(source, tmp_path)
    assert len(times(done.path)) == len(frames(source)) == 50


def test_a_video_beside_one_of_a_codec_that_nobody_knows_is_enhanced(tmp_path: Path) -> None:
    both = ("-map", "0", "-map", "0", "-c:v:0", "ffv1", "-c:v:1", "libx264")
    two = clip(".mkv", *PICTURES, *both, "-disposition:v:0", "default").read_bytes()
    source = tmp_path / "a.mkv"
    source.write_bytes(two.replace(b"V_FFV1", b"V_XYZ1"))
    assert check(toolbox(), source).picture.codec == "h264"
    done = enhanced(source, tmp_path)
    assert len(times(done.path)) == 25
    assert done.plan.dropped == ("The second video 0 (unknown); only the main one is enhanced.",)


def test_a_recording_that_begins_within_a_piece_of_sound_is_enhanced(tmp_path: Path) -> None:
    pictures = lavfi("testsrc2=size=192x108:rate=25:duration=2")
    args = ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "ac3", "-f", "vob")
    whole = clip(".vob", *pictures, *lavfi("sine=duration=2"), *args).read_bytes()
    source = tmp_path / "a.vob"
    source.write_bytes(whole[len(whole) // 2048 // 4 * 2048 :])
    done = enhanced(source, tmp_path)
    assert done.plan.audio[0].codec == "copy"
    # The rest of a piece is left out.
    assert len(sound_times(source)) - len(sound_times(done.path)) == 1


def test_pictures_that_change_their_size_all_get_the_first_ones(tmp_path: Path) -> None:
    source = tmp_path / "a.ts"
    source.write_bytes(part("192x108", 0) + part("128x96", 1))
    done = enhanced(source, tmp_path)
    assert {(f.width, f.height) for f in frames(done.path)} == {(192, 108)}
    assert len(times(done.path)) == 50


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_reordered_avi_stays_in_step(codec: str, tmp_path: Path) -> None:
    source = clip(".avi", *TWO_SECONDS, *lavfi(SWEEP), "-c:v", codec, "-bf", "2", "-c:a", "mp3")
    done = enhanced(source, tmp_path)
    # Whatever the decoder makes of it, AVI begins with its first picture.
    assert abs(start_of_sound(done.path)) < Fraction(5, 1000)
    assert set(np.diff([float(t) for t in times(done.path)]).round(6)) == {0.04}


@pytest.mark.parametrize("sound", ["pcm_s16le", "adpcm_ima_wav", "mp3"])
def test_avi_without_reordered_pictures_stays_in_step(sound: str, tmp_path: Path) -> None:
    # As dashboard and surveillance cameras write it; one libav puts its pictures one too late.
    source = clip(".avi", *TWO_SECONDS, *lavfi(SWEEP), *X264, "-bf", "0", "-c:a", sound)
    done = enhanced(source, tmp_path)
    assert abs(start_of_sound(done.path)) < Fraction(5, 1000)
    # Before MP3, FFmpeg leaves a place without a picture.
    length = 51 if sound == "mp3" else 50
    assert done.before.timing is not None
    assert done.before.timing.duration == Fraction(length, 25)


def test_asf_of_h264_without_reordered_pictures_stays_in_step(tmp_path: Path) -> None:
    source = clip(".asf", *TWO_SECONDS, *lavfi(SWEEP), *X264, "-bf", "0", "-c:a", "wmav2")
    done = enhanced(source, tmp_path)  # and verified
    assert set(np.diff([float(t) for t in times(done.path)]).round(6)) == {0.04}


def test_raw_field_pictures_keep_their_length(tmp_path: Path) -> None:
    source = tmp_path / "fields.h264"
    source.write_bytes(field_pictures(30))
    done = enhanced(source, tmp_path)
    assert set(np.diff([float(t) for t in times(done.path)]).round(6)) == {0.04}


def test_a_first_picture_before_the_beginning_is_kept(tmp_path: Path) -> None:
    film = lavfi("testsrc2=size=96x64:rate=30000/1001:duration=0.8,format=yuv420p")
    fields = ("-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-bf", "2", "-f", "mpeg2video")
    stream = clip(".m2v", *film, *fields)
    source = make_clip(tmp_path / "a.mpg", "-i", str(stream), "-c", "copy", "-f", "vob")
    found = probe(toolbox(), source, count=True)
    done = enhanced(source, tmp_path)
    assert done.after.timing is not None
    assert found.timing is not None
    assert done.after.timing.packets == found.timing.packets == len(times(done.path)) == 24


@pytest.mark.parametrize("codec", [("libvpx-vp9",), ("libvpx", "-auto-alt-ref", "0")])
def test_transparency_stays_in_webm(codec: tuple[str, ...], tmp_path: Path) -> None:
    clear = f"{PIERCED},{HOLE}"
    source = clip(".webm", *lavfi(clear), "-c:v", *codec, "-cpu-used", "8", "-crf", "8")
    done = enhanced(source, tmp_path)
    assert done.after.picture.alpha
    assert done.after.picture.matrix == done.before.picture.matrix
    assert_pierced(done.path)


PIERCED = "testsrc2=size=96x64:duration=0.4,format=yuva420p"
HOLE = "geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='255*gt(X,48)'"


def assert_pierced(path: Path) -> None:
    """Assert that the left half of the first picture is transparent and the right half is not."""
    decoder: Any = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(path)) as container:
        packets = list(container.demux(video=0))
    pictures = [f for p in packets for f in decoder.decode(p)]
    alpha = pictures[0].to_ndarray(format="rgba")[..., 3]
    assert alpha[:, :40].mean() < 10
    assert alpha[:, 56:].mean() > 245


@pytest.mark.parametrize("wishes", [{"denoise": 1.0}, {"deblock": 1.0, "deinterlace": True}])
def test_transparency_goes_around_filters_that_would_lose_it(
    wishes: dict[str, Any], tmp_path: Path
) -> None:
    coded = ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-crf", "8")
    noisy = f"{PIERCED},noise=c0s=30:c0f=t,{HOLE}"
    tools, source = toolbox(), clip(".webm", *lavfi(noisy), *coded)
    before = probe(tools, source, count=True)
    plan = decide(tools, source, before, Options.of("none", **wishes))
    target = tmp_path / "result.webm"
    enhance_to(tools, source, before, plan, target, lambda _: None)
    assert plan.filters
    assert_pierced(target)


def test_pictures_without_a_container_get_an_even_rate(tmp_path: Path) -> None:
    source = clip(".h264", *PICTURES, *X264, "-bf", "2", "-f", "h264")
    done = enhanced(source, tmp_path)
    assert done.plan.retime == "constant"
    gaps = np.diff([float(t) for t in times(done.path)])
    assert len(gaps) == 24
    assert gaps.max() - gaps.min() < 0.001


def test_so_do_those_that_change_their_size(tmp_path: Path) -> None:
    source = tmp_path / "a.h264"
    sizes = (lavfi(f"testsrc2=size={size}:duration=0.4") for size in ("192x108", "128x96"))
    raw = ("-pix_fmt", "yuv420p", *X264, "-bf", "2")
    source.write_bytes(b"".join(clip(".h264", *film, *raw).read_bytes() for film in sizes))
    done = enhanced(source, tmp_path)
    assert set(np.diff([float(t) for t in times(done.path)]).round(6)) == {0.04}
    assert len(times(done.path)) == 20


def white(suffix: str, tmp_path: Path, *sizes: str) -> Path:
    """White pictures of H.264 that change their size on the way."""
    source = tmp_path / "a.h264"
    films = (lavfi(f"color=white:size={size}:duration=0.2") for size in sizes)
    raw = ("-pix_fmt", "yuv420p", *X264, "-bf", "0")
    source.write_bytes(b"".join(clip(".h264", *film, *raw).read_bytes() for film in films))
    if suffix == ".h264":
        return source
    return make_clip(tmp_path / f"a{suffix}", "-r", "25", "-i", str(source), "-c", "copy")


def seen(path: Path) -> list[tuple[int, int]]:
    """How wide and how high what is white in each picture is."""
    bright = [frame.to_ndarray(format="gray") > 128 for frame in frames(path)]
    return [(int(each.any(0).sum()), int(each.any(1).sum())) for each in bright]


@pytest.mark.parametrize("suffix", [".h264", ".mp4", ".mov", ".flv", ".mkv", ".ts"])
@pytest.mark.parametrize(("second", "fitted"), [("64x96", (42, 64)), ("192x64", (96, 32))])
def test_pictures_that_change_their_shape_are_not_squashed(
    second: str, fitted: tuple[int, int], suffix: str, tmp_path: Path
) -> None:
    source = white(suffix, tmp_path, "96x64", second)
    if suffix == ".ts" and second == "192x64":
        fitted = (96, 64)  # in broadcasts, such are pixels of another shape
    first, *_, last = seen(enhanced(source, tmp_path).path)
    assert (first, last) == ((96, 64), fitted)


@pytest.mark.parametrize("way", [("-display_rotation:v:0", "90"), ("-display_hflip:v:0",)])
def test_turned_pictures_may_change_their_size(way: tuple[str, ...], tmp_path: Path) -> None:
    change = white(".mp4", tmp_path, "48x32", "96x64", "64x96")
    source = make_clip(tmp_path / "turned.mp4", *way, "-i", str(change), "-c", "copy")
    tools = toolbox()
    before = probe(tools, source, count=True)
    plan = decide(tools, source, before, Options.of(sharpen=1.0, deflicker=True))
    target = tmp_path / "result.mp4"
    enhance_to(tools, source, before, plan, target, lambda _: None)
    sizes = [(96, 64), (96, 64), (42, 64)]
    if "90" in way:
        sizes = [(height, width) for width, height in sizes]
    assert seen(target)[::5] == sizes
    after = probe(tools, target, count=False).picture
    assert (after.rotation, after.mirrored) == (0, False)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_film_that_begins_small_becomes_as_large_as_it_gets(suffix: str, tmp_path: Path) -> None:
    source = white(suffix, tmp_path, "64x32", "96x64", "64x96", "48x32")
    tools = toolbox()
    before = probe(tools, source, count=True)
    plan = decide(tools, source, before, Options.of(sharpen=1.0))
    assert "all are brought to 96×64" in " ".join(plan.findings)
    assert Plan.from_json(plan.to_json()) == plan
    target = tmp_path / f"result{suffix}"
    enhance_to(tools, source, before, plan, target, lambda _: None)
    assert {(f.width, f.height) for f in frames(target)} == {(96, 64)}
    assert probe(tools, target, count=False).picture.sample_aspect == 1
    assert seen(target)[::5] == [(96, 48), (96, 64), (42, 64), (96, 64)]


def test_a_raw_stream_that_was_put_into_a_container_stays_in_step(tmp_path: Path) -> None:
    raw = clip(".h264", *PICTURES, *X264, "-bf", "2")
    bare = make_clip(tmp_path / "bare.mp4", "-r", "25", "-i", str(raw), "-c", "copy")
    late = (*SOUND, "-itsoffset", "0.5", "-i", str(bare))
    source = make_clip(tmp_path / "a.mp4", *late, "-c:v", "copy", "-c:a", "aac")
    done = enhanced(source, tmp_path)
    assert done.plan.retime == "constant"
    assert set(np.diff([float(t) for t in times(done.path)]).round(6)) == {0.04}
    starts = [start_of_pictures(path) for path in (source, done.path)]
    assert abs(starts[0] - starts[1]) < Fraction(1, 1000)


def test_gxf_gets_the_times_that_it_tells(tmp_path: Path) -> None:
    film = lavfi("testsrc2=size=720x576:rate=25:duration=0.4")
    source = clip(".gxf", *film, *SOUND, "-t", "0.4", "-c:v", "mpeg2video", "-ar", "48000")
    done = enhanced(source, tmp_path)
    assert done.before.picture.average_rate == done.after.picture.average_rate == 25
    assert done.before.duration == Fraction(2, 5)


def test_sound_whose_times_are_counted_in_fields_is_one_piece(tmp_path: Path) -> None:
    film = lavfi("testsrc2=size=720x576:rate=25:duration=3")
    sweep = lavfi("aevalsrc='0.5*sin(2*PI*(200*t+300*t*t))':s=48000:d=3")
    source = clip(".gxf", *film, *sweep, "-c:v", "mpeg2video", "-c:a", "pcm_s16le")
    done = enhanced(source, tmp_path)
    assert [s.codec for s in done.after.streams if s.kind == "audio"] == ["aac"]


def test_what_is_too_fast_for_av1_is_encoded_all_the_same(tmp_path: Path) -> None:
    source = clip(".mp4", *lavfi("testsrc2=size=96x64:rate=480:duration=0.1"), *X264)
    tools = toolbox()
    found = probe(tools, source, count=True)
    plan = decide(tools, source, found, Options.of(codec="av1"))
    rendered = enhance_to(tools, source, found, plan, tmp_path / "out", lambda _: None)
    assert rendered.frames == 48
    assert any("H.264 instead" in words for words in plan.findings)


def start_of_pictures(path: Path) -> Fraction:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return min(p.pts for p in container.demux(stream) if p.pts is not None) * stream.time_base
