"""A plan does what the clip needs, keeps what it can, says what it cannot, and harms nothing."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media.plans import AAC, VIDEO, filters_of, forced, picture, plan_of, probe_of

from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding.encoders import ENCODERS
from reelworks.media.deciding.noise import NOISY
from reelworks.media.deciding.options import Options, preset_names
from reelworks.media.deciding.plan import Plan
from reelworks.media.deciding.planning import make_plan
from reelworks.media.deciding.toning import MAX_FLAT_GAIN
from reelworks.media.facts import Picture, Probe, Stream, Timing
from reelworks.media.formats import containers, pixels
from reelworks.media.formats.allowed import MAX_PIXELS

CLEAN = Analysis(
    pictures=40,
    noise=0.5,
    black=5.0,
    white=240.0,
    chroma=40.0,
    blockiness=1.05,
    quantiser=12.0,
    sharpness=0.4,
    cast=((0.02, -0.02), (0.01, 0.03), (-0.03, 0.0), (0.0, 0.02)),
)
NOISE = replace(CLEAN, noise=8.0)
WARM = ((0.15, -0.2), (0.16, -0.18), (0.14, -0.2), (0.15, -0.22))
STAGE = ((0.4, -0.5), (0.3, -0.3), (0.4, -0.4), (0.5, -0.4))
LEAVES = ((0.12, -0.6), (0.15, -0.4), (0.12, -0.5), (0.13, -0.5))
ALL_WRONG = replace(
    CLEAN,
    noise=8.0,
    white=120.0,
    blockiness=3.0,
    sharpness=0.1,
    interlaced="tff",
    cast=WARM,
    flicker=6.0,
    shake=0.03,
)


def _hidden(noise: float, coarseness: float) -> dict[str, float]:
    """What is measured of noise that an encoder has rounded away."""
    return {"hidden_noise": noise, "hidden_coarseness": coarseness}


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
        ({"interlaced": "bff"}, ["deinterlace"]),
        ({"partly": "tff"}, ["deinterlace"]),
        ({"blockiness": 3.0}, ["deblock"]),
        ({"noise": 8.0}, ["denoise"]),
        ({"noise": 40.0}, ["denoise"]),
        ({"noise": 1.5, "coarseness": 2.0}, ["denoise"]),
        ({"noise": 1.5, "coarseness": 2.0, "unforeseen": 0.45}, ["denoise"]),
        ({"noise": 8.0, "coarseness": 1.3, "unforeseen": 0.8, "even": True}, ["denoise"]),
        ({"noise": 7.0, "coarseness": 1.6, "unforeseen": 0.87}, ["denoise"]),
        ({"noise": 8.0, "coarseness": 2.0, "unforeseen": 0.8, "quantiser": None}, ["denoise"]),
        ({**_hidden(0.8, 2.0), "quantiser": 16.0}, ["denoise"]),
        ({"white": 120.0}, ["levels"]),
        ({"black": 80.0, "white": 170.0}, ["levels"]),
        ({"black": 80.0, "white": 170.0, "darkest": 40.0}, ["levels"]),
        ({"black": 80.0, "white": 170.0, "noise": 8.0, "darkest": 10.0}, ["denoise", "levels"]),
        ({"white": 90.0, "brightest": 150.0}, ["levels"]),
        ({"white": 90.0, "noise": 8.0, "brightest": 205.0}, ["denoise", "levels"]),
        ({"white": 90.0, "noise": 1.0, "sharpness": 1.5}, ["denoise", "levels"]),
        ({"white": 90.0, "noise": 0.8, "sharpness": 1.5}, ["levels"]),
        ({"white": 90.0, "noise": 1.2}, ["denoise", "levels"]),
        ({"white": 90.0, "noise": 0.6, "coarseness": 2.0}, ["denoise", "levels"]),
        ({"white": 90.0, "noise": 0.8}, ["levels"]),
        ({"white": 90.0, "noise": 0.4, "coarseness": 2.2}, ["levels"]),
        ({"white": 90.0, "noise": 1.2, "coarseness": 2.5}, ["levels"]),
        ({"white": 90.0, "noise": 1.2, "unforeseen": 0.73}, ["levels"]),
        ({"black": 80.0, "white": 170.0, "noise": 1.6}, ["denoise", "levels"]),
        ({"black": 80.0, "white": 170.0, "floor": -6.0, "shade": 49.0}, ["levels"]),
        ({"white": 90.0, "noise": 0.7, "sharpness": 0.1}, ["levels"]),
        ({"white": 90.0, "interlaced": "tff", "sharpness": 1.5}, ["deinterlace", "levels"]),
        ({"cast": WARM}, ["white balance"]),
        ({"cast": WARM, "hues": 0.08}, ["white balance"]),
        ({"white": 90.0, "cast": WARM}, ["levels", "white balance"]),
        ({"white": 90.0, "cast": (*STAGE[:3], (-0.4, 0.5))}, ["levels"]),
        ({"white": 150.0, "floor": -40.0, "cast": STAGE}, ["levels"]),
        ({"white": 90.0, "cast": LEAVES}, ["levels"]),
        ({"white": 90.0, "plain": 0.2}, ["levels"]),
        ({"black": 80.0, "white": 170.0, "plain": 0.6}, ["levels"]),
        ({"cast": WARM, "plain": 0.2, "plain_within": 0.2}, ["white balance"]),
        ({"sharpness": 0.1}, ["sharpen"]),
        ({"sharpness": 0.1, "half_sharpness": 0.2}, ["sharpen"]),
        ({"sharpness": 0.16, "half_sharpness": 0.2}, ["sharpen"]),
        ({"sharpness": 0.12, "half_sharpness": 0.2, "quantiser": None}, ["sharpen"]),
        ({"sharpness": 0.1, "sharpest": 0.2}, ["sharpen"]),
        ({"blockiness": 4.9}, ["deblock"]),
        # What only looks like damage:
        ({"blockiness": 5.7}, []),
        ({"noise": 1.0, "coarseness": 4.0}, []),
        ({"noise": 8.0, "coarseness": 3.0}, []),
        ({"noise": 48.0, "coarseness": 1.2}, []),
        ({"noise": 8.0, "coarseness": 1.7, "even": True}, []),
        ({"noise": 8.0, "unforeseen": 0.6}, []),
        ({"noise": 8.0, "unforeseen": 0.4, "quantiser": None}, []),
        ({"noise": 8.0, "unforeseen": 0.4, **_hidden(9.0, 1.0)}, []),
        ({**_hidden(0.8, 2.0), "quantiser": None}, []),
        ({**_hidden(0.8, 2.0), "quantiser": 6.0}, []),
        ({**_hidden(0.8, 2.7), "quantiser": 16.0}, []),
        ({**_hidden(0.5, 2.1), "quantiser": 16.0}, []),
        ({"white": 40.0}, []),
        ({"black": 100.0, "white": 110.0}, []),
        ({"black": 80.0}, []),
        ({"white": 90.0, "brightest": 240.0}, []),
        ({"white": 90.0, "brightest": 190.0}, []),
        ({"black": -18.0, "white": 150.0, "floor": -40.0, "brightest": 250.0}, []),
        ({"black": 80.0, "white": 170.0, "brightest": 240.0}, []),
        ({"black": 80.0, "white": 170.0, "darkest": 20.0}, []),
        ({"black": 80.0, "white": 170.0, "noise": 12.0, "coarseness": 3.0, "darkest": 20.0}, []),
        ({"black": 80.0, "white": 170.0, "shade": 12.0}, []),
        ({"white": 90.0, "noise": 0.1, "sharpness": 1.5}, []),
        ({"cast": (*WARM[:3], (-0.2, 0.2))}, []),
        ({"cast": ((1.0, -1.0),) * 4}, []),
        ({"cast": ((0.32, -0.32), (0.15, -0.09), (0.26, -0.29), (0.21, -0.31))}, []),
        ({"white": 90.0, "cast": STAGE}, []),
        ({"black": 80.0, "white": 170.0, "cast": STAGE}, []),
        ({"cast": WARM, "hues": 0.03}, []),
        ({"cast": WARM, "plain": 0.3}, []),
        ({"cast": WARM, "noise": 0.1, "sharpness": 1.5}, []),
        ({"white": 90.0, "plain": 0.3}, []),
        ({"black": 80.0, "white": 170.0, "plain": 0.6, "plain_within": 0.3}, []),
        ({"sharpness": 0.1, "noise": 1.3}, []),
        ({"sharpness": 0.1, "half_sharpness": 0.26}, []),
        ({"sharpness": 0.1, "sharpest": 0.24}, []),
        ({"sharpness": 0.16, "half_sharpness": 0.2, "quantiser": None}, []),
        ({"sharpness": 0.1, "noise": 2.0}, []),
        ({"quantiser": 60.0}, []),
        # What nobody asked for:
        ({"flicker": 6.0}, []),
        ({"shake": 0.03}, []),
    ],
)
def test_each_damage_gets_its_filter(change: dict[str, Any], filters: list[str]) -> None:
    assert names(plan_of(probe_of(picture()), replace(CLEAN, **change), "a.mp4")) == filters


@pytest.mark.parametrize(
    ("codec", "damage", "filters"),
    [
        ("mpeg2video", {"quantiser": 40.0}, ["deblock"]),
        ("mpeg4", {"quantiser": 40.0}, ["deblock"]),
        ("mpeg4", {"quantiser": 4.0}, []),
        ("hevc", {"quantiser": 40.0}, []),
        ("prores", {"blockiness": 3.0}, []),
    ],
)
def test_blocks_are_smoothed_where_the_decoder_left_them(
    codec: str, damage: dict[str, Any], filters: list[str]
) -> None:
    found = filters_of(picture(codec=codec), replace(CLEAN, **damage))
    assert [f.name for f in found] == filters


ORDER = [
    *("deinterlace", "deblock", "denoise", "deflicker", "stabilise"),
    *("levels", "white balance", "sharpen", "upscale"),
]


def test_combs_in_some_pictures_are_not_said_to_be_of_film_alone() -> None:
    (filter_,) = plan_of(probe_of(picture()), replace(CLEAN, partly="tff"), "a.mp4").filters
    assert filter_.reason.endswith("as in telecined film or under noise.")


def test_all_filters_come_in_the_order_that_lets_each_see_what_it_understands() -> None:
    wishes = {"deflicker": "auto", "stabilise": "auto", "sharpen": 1, "upscale": 2}
    assert [f.name for f in filters_of(picture(), ALL_WRONG, **wishes)] == ORDER


STRENGTHS = {
    "denoise": "denoise",
    "deblock": "deblock",
    "sharpen": "sharpen",
    "levels": "levels",
    "white_balance": "white balance",
}
SWITCHES = ("deinterlace", "stabilise", "deflicker")


@pytest.mark.parametrize("option", STRENGTHS)
def test_a_number_forces_a_filter_on_a_clean_clip(option: str) -> None:
    pale = replace(CLEAN, white=200.0, cast=((0.02, -0.02),) * 4)
    assert filters_of(picture(), pale) == ()
    (only,) = filters_of(picture(), pale, **{option: 1})
    assert only.name == STRENGTHS[option]
    assert only.strength > 0


@pytest.mark.parametrize("option", STRENGTHS)
def test_a_larger_number_is_stronger_and_a_smaller_one_is_weaker(option: str) -> None:
    pale = replace(CLEAN, white=200.0, cast=((0.05, -0.05),) * 4)
    strengths = [
        found.strength
        for wish in (0.2, 0.5, 1)
        for found in filters_of(picture(), pale, **{option: wish})
    ]
    assert len(strengths) == 3
    assert strengths == sorted(set(strengths))


@pytest.mark.parametrize("option", STRENGTHS)
def test_nought_turns_a_filter_off_whatever_the_damage(option: str) -> None:
    # Noise keeps it from being sharpened.
    damaged = replace(ALL_WRONG, noise=8.0 if option == "denoise" else 0.5)
    before = [f.name for f in filters_of(picture(), damaged)]
    after = [f.name for f in filters_of(picture(), damaged, **{option: 0})]
    assert STRENGTHS[option] in before
    assert after == [name for name in before if name != STRENGTHS[option]]


@pytest.mark.parametrize("option", SWITCHES)
def test_a_switch_is_on_off_or_as_the_damage_asks(option: str) -> None:
    def has(analysis: Analysis, wish: object) -> bool:
        return option in [f.name for f in filters_of(picture(), analysis, **{option: wish})]

    assert has(CLEAN, True)
    assert has(ALL_WRONG, True)
    assert not has(CLEAN, False)
    assert not has(ALL_WRONG, False)
    assert not has(CLEAN, "auto")
    assert has(ALL_WRONG, "auto")


def test_saturation_is_changed_without_touching_luma() -> None:
    (levels,) = filters_of(picture(), CLEAN, saturation=1.5)
    assert levels.name == "levels"
    assert "(val-16)*1.0000+16.000" in levels.expression
    assert "(val-128)*1.5000+128" in levels.expression


@pytest.mark.parametrize(
    ("sigma", "form", "filter_"),
    [
        (NOISY, "yuv420p", "bilateral"),
        (5.0, "yuv420p", "nlmeans"),
        (20.0, "yuv420p", "nlmeans"),
        (NOISY, "yuv420p10le", "bilateral"),
        (5.0, "yuv420p10le", "fftdnoiz"),
        (40.0, "yuv444p12le", "fftdnoiz"),
    ],
)
def test_the_denoiser_fits_the_noise_and_the_pixels(sigma: float, form: str, filter_: str) -> None:
    (denoise,) = filters_of(picture(pixel_format=form), replace(CLEAN, noise=sigma))
    assert denoise.expression.startswith(f"{filter_}=")


def test_noise_that_stretched_light_makes_visible_is_met_as_what_it_is() -> None:
    dim = replace(CLEAN, white=100.0, noise=1.5)
    plan = plan_of(probe_of(picture(range="pc")), dim, "a.mp4")
    assert [f.name for f in plan.filters] == ["denoise", "levels"]
    denoise, _ = plan.filters
    assert denoise.expression.startswith("nlmeans=s=1.12:")
    assert denoise.reason == (
        "It is noisy (about 1.5 of 255 levels, 3.6 once its light is stretched)."
    )
    assert "Noise: about 1.5 of 255 levels." in plan.findings
    assert filters_of(picture(), dim, levels=0) == ()
    # HDR keeps its light, and its noise.
    assert filters_of(picture(transfer="smpte2084"), dim) == ()


def test_noise_is_met_with_its_own_strength() -> None:
    strengths = [
        filters_of(picture(range="pc"), replace(CLEAN, noise=sigma))[0].strength
        for sigma in (NOISY, 5.0, 10.0, 20.0)
    ]
    assert strengths == [NOISY, 5.0, 10.0, 20.0]


def test_limited_range_has_fewer_levels_of_noise() -> None:
    (denoise,) = filters_of(picture(range="tv"), replace(CLEAN, noise=10.0))
    assert denoise.strength == pytest.approx(10 * 219 / 255, abs=0.01)


def test_the_noise_that_is_told_is_the_noise_that_is_taken_out() -> None:
    change = {"noise": 0.2, **_hidden(1.5, 2.0), "quantiser": 16.0}
    plan = plan_of(probe_of(picture()), replace(CLEAN, **change), "a.mp4")
    assert "Noise: about 3.0 of 255 levels." in plan.findings
    assert plan.filters[0].reason == "It is noisy (about 3.0 of 255 levels)."


def test_smoothed_noise_is_met_with_more() -> None:
    white, smoothed = (
        filters_of(picture(), replace(CLEAN, noise=5.0, coarseness=c))[0].strength
        for c in (1.0, 2.0)
    )
    assert smoothed > 2 * white


def test_stabilising_leaves_alone_what_it_cannot_read() -> None:
    for form in ("yuv420p10le", "yuv422p"):
        chosen = filters_of(picture(pixel_format=form), ALL_WRONG, stabilise=True)
        assert "stabilise" not in [f.name for f in chosen]
    chosen = filters_of(picture(), replace(ALL_WRONG, transparent=True), stabilise=True)
    assert "stabilise" not in [f.name for f in chosen]


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_the_tone_of_hdr_is_never_changed(transfer: str) -> None:
    dim = replace(CLEAN, white=120.0, cast=WARM)
    hdr = picture(transfer=transfer)
    assert plan_of(probe_of(hdr), dim, "a.mp4").action == "copy"
    assert filters_of(hdr, dim, levels=1, white_balance=1, saturation=1.5) == ()


def test_a_stretch_maps_black_and_white_where_they_belong() -> None:
    lifted = replace(CLEAN, black=80.0, white=150.0)
    (levels,) = filters_of(picture(range="pc"), lifted)
    # (240 − 20) ÷ (150 − 80) would reach white; the gain is capped.
    assert levels.strength == MAX_FLAT_GAIN
    assert f"(val-0)*{MAX_FLAT_GAIN:.4f}" in levels.expression


DARK, FLAT = {"white": 120.0}, {"black": 80.0, "white": 170.0}


def test_noise_does_not_show_that_colours_were_kept() -> None:
    dark = replace(CLEAN, noise=11.7, black=8.0, white=106.0, floor=-7.5, peak=106.0)
    _, levels = filters_of(picture(), dark)
    assert "u='(val-128)*1.0000+128'" not in levels.expression


@pytest.mark.parametrize("change", [DARK, FLAT])
@pytest.mark.parametrize(("floor", "colours_too"), [(0.0, True), (-40.0, False)])
def test_colours_are_stretched_unless_they_are_too_strong_for_the_light_already(
    change: dict[str, float], floor: float, *, colours_too: bool
) -> None:
    if change is FLAT and colours_too:
        floor = 75.0  # as high as black: it was lifted with it
    (levels,) = filters_of(picture(), replace(CLEAN, **change, floor=floor))
    gain = levels.strength if colours_too else 1.0
    assert levels.strength > 1.5
    assert f"(val-128)*{gain:.2f}" in levels.expression


@pytest.mark.parametrize(
    ("black", "white", "luma"),
    [
        (-18.0, 190.0, "(val-16)*1.0000+58"),  # pushed against the end: as much to all of it
        (-18.0, 140.0, "(val-16)*1.0000+101"),
        (-10.0, 100.0, "(val-16)*2.1818+34"),  # pressed together around the end
        (46.0, 166.0, "(val-16)*1.8333+-39"),  # half of it in the middle
    ],
)
def test_what_was_taken_from_luma_alone_is_given_back(
    black: float, white: float, luma: str
) -> None:
    robbed = replace(CLEAN, noise=0.0, black=black, white=white, floor=-40.0)
    (levels,) = filters_of(picture(), robbed)
    assert luma in levels.expression
    assert "(val-128)*1.0000+128" in levels.expression
    assert "It is dim" in levels.reason
    assert "levels" not in {f.name for f in filters_of(picture(), replace(robbed, white=235.0))}


def test_black_bars_stay_black() -> None:
    robbed = replace(CLEAN, noise=0.0, black=-18.0, white=150.0, floor=-40.0)
    assert [f.name for f in filters_of(picture(), robbed)] == ["levels"]
    assert filters_of(picture(), replace(robbed, bars=True)) == ()
    flat = replace(CLEAN, noise=0.0, black=80.0, white=170.0, floor=75.0, bars=True)
    assert [f.name for f in filters_of(picture(), flat)] == ["levels"]


def test_what_would_be_flat_if_it_were_only_bright_is_stretched_to_both_ends() -> None:
    (levels,) = filters_of(
        picture(), replace(CLEAN, noise=0.0, black=50.0, white=150.0, floor=45.0)
    )
    assert levels.strength == pytest.approx((240 - 20) / (150 - 50))
    (levels,) = filters_of(
        picture(), replace(CLEAN, noise=0.0, black=30.0, white=150.0, floor=25.0)
    )
    assert levels.strength == pytest.approx(240 / 150)


def test_a_dimmed_scene_of_which_single_pixels_are_black_is_only_made_bright() -> None:
    snow = replace(CLEAN, noise=0.0, black=50.0, white=150.0, floor=45.0, darkest=15.0)
    (levels,) = filters_of(picture(), snow)
    assert levels.strength == pytest.approx(240 / 150)


def test_a_dimmed_scene_of_deep_colours_is_only_made_bright() -> None:
    leaf = replace(CLEAN, noise=0.0, black=50.0, white=150.0, floor=2.0, shade=3.0)
    (levels,) = filters_of(picture(), leaf)
    assert levels.strength == pytest.approx(240 / 150)


def test_a_brilliant_lamp_does_not_hold_luma_back_where_colours_stay() -> None:
    dim = replace(CLEAN, white=120.0, peak=255.0)
    assert filters_of(picture(), replace(dim, floor=0.0)) == ()
    (levels,) = filters_of(picture(), replace(dim, floor=-40.0))
    assert levels.strength > 1.9


@pytest.mark.parametrize("times", [2, 3, 4])
def test_upscaling_multiplies_width_and_height(times: int) -> None:
    plan = plan_of(probe_of(picture(rotation=90)), CLEAN, "a.mp4", upscale=times)
    assert (plan.action, plan.width, plan.height) == ("encode", 240 * times, 320 * times)
    assert names(plan) == ["upscale"]


@pytest.mark.parametrize(
    ("size", "asked", "done"),
    [((3840, 2160), 4, 2), ((4096, 2048), 2, 2), ((2160, 3840), 3, 2), ((7680, 4320), 2, 1)],
)
def test_nothing_is_made_larger_than_what_may_be_opened(
    size: tuple[int, int], asked: int, done: int
) -> None:
    large = picture(width=size[0], height=size[1])
    plan = plan_of(probe_of(large), CLEAN, "a.mp4", upscale=asked)
    assert (plan.width, plan.height) == (size[0] * done, size[1] * done)
    assert plan.width * plan.height <= MAX_PIXELS
    assert plan.action == ("encode" if done > 1 else "copy")
    said = any("enlarged" in words and f"{asked} times" in words for words in plan.findings)
    assert said == (done < asked)


@pytest.mark.parametrize(
    ("change", "wish", "word"),
    [
        ({"pixel_format": "yuv420p10le"}, {"stabilise": True}, "steadied"),
        ({"width": 4}, {"deinterlace": True}, "deinterlaced"),
        ({"pixel_format": "yuv422p"}, {"stabilise": True}, "steadied"),
        ({"transfer": "smpte2084"}, {"levels": 1.0}, "HDR"),
        ({"transfer": "arib-std-b67"}, {"saturation": 1.5}, "HDR"),
    ],
)
def test_a_wish_that_cannot_be_met_is_said(
    change: dict[str, Any], wish: dict[str, Any], word: str
) -> None:
    able = plan_of(probe_of(picture()), CLEAN, "a.mp4", **wish)
    assert not any(word in words for words in able.findings)
    unable = plan_of(probe_of(picture(**change)), CLEAN, "a.mp4", **wish)
    assert any(word in words for words in unable.findings)
    assert unable.action == "copy"


# Encoding


def argument(plan: Plan, name: str) -> str | None:
    """What the encoder is told after this word."""
    options = plan.encoder_options
    return options[options.index(name) + 1] if name in options else None


@pytest.mark.parametrize("wish", [{"quality": "high"}, {"quality": "small"}, {"codec": "hevc"}])
def test_a_quality_or_another_codec_encodes_a_clean_clip(wish: dict[str, str]) -> None:
    plan = plan_of(probe_of(picture()), CLEAN, "a.mp4", **wish)
    assert (plan.action, plan.filters) == ("encode", ())
    assert not plan.bounded


def test_the_codec_that_it_has_is_no_reason_to_encode() -> None:
    assert plan_of(probe_of(picture()), CLEAN, "a.mp4", codec="h264").action == "copy"


@pytest.mark.parametrize("codec", ENCODERS)
def test_the_codec_is_the_one_that_was_asked_for(codec: str) -> None:
    plan = plan_of(probe_of(picture(), container="matroska"), NOISE, "a.mkv", codec=codec)
    assert (plan.encoder, plan.extension) == (ENCODERS[codec].name, "mkv")


@pytest.mark.parametrize("quality", ["small", "balanced", "high"])
@pytest.mark.parametrize("codec", ENCODERS)
def test_the_quality_is_the_one_that_was_asked_for(codec: str, quality: str) -> None:
    plan = plan_of(probe_of(picture()), NOISE, "a.mp4", codec=codec, quality=quality)
    assert argument(plan, "-crf") == str(ENCODERS[codec].factors[quality])


@pytest.mark.parametrize(
    ("container", "name", "codec"),
    [("mov", "a.mov", "av1"), ("mpegts", "a.ts", "vp9"), ("flv", "a.flv", "hevc")],
)
def test_a_codec_that_the_container_cannot_hold_goes_to_mp4(
    container: str, name: str, codec: str
) -> None:
    plan = plan_of(probe_of(picture(), container=container), NOISE, name, codec=codec)
    assert (plan.encoder, plan.muxer, plan.extension) == (ENCODERS[codec].name, "mp4", "mp4")


@pytest.mark.parametrize(
    ("codec", "form", "usual"),
    [
        ("av1", "yuv444p", "libx264"),
        ("av1", "yuv422p10le", "libx265"),
        ("h264", "yuv420p12le", "libx265"),
    ],
)
def test_a_codec_that_cannot_hold_the_pixels_is_replaced_and_that_is_said(
    codec: str, form: str, usual: str
) -> None:
    plan = plan_of(probe_of(picture(pixel_format=form)), NOISE, "a.mp4", codec=codec)
    assert (plan.encoder, plan.pixel_format) == (usual, form)
    assert any(ENCODERS[codec].title in words and form in words for words in plan.findings)


@pytest.mark.parametrize(
    ("codec", "size", "usual"),
    [
        ("hevc", (8, 8), "libx264"),
        ("av1", (2, 2), "libx264"),
        ("av1", (64, 9000), "libx264"),
        ("h264", (20_000, 64), "libx265"),
    ],
)
def test_a_codec_that_cannot_hold_the_size_is_replaced_and_that_is_said(
    codec: str, size: tuple[int, int], usual: str
) -> None:
    odd = picture(width=size[0], height=size[1])
    plan = plan_of(probe_of(odd), CLEAN, "a.mp4", codec=codec, quality="high")
    assert plan.encoder == usual
    assert any(ENCODERS[codec].title in words and "size" in words for words in plan.findings)


@pytest.mark.parametrize(
    ("average", "base", "encoder"),
    [
        (480, "480/1", "libx264"),
        (240, "240/1", "libsvtav1"),
        # Uneven times: libav tells their common measure where it is not far from the average.
        (100, "2000/1", "libx264"),
        (30, "2000/1", "libsvtav1"),
        (30, "0/0", "libsvtav1"),
    ],
)
def test_a_codec_that_cannot_keep_up_is_replaced_and_that_is_said(
    average: int, base: str, encoder: str
) -> None:
    raw = {"streams": [{"index": 0, "r_frame_rate": base}]}
    fast = probe_of(picture(average_rate=Fraction(average)), raw=raw)
    plan = plan_of(fast, NOISE, "a.mp4", codec="av1")
    assert plan.encoder == encoder
    assert any("pictures a second" in words for words in plan.findings) == (encoder == "libx264")


def test_an_undamaged_clip_keeps_its_codec_only_where_that_keeps_up() -> None:
    fast = probe_of(picture(codec="av1", average_rate=Fraction(300)))
    assert plan_of(fast, CLEAN, "a.mp4", quality="balanced").encoder == "libx264"


@pytest.mark.parametrize(
    ("codec", "container", "encoder"),
    [
        ("h264", "mp4", "libx264"),
        ("hevc", "mp4", "libx265"),
        ("av1", "matroska", "libsvtav1"),
        ("vp9", "webm", "libvpx-vp9"),
        ("av1", "webm", "libsvtav1"),
        ("mpeg4", "mp4", "libx264"),
    ],
)
def test_an_undamaged_clip_that_is_made_vivid_keeps_its_codec_and_its_size(
    codec: str, container: str, encoder: str
) -> None:
    clip = probe_of(picture(codec=codec), container=container, size_bytes=1_000_000)
    plan = make_plan(clip, CLEAN, "a", Options.of("vivid"))
    assert plan.encoder == encoder
    assert plan.bounded


@pytest.mark.parametrize(("step", "factor"), [(None, "18"), (4.5, "18"), (9.0, "23")])
def test_an_undamaged_clip_is_first_tried_about_as_coarsely_as_it_is(
    step: float | None, factor: str
) -> None:
    clean = replace(CLEAN, quantiser=step)
    plan = make_plan(probe_of(picture()), clean, "a.mp4", Options.of("vivid"))
    assert argument(plan, "-crf") == factor


@pytest.mark.parametrize(
    ("codec", "transfer", "finer"),
    [
        ("h264", "bt709", 0),
        ("h264", "smpte2084", 4),
        ("hevc", "smpte2084", 4),
        ("hevc", "arib-std-b67", 2),
        ("av1", "smpte2084", 6),
    ],
)
def test_hdr_is_encoded_more_finely(codec: str, transfer: str, finer: int) -> None:
    encoder = ENCODERS[codec]
    said = encoder.arguments("balanced", "matroska", Fraction(25), transfer)
    assert int(said[1]) == encoder.factors["balanced"] - finer


@pytest.mark.parametrize("codec", sorted(ENCODERS))
def test_a_coarser_encoding_is_as_coarse_as_the_encoder_can_at_most(codec: str) -> None:
    encoder = ENCODERS[codec]
    usual = encoder.arguments("balanced", "matroska", Fraction(25), "bt709")
    factors = [int(encoder.coarser(usual, times)[1]) for times in (1.0, 1.01, 2.0, 1000.0)]
    first = int(usual[1])
    assert factors == [first, first + 1, first + encoder.halving, encoder.coarsest]
    assert encoder.coarser(usual, 2.0)[2:] == usual[2:]


def test_a_damaged_clip_takes_the_bits_that_it_needs() -> None:
    hevc = probe_of(picture(codec="hevc"), size_bytes=1_000_000)
    for preset in ("auto", "vivid"):
        plan = make_plan(hevc, NOISE, "a.mp4", Options.of(preset))
        assert plan.encoder == "libx264"
        assert not plan.bounded


@pytest.mark.parametrize(
    ("analysis", "quality"),
    [
        (replace(CLEAN, sharpness=0.1, quantiser=2.0), "high"),
        (replace(CLEAN, sharpness=0.1, quantiser=0.625), "exact"),
        (replace(CLEAN, white=120.0, quantiser=0.625), "balanced"),
        (replace(CLEAN, white=120.0, quantiser=2.0), "balanced"),
        (replace(CLEAN, interlaced="tff", quantiser=2.0), "high"),
        (replace(CLEAN, interlaced="tff", quantiser=6.0), "balanced"),
        (replace(CLEAN, sharpness=0.1, quantiser=18.0), "light"),
        (replace(CLEAN, white=120.0, quantiser=6.0), "light"),
        (replace(CLEAN, sharpness=0.1, half_sharpness=0.2, quantiser=None), "balanced"),
        (replace(CLEAN, noise=8.0, quantiser=2.0), "balanced"),
    ],
)
def test_a_source_is_encoded_as_finely_as_it_deserves(analysis: Analysis, quality: str) -> None:
    plan = plan_of(probe_of(picture()), analysis, "a.mp4")
    assert argument(plan, "-crf") == str(ENCODERS["h264"].factors[quality])


@pytest.mark.parametrize(("height", "quality"), [(480, "balanced"), (1080, "light")])
def test_a_large_picture_that_is_very_coarse_is_encoded_lightly(height: int, quality: str) -> None:
    coarse = picture(codec="mpeg4", width=height * 16 // 9 // 2 * 2, height=height)
    plan = plan_of(probe_of(coarse), replace(CLEAN, quantiser=30.0), "a.mp4")
    assert argument(plan, "-crf") == str(ENCODERS["h264"].factors[quality])


def test_sharpening_large_pictures_costs_less() -> None:
    soft = replace(CLEAN, sharpness=0.1)
    masks = [
        plan_of(probe_of(picture(width=w, height=h)), soft, "a.mp4").filters[0].expression
        for w, h in ((1280, 720), (1920, 1080))
    ]
    assert masks == ["unsharp=9:9:1.00:5:5:0", "unsharp=5:5:1.30:5:5:0"]


# Containers


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


def test_files_that_were_put_one_behind_the_other_are_left_alone() -> None:
    joined = Timing(packets=50, duration=Fraction(2), sound=False, constant=False, joined=True)
    plan = plan_of(probe_of(picture(), timing=joined), NOISE, "a.mkv")
    assert plan.action == "copy"
    assert "one behind the other" in plan.findings[-1]


@pytest.mark.parametrize("index", [0, 1])
def test_a_codec_that_changes_on_the_way_is_left_alone(index: int) -> None:
    streams = [replace(s, changing=s.index == index) for s in (VIDEO, AAC)]
    plan = plan_of(probe_of(picture(), *streams), NOISE, "a.ts")
    assert plan.action == "copy"
    assert "changes on the way" in plan.findings[-1]


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


def test_sound_that_is_declared_but_not_there_is_said_to_be_dropped() -> None:
    voice = replace(AAC, index=2)
    plan = plan_of(probe_of(picture(), VIDEO, replace(AAC, empty=True), voice), NOISE, "a.mp4")
    assert [t.index for t in plan.audio] == [2]
    assert plan.dropped == ("The sound track 1 (aac, eng), which is empty.",)


def test_subtitles_are_copied_converted_or_said_to_be_dropped() -> None:
    text = Stream(index=1, kind="subtitle", codec="subrip", text=True)
    bitmap = Stream(index=2, kind="subtitle", codec="dvd_subtitle")
    probe = probe_of(picture(), VIDEO, text, bitmap)
    mp4 = plan_of(probe, NOISE, "a.mp4")
    assert [t.codec for t in mp4.subtitles] == ["mov_text"]
    assert "subtitle track 2" in mp4.dropped[0]
    mkv = plan_of(replace(probe, container="matroska"), NOISE, "a.mkv")
    assert [t.codec for t in mkv.subtitles] == ["copy", "copy"]


def test_subtitles_that_nothing_here_reads_are_not_said_to_fit_no_container() -> None:
    probe = probe_of(picture(), VIDEO, Stream(index=1, kind="subtitle", codec="unknown"))
    plan = plan_of(replace(probe, container="matroska"), NOISE, "a.mkv")
    assert plan.dropped == ("The subtitle track 1 (unknown), which cannot be read.",)


def test_what_is_left_out_is_said() -> None:
    extra = (
        Stream(index=1, kind="video", codec="hevc"),
        Stream(index=2, kind="data", codec="bin_data"),
        Stream(index=3, kind="video", codec="mjpeg", attached_picture=True),
    )
    probe = probe_of(picture(), VIDEO, *extra, container="mpegts")
    plan = plan_of(probe, replace(NOISE, dynamic_hdr=("Dolby Vision", "HDR10+")), "a.ts")
    words = " ".join(plan.dropped)
    for what in ("second video 1", "data track 2", "cover picture", "Dolby Vision", "HDR10+"):
        assert what in words


@pytest.mark.parametrize(
    ("container", "wish", "lost"),
    [
        ("mp4", {}, []),
        ("matroska", {"codec": "hevc"}, []),
        ("mp4", {"upscale": 2}, ["spherical"]),
        ("mpegts", {}, ["spherical"]),
        ("mpegts", {"codec": "hevc"}, ["spherical", "two eyes"]),
    ],
)
def test_it_is_said_where_players_will_not_be_told_how_to_look_at_pictures(
    container: str, wish: dict[str, Any], lost: list[str]
) -> None:
    around = probe_of(picture(spherical=True, stereo=1), container=container)
    plan = make_plan(around, NOISE, "a", Options.of(**wish))
    assert [what for what in ("spherical", "two eyes") if what in " ".join(plan.dropped)] == lost


@pytest.mark.parametrize(
    ("container", "tag", "lost"),
    [
        ("mov", "01:02:03:04", False),
        ("mp4", "01:02:03:04", False),
        ("mp4", "09:00:00:00", True),
        ("matroska", "01:02:03:04", True),
    ],
)
def test_a_time_code_that_is_kept_is_not_said_to_be_dropped(
    container: str, tag: str, lost: bool
) -> None:
    said = [{"index": 0, "tags": {"timecode": "01:02:03:04"}}]
    said += [{"index": 1, "tags": {"timecode": tag}}]
    track = Stream(index=1, kind="data", codec="unknown")
    probe = probe_of(picture(), VIDEO, track, container=container, raw={"streams": said})
    plan = plan_of(probe, NOISE, "a")
    assert any("data track 1" in words for words in plan.dropped) == lost


def test_timestamps_that_are_not_sound_are_made_good() -> None:
    unsound = Timing(packets=25, duration=Fraction(1), sound=False, constant=True)
    raw = probe_of(picture(), container="h264", demuxer="h264", timing=unsound)
    assert (plan_of(raw, NOISE, "a.h264").retime, plan_of(raw, NOISE, "a.h264").rate) == (
        "constant",
        "25/1",
    )
    assert plan_of(replace(raw, demuxer="mpeg"), NOISE, "a.mpg").retime == "repair"


@pytest.mark.parametrize(("constant", "retime"), [(True, "constant"), (False, "repair")])
def test_times_of_decoding_are_made_times_of_showing(constant: bool, retime: str) -> None:
    timing = Timing(packets=25, duration=Fraction(1), sound=False, constant=constant, decoding=True)
    plan = plan_of(probe_of(picture(), timing=timing), NOISE, "a.mp4")
    assert plan.retime == retime
    assert any("decoding" in words for words in plan.findings)


FORMATS = ["yuv420p", "yuvj420p", "yuv422p10le", "yuv444p12le", "rgb24", "bgra", "gray", "pal8"]

pictures = st.builds(
    picture,
    codec=st.sampled_from(["h264", "hevc", "vp9", "av1", "gif", "prores", "mpeg2video"]),
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
presets = st.sampled_from(preset_names())
level = st.none() | st.floats(-20, 290)
analyses = st.builds(
    Analysis,
    pictures=st.integers(0, 40),
    noise=st.none() | st.floats(0, 100),
    black=level,
    white=level,
    chroma=st.none() | st.floats(0, 128),
    blockiness=st.none() | st.floats(0, 10),
    coarseness=st.floats(1, 10),
    hidden_noise=st.none() | st.floats(0, 100),
    hidden_coarseness=st.floats(1, 10),
    quantiser=st.none() | st.floats(0, 300),
    sharpness=st.none() | st.floats(0, 5),
    cast=st.none() | st.tuples(*[st.tuples(*[st.floats(-3, 3)] * 2)] * 4),
    flicker=st.floats(0, 100),
    shake=st.floats(0, 1),
    interlaced=st.sampled_from([None, "tff", "bff"]),
    partly=st.sampled_from([None, "tff", "bff"]),
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


strength = st.just("auto") | st.floats(0, 2) | st.integers(0, 2)
switch = st.just("auto") | st.booleans()
wishes = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(STRENGTHS, strength),
        **dict.fromkeys(SWITCHES, switch),
        "saturation": st.floats(0, 2),
        "upscale": st.integers(1, 4),
        "quality": st.sampled_from(["auto", "small", "balanced", "high"]),
        "codec": st.sampled_from(["auto", *ENCODERS]),
    },
)
options = st.builds(lambda preset, single: Options.of(preset, **single), presets, wishes)
NAMES = ["a.mp4", "a.webm", "b", "c.avi", ".mkv", "a.3gp"]


@given(probes(), analyses, st.sampled_from(NAMES), options | presets.map(Options.of))
@settings(max_examples=400, deadline=None)
def test_whatever_a_clip_is_and_whatever_is_wished_its_plan_is_valid(
    probe: Probe, analysis: Analysis, name: str, wished: Options
) -> None:
    plan = make_plan(probe, analysis, name, wished)
    assert plan == make_plan(probe, analysis, name, wished)
    assert Plan.from_json(plan.to_json()) == plan
    assert plan.extension.isalnum()
    if plan.action == "copy":
        assert not plan.filters
        return
    applied = names(plan)
    assert applied == [name for name in (*ORDER, "pad") if name in applied]
    assert all(f.reason and f.strength >= 0 for f in plan.filters)
    assert "nan" not in " ".join(f.expression for f in plan.filters)
    if probe.picture.is_hdr:
        assert not {"levels", "white balance"} & set(applied)
    assert not (analysis.transparent and "a" not in plan.pixel_format)
    box = containers.BY_EXTENSION[plan.extension]
    (encoder,) = (e for e in ENCODERS.values() if e.name == plan.encoder)
    assert encoder.codec in box.codecs
    assert "a" in plan.pixel_format or encoder.takes(plan.pixel_format)
    times = next((round(f.strength) for f in plan.filters if f.name == "upscale"), 1)
    for shown, stored in zip((plan.width, plan.height), probe.picture.displayed_size, strict=True):
        assert 0 <= shown - stored * times <= 1
    larger = prod(n * (times + 1) for n in probe.picture.displayed_size)
    assert times == wished.upscale or larger > MAX_PIXELS
    form = pixels.describe(probe.picture.pixel_format)
    assert form is not None
    assert pixels.depth_of(plan.pixel_format) >= form.depth
    kept = {t.index for t in (*plan.audio, *plan.subtitles)} | {*plan.pictures, *plan.attachments}
    assert len(kept) + len(plan.dropped) >= len(probe.streams) - 1


@given(probes(), analyses)
@settings(max_examples=100, deadline=None)
def test_the_preset_none_copies_everything(probe: Probe, analysis: Analysis) -> None:
    assert make_plan(probe, analysis, "a.mp4", Options.of("none")).action == "copy"


def test_a_forced_plan_says_why() -> None:
    assert forced(probe_of(picture()), "a.mp4").filters[0].reason


@pytest.mark.parametrize(
    ("stored", "file", "size"),
    [
        ({}, {}, (1280, 720)),
        ({"rotation": 90}, {}, (720, 1280)),
        ({"sample_aspect": Fraction(4, 3)}, {}, (320, 240)),
        ({"width": 321, "pixel_format": "yuv444p"}, {}, (321, 240)),
        ({"pixel_format": "rgb24"}, {}, (320, 240)),
        ({}, {"demuxer": "mpegts", "container": "mpegts"}, (320, 240)),
    ],
)
def test_pictures_that_become_larger_make_the_frame_where_all_can_be_brought_to_it(
    stored: dict[str, Any], file: dict[str, Any], size: tuple[int, int]
) -> None:
    probe = probe_of(picture(**stored), **file)
    analysis = Analysis(pictures=9, noise=10.0, changing=True, largest=(1280, 720))
    plan = plan_of(probe, analysis, "a.mp4")
    assert (plan.width, plan.height) == size
    assert f"brought to {size[0]}×{size[1]}" in plan.findings[-1]
