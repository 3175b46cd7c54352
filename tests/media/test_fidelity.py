"""Everything but the damage survives an encoding: made clips are enhanced and looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.clips import clip, lavfi, make_clip, toolbox
from tests.media.plans import forced

from reelworks.media.encode import encode
from reelworks.media.enhance import decide, enhance_to
from reelworks.media.facts import Probe
from reelworks.media.options import Options
from reelworks.media.plan import Plan
from reelworks.media.probe import probe
from reelworks.media.verify import verify

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
    source = clip(".mp4", *PICTURES, *SOUND, *X264, "-c:a", "aac")
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
    source = clip(".mp4", *lavfi("testsrc2=size=192x108:duration=1,format=yuv420p"), *X264)
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


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_tags_that_only_quicktime_knows_survive(suffix: str, tmp_path: Path) -> None:
    tags = ("-movflags", "use_metadata_tags", "-metadata", "com.apple.quicktime.make=Apple")
    source = clip(suffix, *PICTURES, *X264, *tags)
    done = enhanced(source, tmp_path)
    assert done.after.raw["format"]["tags"]["com.apple.quicktime.make"] == "Apple"


# The lower left of testsrc2 is unlike its other corners; a wrong turn shows at once.
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_picture_comes_out_upright(degrees: int, tmp_path: Path) -> None:
    plain = clip(".mp4", *PICTURES, *SOUND, *X264, "-c:a", "aac")
    source = make_clip(
        tmp_path / "turned.mp4",
        *("-display_rotation", str(-degrees), "-i", str(plain), "-c", "copy"),
    )
    done = enhanced(source, tmp_path)
    assert done.before.picture.rotation == degrees
    assert done.after.picture.rotation == 0
    stored = frames(source)[0].to_ndarray(format="gray").astype(int)
    shown = frames(done.path)[0].to_ndarray(format="gray").astype(int)
    upright = np.rot90(stored, -degrees // 90)
    assert shown.shape == upright.shape
    assert np.abs(shown - upright).mean() < 8


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


@pytest.mark.parametrize(
    ("suffix", "sound", "name"),
    [
        (".mp4", "aac", "a.mp4"),
        (".mkv", "libopus", "a.mkv"),
        (".ts", "aac", "a.ts"),
        (".webm", "libvorbis", "a.webm"),
        (".mov", "pcm_s16le", "a.mov"),
        (".flv", "aac", "a.flv"),
        (".avi", "pcm_s16le", "a.avi"),
    ],
)
@pytest.mark.parametrize("late", [0.0, 0.3])
def test_sound_stays_in_step(
    suffix: str, sound: str, name: str, late: float, tmp_path: Path
) -> None:
    white = "drawbox=color=white:t=fill:enable='gte(t,1)'"
    flash = f"color=black:size=96x64:rate=25:duration=2,format=yuv420p,{white}"
    beep = "aevalsrc='0.9*sin(2500*t)*gte(t,1)':duration=2:sample_rate=48000"
    # AVI has no presentation times: with reordered pictures nobody can tell where they belong.
    codec = ("-c:v", "mpeg4", "-q:v", "2") if suffix == ".avi" else X264
    codec = ("-c:v", "libvpx-vp9", "-cpu-used", "8") if suffix == ".webm" else codec
    offset = ("-itsoffset", str(late)) if late else ()
    source = clip(
        suffix, *offset, *lavfi(flash), *lavfi(beep), *codec, "-c:a", sound, "-strict", "-2"
    )
    done = enhanced(source, tmp_path, name)
    old_flash, old_beep = flash_and_beep(source)
    new_flash, new_beep = flash_and_beep(done.path)
    assert abs((new_flash - new_beep) - (old_flash - old_beep)) < Fraction(3, 100)


def test_transparency_stays_in_webm(tmp_path: Path) -> None:
    clear = "testsrc2=size=96x64:duration=0.4,format=yuva420p"
    hole = "geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='255*gt(X,48)'"
    source = clip(
        ".webm", *lavfi(f"{clear},{hole}"), "-c:v", "libvpx-vp9", "-cpu-used", "8", "-crf", "8"
    )
    done = enhanced(source, tmp_path)
    assert done.after.picture.alpha
    decoder: Any = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(done.path)) as container:
        packets = list(container.demux(video=0))
    pictures = [f for p in packets for f in decoder.decode(p)]
    alpha = pictures[0].to_ndarray(format="rgba")[..., 3]
    assert alpha[:, :40].mean() < 10
    assert alpha[:, 56:].mean() > 245


def test_pictures_without_a_container_get_an_even_rate(tmp_path: Path) -> None:
    source = clip(".h264", *PICTURES, *X264, "-bf", "2", "-f", "h264")
    done = enhanced(source, tmp_path)
    assert done.plan.retime == "constant"
    gaps = np.diff([float(t) for t in times(done.path)])
    assert len(gaps) == 24
    assert gaps.max() - gaps.min() < 0.001
