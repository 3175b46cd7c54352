"""A plan does what the clip needs, keeps what it can, says what it cannot, and harms nothing."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media.plans import AAC, VIDEO, filters_of, forced, picture, plan_of, probe_of

from reelworks.media import containers, pixels
from reelworks.media.analyse import Analysis
from reelworks.media.facts import Picture, Probe, Stream, Timing
from reelworks.media.plan import Plan
from reelworks.media.remedies import NOISY

CLEAN = Analysis(pictures=40, noise=0.5, black=5.0, white=240.0, chroma=40.0, blockiness=1.05)
NOISE = replace(CLEAN, noise=8.0)


def names(plan: Plan) -> list[str]:
    return [f.name for f in plan.filters]


def test_a_clean_clip_is_copied() -> None:
    plan = plan_of(probe_of(picture()), CLEAN, "a.mp4")
    assert (plan.action, plan.extension, plan.filters) == ("copy", "mp4", ())


def test_a_clip_that_could_not_be_looked_at_is_copied() -> None:
    assert plan_of(probe_of(picture()), Analysis(), "a.mp4").action == "copy"


@pytest.mark.parametrize(
    ("change", "filters"),
    [
        ({"noise": 8.0}, ["denoise"]),
        ({"interlaced": "bff"}, ["deinterlace"]),
        ({"blockiness": 3.0}, ["deblock"]),
        ({"white": 120.0}, ["levels"]),
        (
            {"white": 120.0, "noise": 8.0, "blockiness": 3.0, "interlaced": "tff"},
            ["deinterlace", "deblock", "denoise", "levels"],
        ),
    ],
)
def test_each_damage_gets_its_filter_in_order(
    change: dict[str, object], filters: list[str]
) -> None:
    assert names(plan_of(probe_of(picture()), replace(CLEAN, **change), "a.mp4")) == filters


def test_noise_is_met_with_its_own_strength() -> None:
    strengths = [
        filters_of(picture(range="pc"), replace(CLEAN, noise=s))[0].strength
        for s in (NOISY, 5.0, 10.0, 20.0, 50.0)
    ]
    assert strengths == [1.9, 5.0, 22.0, 90.0, 100.0]


def test_hdr_is_never_stretched() -> None:
    dim = replace(CLEAN, white=120.0)
    assert plan_of(probe_of(picture(transfer="smpte2084")), dim, "a.mp4").action == "copy"


def test_a_stretch_maps_black_and_white_where_they_belong() -> None:
    lifted = replace(CLEAN, black=60.0, white=150.0)
    (levels,) = filters_of(picture(range="pc"), lifted)
    # (150 − 60) · 2.2 would reach white; the gain is capped.
    assert levels.strength == 2.2
    assert "(val-0)*2.2000" in levels.expression


@pytest.mark.parametrize(
    ("container", "name", "extension"),
    [
        ("mp4", "a.MP4", "mp4"),
        ("mp4", "a.m4v", "m4v"),
        ("mov", "a.qt", "qt"),
        ("matroska", "a.mp4", "mkv"),
        ("matroska", "a.webm", "mkv"),
        ("mp4", "noname", "mp4"),
        ("avi", "a.avi", "avi"),
        ("mpegts", "a.MTS", "mts"),
        ("yuv4mpegpipe", "a.y4m", "y4m"),
        ("h264", "a.264", "264"),
        ("asf", "a.wmv", "wmv"),
        ("something new", "a.mp4", "somethin"),
    ],
)
def test_a_copy_is_called_what_it_is(container: str, name: str, extension: str) -> None:
    assert containers.own_extension(container, name) == extension


@pytest.mark.parametrize(
    ("container", "name", "extension", "encoder"),
    [
        ("mp4", "a.mp4", "mp4", "libx264"),
        ("mov", "a.mov", "mov", "libx264"),
        ("matroska", "a.mkv", "mkv", "libx264"),
        ("webm", "a.webm", "webm", "libvpx-vp9"),
        ("mpegts", "a.ts", "ts", "libx264"),
        ("avi", "a.avi", "mp4", "libx264"),
        ("asf", "a.wmv", "mp4", "libx264"),
        ("ogg", "a.ogv", "mp4", "libx264"),
        ("h264", "a.h264", "mp4", "libx264"),
    ],
)
def test_an_encoding_keeps_the_extension_where_its_container_can_hold_it(
    container: str, name: str, extension: str, encoder: str
) -> None:
    plan = plan_of(probe_of(picture(), container=container), NOISE, name)
    assert (plan.extension, plan.encoder) == (extension, encoder)


def test_more_than_eight_bits_stay() -> None:
    plan = plan_of(probe_of(picture(pixel_format="yuv422p10le", bit_depth=10)), NOISE, "a.mp4")
    assert (plan.encoder, plan.pixel_format) == ("libx265", "yuv422p10le")


def test_what_3gp_cannot_hold_becomes_mp4() -> None:
    deep = picture(pixel_format="yuv420p10le", bit_depth=10)
    plan = plan_of(probe_of(deep, container="3gp"), NOISE, "a.3gp")
    assert (plan.extension, plan.muxer) == ("mp4", "mp4")


@pytest.mark.parametrize("form", ["xyz12le", "rgb48le", "pal8", "made-up"])
def test_pixels_that_no_encoder_keeps_are_left_alone(form: str) -> None:
    plan = plan_of(probe_of(picture(pixel_format=form)), NOISE, "a.mov")
    assert plan.action == "copy"
    assert plan.findings[-1]


def test_transparency_is_kept_in_webm_and_never_lost_elsewhere() -> None:
    see_through = replace(NOISE, transparent=True)
    vp9 = picture(codec="vp9", alpha=True)
    kept = plan_of(probe_of(vp9, container="webm"), see_through, "a.webm")
    assert (kept.pixel_format, kept.decoder) == ("yuva420p", "libvpx-vp9")
    prores = picture(codec="prores", alpha=True, pixel_format="yuva444p10le", bit_depth=10)
    assert plan_of(probe_of(prores, container="mov"), see_through, "a.mov").action == "copy"


def test_odd_sizes_are_kept_where_they_can_be() -> None:
    odd = {"width": 161, "height": 121}
    padded = plan_of(probe_of(picture(**odd)), NOISE, "a.mp4")
    assert (padded.width, padded.height, names(padded)[-1]) == (162, 122, "pad")
    whole = plan_of(probe_of(picture(**odd, pixel_format="yuv444p")), NOISE, "a.mp4")
    assert (whole.width, whole.height, names(whole)) == (161, 121, ["denoise"])
    webm = plan_of(probe_of(picture(**odd), container="webm"), NOISE, "a.webm")
    assert (webm.width, webm.height) == (161, 121)


def test_a_turned_picture_is_planned_upright() -> None:
    plan = plan_of(probe_of(picture(rotation=90)), NOISE, "a.mp4")
    assert (plan.width, plan.height, plan.turn) == (240, 320, None)


def test_fields_are_put_together_before_turning() -> None:
    woven = replace(CLEAN, interlaced="tff")
    assert plan_of(probe_of(picture(rotation=270)), woven, "a.mp4").turn == ("transpose=cclock",)


def test_sound_is_copied_where_it_fits_and_encoded_where_not() -> None:
    voice = replace(AAC, index=2, codec="wmavoice")
    plan = plan_of(probe_of(picture(), VIDEO, AAC, voice), NOISE, "a.mp4")
    assert [(t.index, t.codec) for t in plan.audio] == [(1, "copy"), (2, "aac")]


def test_sound_that_nothing_can_read_is_said_to_be_dropped() -> None:
    plan = plan_of(probe_of(picture(), VIDEO, replace(AAC, codec="unknown")), NOISE, "a.mp4")
    assert plan.audio == ()
    assert "sound track 1" in plan.dropped[0]


def test_subtitles_are_copied_converted_or_said_to_be_dropped() -> None:
    text = Stream(index=1, kind="subtitle", codec="subrip", text=True)
    bitmap = Stream(index=2, kind="subtitle", codec="dvd_subtitle")
    probe = probe_of(picture(), VIDEO, text, bitmap)
    mp4 = plan_of(probe, NOISE, "a.mp4")
    assert [t.codec for t in mp4.subtitles] == ["mov_text"]
    assert "subtitle track 2" in mp4.dropped[0]
    mkv = plan_of(replace(probe, container="matroska"), NOISE, "a.mkv")
    assert [t.codec for t in mkv.subtitles] == ["copy", "copy"]


def test_what_is_left_out_is_said() -> None:
    extra = (
        Stream(index=1, kind="video", codec="hevc"),
        Stream(index=2, kind="data", codec="bin_data"),
        Stream(index=3, kind="video", codec="mjpeg", attached_picture=True),
    )
    probe = probe_of(picture(), VIDEO, *extra, container="mpegts")
    plan = plan_of(probe, replace(NOISE, dolby_vision=True), "a.ts")
    words = " ".join(plan.dropped)
    for what in ("second video 1", "data track 2", "cover picture", "Dolby Vision"):
        assert what in words


def test_timestamps_that_are_not_sound_are_made_good() -> None:
    unsound = Timing(packets=25, duration=Fraction(1), sound=False, constant=True)
    raw = probe_of(picture(), container="h264", demuxer="h264", timing=unsound)
    assert (plan_of(raw, NOISE, "a.h264").retime, plan_of(raw, NOISE, "a.h264").rate) == (
        "constant",
        "25/1",
    )
    assert plan_of(replace(raw, demuxer="mpeg"), NOISE, "a.mpg").retime == "repair"


FORMATS = ["yuv420p", "yuvj420p", "yuv422p10le", "yuv444p12le", "rgb24", "bgra", "gray", "pal8"]

pictures = st.builds(
    picture,
    codec=st.sampled_from(["h264", "vp9", "gif", "prores", "mpeg2video"]),
    width=st.integers(1, 8192),
    height=st.integers(1, 8192),
    rotation=st.sampled_from([0, 90, 180, 270]),
    pixel_format=st.sampled_from(FORMATS),
    alpha=st.booleans(),
    range=st.sampled_from([None, "tv", "pc"]),
    transfer=st.sampled_from([None, "bt709", "smpte2084", "arib-std-b67"]),
    average_rate=st.sampled_from([None, Fraction(25), Fraction(30000, 1001)]),
)
streams = st.lists(
    st.builds(
        Stream,
        index=st.integers(1, 9),
        kind=st.sampled_from(["audio", "subtitle", "data", "attachment", "video"]),
        codec=st.sampled_from(["aac", "opus", "subrip", "mov_text", "unknown", "mjpeg", "ttf"]),
        language=st.sampled_from([None, "eng"]),
        attached_picture=st.booleans(),
        text=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda s: s.index,
)
timings = st.builds(
    Timing,
    packets=st.integers(0, 10**6),
    duration=st.fractions(0, 10**5, max_denominator=10**5),
    sound=st.booleans(),
    constant=st.booleans(),
)
level = st.none() | st.floats(-20, 290)
analyses = st.builds(
    Analysis,
    pictures=st.integers(0, 40),
    noise=st.none() | st.floats(0, 100),
    black=level,
    white=level,
    chroma=st.none() | st.floats(0, 128),
    blockiness=st.none() | st.floats(0, 10),
    interlaced=st.sampled_from([None, "tff", "bff"]),
    transparent=st.booleans(),
)


@st.composite
def probes(draw: st.DrawFn) -> Probe:
    pic: Picture = draw(pictures)
    kinds = ["mp4", "mov", "3gp", "matroska", "webm", "mpegts", "flv", "avi", "asf", "h264", "gif"]
    container = draw(st.sampled_from(kinds))
    return probe_of(
        pic, VIDEO, *draw(streams), container=container, demuxer=container, timing=draw(timings)
    )


@given(probes(), analyses, st.sampled_from(["a.mp4", "a.webm", "b", "c.avi", ".mkv", "a.3gp"]))
@settings(max_examples=300, deadline=None)
def test_whatever_a_clip_is_its_plan_is_valid(probe: Probe, analysis: Analysis, name: str) -> None:
    plan = plan_of(probe, analysis, name)
    assert plan == plan_of(probe, analysis, name)
    assert Plan.from_json(plan.to_json()) == plan
    assert plan.extension.isalnum()
    if plan.action == "copy":
        assert not plan.filters
        return
    assert names(plan)
    assert not (probe.picture.is_hdr and "levels" in names(plan))
    assert not (analysis.transparent and "a" not in plan.pixel_format)
    assert plan.extension in containers.BY_EXTENSION
    assert abs(plan.width - probe.picture.displayed_size[0]) <= 1
    assert abs(plan.height - probe.picture.displayed_size[1]) <= 1
    form = pixels.describe(probe.picture.pixel_format)
    assert form is not None
    assert pixels.depth_of(plan.pixel_format) >= form.depth
    kept = {t.index for t in (*plan.audio, *plan.subtitles)} | {*plan.pictures, *plan.attachments}
    assert len(kept) + len(plan.dropped) >= len(probe.streams) - 1


def test_an_analysis_survives_json() -> None:
    full = replace(NOISE, cast=((1.1, 1.0, 0.9),) * 3, interlaced="tff")
    assert Analysis.from_json(full.to_json()) == full


def test_a_forced_plan_says_why() -> None:
    assert forced(probe_of(picture()), "a.mp4").filters[0].reason
