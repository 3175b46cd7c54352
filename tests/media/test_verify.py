"""Every check of a result fails when that is what is broken, and passes when nothing is.

Wrong results are made by FFmpeg from the faithful one, with one thing otherwise.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.clips import clip, lavfi, make_clip, toolbox
from tests.media.plans import forced

from reelworks.errors import WrongResult
from reelworks.media.deciding.keeping import Track
from reelworks.media.deciding.plan import Plan
from reelworks.media.encoding.encode import encode
from reelworks.media.facts import Picture, Probe
from reelworks.media.probing.probe import probe
from reelworks.media.verifying.checking_sound import Heard, check_copied, check_length
from reelworks.media.verifying.checking_times import Moves, Walked, check_times
from reelworks.media.verifying.verify import Verified, expectation, expected_picture, verify

PICTURES = lavfi("testsrc2=size=192x108:rate=25:duration=2,format=yuv420p")
SWEEP = "aevalsrc=0.5*sin(2*PI*(200+300*t)*t):duration=2:sample_rate=44100"
HUM = "aevalsrc=0.5*sin(2*PI*(900-200*t)*t):duration=2:sample_rate=44100"
X264 = ("-c:v:0", "libx264", "-preset", "ultrafast")

NOTES = """;FFMETADATA1
title=A film
artist=Me
location=+48.8789+002.3376/
creation_time=2020-01-02T03:04:05.000000Z
[CHAPTER]
TIMEBASE=1/1000
START=0
END=500
title=One
[CHAPTER]
TIMEBASE=1/1000
START=500
END=2000
title=Two
"""
SPOKEN = "1\n00:00:00,100 --> 00:00:00,900\nHello\n"

MAPS = ("-map", "0:v:0", "-map", "0:a", "-map", "0:s", "-map", "0:v:1")
NAMED = (
    *("-disposition:v:1", "attached_pic", "-metadata:s:a:1", "title=Comment"),
    *("-map_metadata", "0"),
)
"""All of the result; what FFmpeg would not carry over by itself is named."""
COPY = (*MAPS, *NAMED, "-c", "copy")


@dataclass(frozen=True)
class Case:
    """A clip, what is known and planned of it, and its faithful result."""

    source: Path
    probe: Probe
    plan: Plan
    result: Path

    def verify(self, result: Path, *, frames: int | None = None) -> Verified:
        assert self.probe.timing is not None
        count = self.probe.timing.packets if frames is None else frames
        return verify(toolbox(), self.source, self.probe, self.plan, result, count)


def case_of(source: Path) -> Case:
    found = probe(toolbox(), source, count=True)
    plan = forced(found, source.name)
    result = source.with_name(f"result-{source.stem}.{plan.extension}")
    encode(toolbox(), found, plan, source, result, lambda _: None)
    return Case(source, found, plan, result)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """An MP4 with two sound tracks, two subtitles, chapters, tags and a cover."""
    folder = tmp_path_factory.mktemp("rich")
    notes, spoken, cover = folder / "notes.txt", folder / "s.srt", folder / "cover.png"
    notes.write_text(NOTES)
    spoken.write_text(SPOKEN)
    make_clip(cover, *lavfi("color=red:size=64x64"), "-frames:v", "1")
    inputs = (part for path in (spoken, spoken, notes, cover) for part in ("-i", str(path)))
    return case_of(
        make_clip(
            folder / "rich.mp4",
            *(*PICTURES, *lavfi(SWEEP), *lavfi(HUM), *inputs),
            *("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "4", "-map", "6"),
            *("-map_metadata", "5", "-map_chapters", "5", *X264, "-c:v:1", "copy"),
            *("-c:a", "aac", "-c:s", "mov_text", "-disposition:v:1", "attached_pic"),
            *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"),
            *("-metadata:s:a:1", "title=Comment", "-disposition:a:0", "0"),
            *("-disposition:a:1", "default", "-metadata:s:s:1", "language=fra"),
            *("-disposition:s:0", "default+forced", "-disposition:s:1", "0"),
        )
    )


@cache
def deep() -> Case:
    """Ten bits, PQ, with mastering display and light level; in Matroska."""
    light = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    return case_of(clip(".mkv", *HDR_PICTURES, *x265(f"{light}:max-cll=1000,400")))


HDR_PICTURES = lavfi(
    "testsrc2=size=96x64:duration=0.2,format=yuv420p10le,"
    "setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084:range=tv"
)


def x265(params: str) -> tuple[str, ...]:
    params = f"log-level=error:hdr10=1:{params}"
    return ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", params)


@cache
def pcm() -> Case:
    """A sound track that MP4 does not take as it is."""
    pictures = lavfi("testsrc2=size=96x64:rate=25:duration=2,format=yuv420p")
    return case_of(clip(".mp4", *pictures, *lavfi(SWEEP), *X264, "-c:a", "pcm_s16le"))


def remade(case: Case, tmp_path: Path, *args: str) -> Path:
    """The result, made otherwise by FFmpeg."""
    return make_clip(tmp_path / f"wrong{case.result.suffix}", "-i", str(case.result), *args)


def test_a_faithful_result_passes(rich: Case) -> None:
    assert rich.verify(rich.result) == Verified(packets=50, decoded=50, exact=True)


def test_a_result_that_was_only_packed_again_passes(rich: Case, tmp_path: Path) -> None:
    rich.verify(remade(rich, tmp_path, *COPY))


def test_a_result_that_was_cut_short_fails(rich: Case, tmp_path: Path) -> None:
    broken = tmp_path / "cut.mp4"
    broken.write_bytes(rich.result.read_bytes()[:-4000])
    with pytest.raises(WrongResult):
        rich.verify(broken)


def test_a_result_that_ffmpeg_ended_early_fails(tmp_path: Path) -> None:
    """It says how many pictures it wrote, and nothing of those that it did not read."""
    case = case_of(clip(".mp4", *PICTURES, *X264))
    early = make_clip(tmp_path / "a.mp4", "-i", str(case.source), "-frames:v", "30", *X264)
    with pytest.raises(WrongResult, match="30 of the 50 pictures that decode"):
        case.verify(early, frames=30)


def test_a_result_without_a_beginning_fails(rich: Case, tmp_path: Path) -> None:
    broken = tmp_path / "cut.mp4"
    broken.write_bytes(rich.result.read_bytes()[:100])
    with pytest.raises(WrongResult, match=r"no video|cannot be opened"):
        rich.verify(broken)


def test_damaged_pictures_fail(tmp_path: Path) -> None:
    broken = tmp_path / "damaged.mp4"
    case = case_of(clip(".mp4", *PICTURES, *X264))
    data = bytearray(case.result.read_bytes())
    start = data.index(b"mdat") + 3000
    data[start : start + 3000] = bytes(3000)
    broken.write_bytes(data)
    with pytest.raises(WrongResult, match=r"decode|damaged"):
        case.verify(broken)


def test_a_result_without_video_fails(rich: Case, tmp_path: Path) -> None:
    with pytest.raises(WrongResult, match="no video"):
        rich.verify(remade(rich, tmp_path, "-map", "0:a", "-c", "copy"))


def test_other_pictures_than_were_counted_fail(rich: Case) -> None:
    with pytest.raises(WrongResult, match="50 pictures in place of 51"):
        rich.verify(rich.result, frames=51)


TAMPERED: dict[str, tuple[str, tuple[str, ...]]] = {
    # Pictures and their times.
    "a picture is missing": ("49 pictures in place of 50", ("-bsf:v:0", r"noise=drop=eq(n\,49)")),
    "a picture is 3 ms late": (
        "picture of the result is 0.0030 s off",
        ("-bsf:v:0", r"setts=pts=PTS+38*eq(N\,10)"),
    ),
    "the pixels are wide": (
        "pixel shape is 2 in place of 1",
        ("-aspect:v:0", "32:9"),
    ),
    "colours are full range": (
        "colour range is pc",
        ("-bsf:v:0", "h264_metadata=video_full_range_flag=1"),
    ),
    "another matrix": (
        "colour matrix is bt709",
        ("-bsf:v:0", "h264_metadata=matrix_coefficients=1"),
    ),
    "other primaries": (
        "colour primaries is bt2020",
        ("-bsf:v:0", "h264_metadata=colour_primaries=9"),
    ),
    "another transfer": (
        "transfer function is smpte2084",
        ("-bsf:v:0", "h264_metadata=transfer_characteristics=16"),
    ),
    "another size": ("width is 190", ("-bsf:v:0", "h264_metadata=crop_right=2")),
    # Sound.
    "sound has another language": (
        "language of sound track 1 of the result is missing in place of eng",
        ("-metadata:s:a:0", "language=und"),
    ),
    "another sound track is the default": (
        "default flag of sound track 1 of the result is on in place of off",
        ("-disposition:a:0", "default", "-disposition:a:1", "0"),
    ),
    "a sound track lost its title": (
        "title of sound track 2 of the result is missing in place of Comment",
        ("-metadata:s:a:1", "title="),
    ),
    # Subtitles.
    "a subtitle has another language": (
        "language of subtitle track 2 of the result is deu in place of fra",
        ("-metadata:s:s:1", "language=deu"),
    ),
    "a subtitle is not forced": (
        "forced flag of subtitle track 1 of the result is off in place of on",
        ("-disposition:s:0", "default"),
    ),
    # The file.
    "chapters are missing": ("0 chapters in place of 2", ("-map_chapters", "-1")),
    "a tag is missing": ("lacks the tag artist", ("-metadata", "artist=")),
    "a tag is otherwise": ("tag title is 'Other'", ("-metadata", "title=Other")),
    "another place": ("tag location", ("-metadata", "location=+52.0000+013.0000/")),
    "another time": ("tag creation_time", ("-metadata", "creation_time=2021-01-02T03:04:05Z")),
}


@pytest.mark.parametrize("what", sorted(TAMPERED))
def test_it_fails_when(what: str, rich: Case, tmp_path: Path) -> None:
    words, args = TAMPERED[what]
    with pytest.raises(WrongResult, match=words):
        rich.verify(remade(rich, tmp_path, *COPY, *args))


SHIFTED = ("-map", "0:v:0", "-map", "1:a:0", "-map", "0:a:1", "-map", "0:s", "-map", "0:v:1")


@pytest.mark.parametrize(
    ("offset", "words"),
    [("0.02", "20 ms late"), ("-0.02", "20 ms early"), ("0.5", "(499|500) ms late")],
)
def test_sound_that_is_shifted_fails(offset: str, words: str, rich: Case, tmp_path: Path) -> None:
    other = ("-itsoffset", offset, "-i", str(rich.result))
    with pytest.raises(WrongResult, match=words):
        rich.verify(remade(rich, tmp_path, *other, *SHIFTED, *NAMED, "-c", "copy"))


def test_sound_that_drifts_fails(rich: Case, tmp_path: Path) -> None:
    slower = ("-bsf:a:0", "setts=ts=TS*1.01")
    with pytest.raises(WrongResult, match=r"\d\d ms late"):
        rich.verify(remade(rich, tmp_path, *COPY, *slower))


@pytest.mark.parametrize(
    ("drop", "words"),
    [("gt(n,43)", "lacks its last 1.0"), ("lt(n,10)", "lacks its first 0.2")],
)
def test_sound_that_was_cut_fails(drop: str, words: str, rich: Case, tmp_path: Path) -> None:
    cut = ("-bsf:a:0", "noise=drop=" + drop.replace(",", r"\,"))
    with pytest.raises(WrongResult, match=words):
        rich.verify(remade(rich, tmp_path, *COPY, *cut))


def test_other_sound_fails(rich: Case, tmp_path: Path) -> None:
    swapped = ("-map", "0:v:0", "-map", "0:a:1", "-map", "0:a:0", "-map", "0:s", "-map", "0:v:1")
    marks = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu")
    flags = ("-disposition:a:0", "0", "-disposition:a:1", "default")
    with pytest.raises(WrongResult, match="does not sound like"):
        rich.verify(remade(rich, tmp_path, *swapped, *NAMED, "-c", "copy", *marks, *flags))


def test_a_missing_sound_track_fails(rich: Case, tmp_path: Path) -> None:
    with pytest.raises(WrongResult, match="1 sound tracks in place of 2"):
        rich.verify(remade(rich, tmp_path, *COPY, "-map", "-0:a:1"))


def test_a_missing_subtitle_fails(rich: Case, tmp_path: Path) -> None:
    with pytest.raises(WrongResult, match="1 subtitle tracks in place of 2"):
        rich.verify(remade(rich, tmp_path, *COPY, "-map", "-0:s:1"))


def test_a_missing_cover_fails(rich: Case, tmp_path: Path) -> None:
    title = ("-map_metadata", "0", "-metadata:s:a:1", "title=Comment")
    bare = (*MAPS[:-2], *title, "-c", "copy")
    with pytest.raises(WrongResult, match="source's 1 cover pictures the result has 0"):
        rich.verify(remade(rich, tmp_path, *bare))


def test_another_cover_fails(rich: Case, tmp_path: Path) -> None:
    with pytest.raises(WrongResult, match="source's 1 cover pictures the result has 0"):
        rich.verify(remade(rich, tmp_path, *COPY, "-c:v:1", "png", "-filter:v:1", "negate"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("START=500", "START=600", "Chapter 2 of the result is 0.100 s off"),
        ("title=Two", "title=Three", "Chapter 2 of the result is called 'Three', not 'Two'"),
    ],
)
def test_other_chapters_fail(old: str, new: str, words: str, rich: Case, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text(NOTES.replace("END=500", "END=600").replace(old, new))
    args = ("-i", str(notes), *COPY, "-map_chapters", "1")
    with pytest.raises(WrongResult, match=words):
        rich.verify(remade(rich, tmp_path, *args))


def test_a_turn_that_is_left_over_fails(rich: Case, tmp_path: Path) -> None:
    turned = make_clip(
        tmp_path / "turned.mp4", "-display_rotation", "-180", "-i", str(rich.result), *COPY
    )
    with pytest.raises(WrongResult, match="rotation is 180"):
        rich.verify(turned)


# --- Sound that was encoded anew ------------------------------------------------------------------


def test_sound_that_was_encoded_anew_passes() -> None:
    assert pcm().plan.audio[0].codec == "aac"
    pcm().verify(pcm().result)


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        ("adelay=20", "20 ms late"),
        ("atrim=start=0.02,asetpts=PTS-STARTPTS", "20 ms early"),
        ("atrim=end=1", "lasts 1.0"),
        ("apad=pad_dur=1", "lasts 3.0"),
        ("atempo=0.98,atrim=end=2", "ms late|sound like"),
        ("volume=0", "does not sound like"),
        ("areverse", "does not sound like"),
    ],
)
def test_sound_that_was_encoded_otherwise_fails(sound: str, words: str, tmp_path: Path) -> None:
    wrong = remade(pcm(), tmp_path, "-c:v", "copy", "-af", sound, "-c:a", "aac")
    with pytest.raises(WrongResult, match=words):
        pcm().verify(wrong)


SIREN = "aevalsrc=0.3*sin(2*PI*(900*t-100*cos(2*PI*t))):duration=2:sample_rate=44100"
NOISE = "anoisesrc=amplitude=0.3:duration=2:sample_rate=44100"


@cache
def milliseconds(sound: str, suffix: str, *codec: str) -> Case:
    """Sound that is encoded anew, from a container that counts in milliseconds."""
    pictures = lavfi("testsrc2=size=96x64:rate=25:duration=2,format=yuv420p")
    return case_of(clip(suffix, *pictures, *lavfi(sound), *codec))


def wmv(sound: str) -> Case:
    return milliseconds(sound, ".wmv", "-c:v", "wmv2", "-c:a", "wmav2")


@pytest.mark.parametrize("sound", [SIREN, NOISE])
def test_sound_whose_times_were_rounded_passes(sound: str) -> None:
    assert wmv(sound).plan.audio[0].codec == "aac"
    wmv(sound).verify(wmv(sound).result)


def test_short_pieces_whose_times_were_rounded_pass() -> None:
    case = milliseconds(SIREN, ".mkv", *X264, "-c:a", "g722", "-ar", "16000", "-ac", "1")
    assert case.plan.audio[0].codec == "flac"
    case.verify(case.result)


def test_sound_that_becomes_stereo_midway_passes(tmp_path: Path) -> None:
    joined, sound = tmp_path / "joined.ts", ("-c:a", "mp2", "-f", "mpegts")
    pieces = [clip(".ts", *PICTURES, *lavfi(SWEEP), *X264, *sound, "-ac", n) for n in "12"]
    joined.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    case = case_of(make_clip(tmp_path / "a.mov", "-i", str(joined), "-c", "copy"))
    assert case.plan.audio[0].codec == "aac"
    case.verify(case.result)


@pytest.mark.parametrize(
    ("sound", "change", "words"),
    [
        (SIREN, "setts=ts=TS+309", "7 ms late"),
        (NOISE, "setts=ts=TS-309", "7 ms early"),
        # Less than the decoder's last piece, which has no time.
        (NOISE, r"noise=drop=gt(n\,85)", "lasts 1.97 s in place of 2.00"),
    ],
)
def test_sound_that_is_off_rounded_times_fails(
    sound: str, change: str, words: str, tmp_path: Path
) -> None:
    wrong = remade(wmv(sound), tmp_path, "-c", "copy", "-bsf:a", change)
    with pytest.raises(WrongResult, match=words):
        wmv(sound).verify(wrong)


# --- Depth and HDR --------------------------------------------------------------------------------


def test_a_faithful_hdr_result_passes() -> None:
    assert set(deep().probe.picture.hdr) == {"mastering_display", "content_light"}
    deep().verify(deep().result)


GREEN = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)"


@pytest.mark.parametrize(
    "params",
    [
        f"{GREEN}L(10000000,50)",
        f"{GREEN}L(10000000,50):max-cll=1000,300",
        f"{GREEN}L(10000000,500):max-cll=1000,400",
        f"{GREEN.replace('13250', '13300')}L(10000000,50):max-cll=1000,400",
        "max-cll=1000,400",
    ],
)
def test_other_mastering_or_light_levels_fail(params: str, tmp_path: Path) -> None:
    plain = make_clip(tmp_path / "plain.mkv", *HDR_PICTURES, *x265(params))
    with pytest.raises(WrongResult, match="HDR side data"):
        deep().verify(plain)


def test_fewer_bits_fail(tmp_path: Path) -> None:
    with pytest.raises(WrongResult, match="bits of a component is 8 in place of 10"):
        deep().verify(remade(deep(), tmp_path, *x265("max-cll=1000,400"), "-pix_fmt", "yuv420p"))


def test_finer_chroma_than_planned_fails(tmp_path: Path) -> None:
    wrong = remade(deep(), tmp_path, *x265("max-cll=1000,400"), "-pix_fmt", "yuv444p10le")
    with pytest.raises(WrongResult, match="pixel format is yuv444p10le"):
        deep().verify(wrong)


def test_lost_transparency_fails() -> None:
    case = pcm()
    plan = replace(case.plan, pixel_format="yuva420p")
    with pytest.raises(WrongResult, match="transparency is False in place of True"):
        replace(case, plan=plan).verify(case.result)


# --- Cost and expectation -------------------------------------------------------------------------


def test_of_a_long_result_only_spots_are_decoded() -> None:
    long = lavfi("testsrc2=size=480x360:rate=50:duration=20,format=yuv420p")
    source = clip(".mkv", *long, *X264)
    found = probe(toolbox(), source, count=True)
    verified = verify(toolbox(), source, found, forced(found, "a.mkv"), source, 1000)
    assert verified.packets == 1000
    assert 50 < verified.decoded < 600


@pytest.mark.parametrize("opening", [None, Fraction(0)])
def test_times_do_not_tell_where_a_decoder_gives_more_than_its_packets(
    opening: Fraction | None,
) -> None:
    source, result = (
        Walked(
            "video",
            Fraction(1, 25),
            starts=array("q", range(count)),
            decoded=array("q", range(count)),
        )
        for count in (25, 26)
    )
    assert check_times(source, result, lambda: list(range(25)), opening=opening) is None


def _sound(
    starts: list[int], decoded: list[int] | None = None, tick: Fraction = Fraction(1, 1000)
) -> Walked:
    """A track of sound; its packets last 24 ms."""
    ends = array("q", [start + round(Fraction(24, 1000) / tick) for start in starts])
    keys = array("L", range(len(starts)))
    return Walked(
        "audio",
        tick,
        starts=array("q", starts),
        decoded=array("q", starts if decoded is None else decoded),
        ends=ends,
        keys=keys,
    )


STILL = Moves(((Fraction(0), Fraction(0)),), whole=True)


@pytest.mark.parametrize(
    ("starts", "decoded"), [([500], [250]), ([0, 20, 300, 60], [0, 20, 40, 60])]
)
def test_sound_of_two_times_is_where_it_is_decoded(starts: list[int], decoded: list[int]) -> None:
    after = _sound(decoded)
    assert check_copied(_sound(starts, decoded), after, STILL, lambda: 0)


@pytest.mark.parametrize("decoded", [[0, 20, 40, 60], [100, 120, 140, 160]])
def test_sound_that_is_all_moved_is_seen(decoded: list[int]) -> None:
    before = _sound([100, 120, 140, 160], decoded)
    with pytest.raises(WrongResult, match="is 100 ms early"):
        check_copied(before, _sound([0, 20, 40, 60]), STILL, lambda: 0)


COUNTED = Fraction(24, 1000)


def test_sound_that_is_counted_in_packets_is_no_nearer_than_one() -> None:
    before = _sound([0, 1, 2, 3], tick=COUNTED)
    assert check_copied(before, _sound([0, 24, 36, 60]), STILL, lambda: 0)


@pytest.mark.parametrize(
    ("starts", "said"),
    [([12, 36, 60, 84], "is 12 ms late"), ([0, 24, 74, 98], "is 26 ms late")],
)
def test_sound_that_is_counted_in_packets_is_held_to_them(starts: list[int], said: str) -> None:
    before = _sound([0, 1, 2, 3], tick=COUNTED)
    with pytest.raises(WrongResult, match=said):
        check_copied(before, _sound(starts), STILL, lambda: 0)


@pytest.mark.parametrize(("length", "is_held"), [(Fraction(5), True), (Fraction(6), False)])
def test_sound_that_lies_over_itself_may_lose_some_of_it(length: Fraction, is_held: bool) -> None:
    """The samples of a damaged track may be more than its time; FFmpeg leaves some out."""
    before = Heard(first=Fraction(0), end=Fraction(5), length=length)
    if is_held:
        with pytest.raises(WrongResult, match=r"lasts 4\.80 s in place of 5.00 s"):
            check_length(Fraction(5), Fraction(48, 10), before, 8000)
    else:
        check_length(Fraction(5), Fraction(48, 10), before, 8000)
    with pytest.raises(WrongResult, match=r"lasts 4\.00 s in place of 5.00 s"):
        check_length(Fraction(5), Fraction(4), before, 8000)


def test_the_expected_pixel_shape_turns_with_the_picture() -> None:
    case = pcm()
    turned: Picture = replace(case.probe.picture, rotation=90, sample_aspect=Fraction(64, 45))
    assert expected_picture(turned, case.plan)["sample_aspect"] == "45/64"


def test_what_the_plan_does_not_promise_is_not_expected() -> None:
    case = pcm()
    plan = replace(case.plan, subtitles=(Track(index=2, codec="mov_text"),), chapters=False)
    expected: dict[str, Any] = expectation(case.probe, plan)
    assert expected["subtitle"] == [
        {
            "index": 2,
            "copied": False,
            "language": None,
            "default flag": None,
            "forced flag": None,
            "title": None,
        }
    ]
    assert expected["chapters"] == []
