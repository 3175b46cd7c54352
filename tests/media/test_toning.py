"""What FFmpeg makes of the filters of tone: black and white land where they are said to."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import partial
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clips import toolbox
from tests.media.scenes import Array

from reelworks.media.analysis.light import WEIGHTS
from reelworks.media.deciding import toning
from reelworks.media.deciding.stored import Stored
from reelworks.media.deciding.toning import Tone

WAYS = [Stored(depth, full, chroma="444") for depth in (8, 10) for full in (False, True)]
WAYS_NAMES = [f"{way.depth} bits, {'full' if way.full else 'limited'}" for way in WAYS]
in_every_way = pytest.mark.parametrize("way", WAYS, ids=WAYS_NAMES)


def filtered(planes: Array, expression: str, way: Stored) -> Array:
    """Stored values (3, height, width) of one picture after a filter."""
    form = "yuv444p" + ("" if way.depth == 8 else f"{way.depth}le")
    size = np.uint8 if way.depth == 8 else np.dtype("<u2")
    raw = ("-f", "rawvideo", "-pix_fmt", form)
    command = [
        *(str(toolbox().ffmpeg), "-nostdin", "-v", "error", *raw),
        *("-video_size", f"{planes.shape[2]}x{planes.shape[1]}", "-i", "-"),
        *("-vf", f"setparams=range={'pc' if way.full else 'tv'},{expression}"),
        *(*raw, "-"),
    ]
    given = np.clip(np.rint(planes), 0, (1 << way.depth) - 1).astype(size)
    done = subprocess.run(
        command, input=given.tobytes(), stdout=subprocess.PIPE, check=True, timeout=60
    )
    return np.frombuffer(done.stdout, size).reshape(planes.shape).astype(float)


def store(levels: Array, way: Stored) -> Array:
    """Luma levels, 0 to 255, as stored."""
    return way.black + np.asarray(levels) * way.span / 255 * way.unit


def levels(values: Array, way: Stored) -> Array:
    return (values - way.black) / way.unit * 255 / way.span


def grey_ramp(way: Stored) -> tuple[Array, Array]:
    """Levels of a ramp, and a picture of it without colour, stored."""
    shown = np.tile(np.arange(256.0), (16, 1))
    grey = np.full(shown.shape, float(way.grey))
    return shown, np.stack([store(shown, way), grey, grey])


# Levels


@in_every_way
def test_a_dim_picture_is_multiplied_and_its_black_stays(way: Stored) -> None:
    tone = toning.brightened(120.0, share=1)
    shown, picture = grey_ramp(way)
    after = levels(filtered(picture, tone.expression(way), way)[0], way)
    assert (tone.gain, tone.offset) == (2.0, 0.0)
    assert after == pytest.approx(np.minimum(2 * shown, 255), abs=1.5)


@in_every_way
@pytest.mark.parametrize(
    ("low", "high", "end", "target"),
    [
        (70, 150, 70, toning.BLACK_TARGET),
        (100, 190, 190, toning.WHITE_TARGET),
        (140, 190, 190, toning.WHITE_TARGET),
    ],
)
def test_contrast_is_given_back_around_middle_grey(
    low: int, high: int, end: int, target: float, way: Stored
) -> None:
    tone = toning.contrasted(low, high, share=1)
    _, picture = grey_ramp(way)
    after = levels(filtered(picture, tone.expression(way), way)[0, 0], way)
    assert after[end] == pytest.approx(target, abs=2)
    assert (after[127] + after[128]) / 2 == pytest.approx(toning.MIDDLE, abs=1.5)
    assert (np.diff(after) >= -1e-9).all()


@in_every_way
@pytest.mark.parametrize("share", [0.5, 1])
def test_a_stretch_brings_both_ends_where_they_belong(share: float, way: Stored) -> None:
    tone = toning.stretched(70, 180, share=share)
    _, picture = grey_ramp(way)
    after = levels(filtered(picture, tone.expression(way), way)[0, 0], way)
    for end, target in ((70, toning.BLACK_TARGET), (180, toning.WHITE_TARGET)):
        assert after[end] == pytest.approx(end + (target - end) * share, abs=1.5)
    assert (np.diff(after) >= -1e-9).all()


@in_every_way
@pytest.mark.parametrize("saturation", [0.0, 0.5, 1.3])
def test_saturation_multiplies_colour_and_leaves_luma(way: Stored, saturation: float) -> None:
    tone = toning.brightened(255, share=0).coloured(saturation, 20)
    shown, picture = grey_ramp(way)
    colour = (shown - 127) / 2 * way.unit
    picture[1:] = way.grey + np.stack([colour, -colour])
    after = filtered(picture, tone.expression(way), way)
    assert after[0] == pytest.approx(np.rint(picture[0]), abs=1)
    wanted = way.grey + saturation * (np.rint(picture[1:]) - way.grey)
    assert after[1:] == pytest.approx(wanted, abs=1)


def test_colour_is_not_stretched_beyond_its_bound() -> None:
    tone = toning.brightened(100, share=1)
    assert tone.coloured(1.0, 20).chroma == pytest.approx(2.4)
    assert tone.coloured(1.0, 60).chroma == pytest.approx(toning.MAX_CHROMA / 60)
    assert tone.coloured(1.0, 120).chroma == 1
    assert tone.coloured(0.5, 120).chroma == 0.5


@in_every_way
def test_what_cannot_fill_the_range_keeps_its_middle(way: Stored) -> None:
    tone = toning.stretched(100, 160, share=1)
    shown, picture = grey_ramp(way)
    after = levels(filtered(picture, tone.expression(way), way)[0, 0], way)
    assert tone.gain == toning.MAX_FLAT_GAIN
    assert after[130] == pytest.approx(shown[0, 130], abs=1.5)


@pytest.mark.parametrize(
    "tone_to",
    [
        partial(toning.brightened, 110.0),
        partial(toning.contrasted, 70.0, 150.0),
        partial(toning.stretched, 70.0, 150.0),
    ],
)
def test_no_colour_is_driven_beyond_its_brightest(tone_to: Callable[..., Tone]) -> None:
    free, peak = tone_to(share=1), 200.0
    bound = tone_to(share=1, peak=peak)
    assert free.gain * peak + free.offset > toning.BRIGHTEST
    assert bound.gain * peak + bound.offset == pytest.approx(toning.BRIGHTEST)


@given(st.floats(-20, 254), st.floats(1, 200), st.floats(0, 1))
def test_no_tone_darkens_white_lifts_black_or_goes_too_far(
    low: float, span: float, share: float
) -> None:
    high = low + span
    tones = (
        toning.brightened(high, share=share),
        toning.contrasted(low, high, share=share),
        toning.stretched(low, high, share=share),
    )
    for tone in tones:
        assert 1 <= tone.gain <= toning.MAX_GAIN
        assert tone.gain * low + tone.offset <= max(low, 0) * tone.gain + 1e-6
        most = max(toning.WHITE_TARGET, high * tone.gain if low <= toning.BLACK_TARGET else high)
        assert tone.gain * high + tone.offset <= most + 1e-6


def test_a_tone_of_no_share_is_nothing() -> None:
    assert toning.contrasted(70, 180, share=0).is_nothing
    assert not toning.contrasted(70, 180, share=1).is_nothing


# White


def cast_ramp(tint: tuple[float, float, float], matrix: str, way: Stored) -> Array:
    """Greys from 0 to 200 in a coloured light, stored."""
    kr, kb = WEIGHTS[matrix]
    red, green, blue = (share * np.tile(np.linspace(0, 200, 64), (16, 1)) for share in tint)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    span = (255 if way.full else 224) / 255 * way.unit
    return np.stack(
        [
            store(luma, way),
            way.grey + span * (blue - luma) / (2 - 2 * kb),
            way.grey + span * (red - luma) / (2 - 2 * kr),
        ]
    )


def spread(picture: Array, matrix: str, way: Stored) -> float:
    """How far any pixel's red or blue is from its green, in levels."""
    kr, kb = WEIGHTS[matrix]
    span = (255 if way.full else 224) / 255 * way.unit
    blue, red = (picture[1:] - way.grey) / span * np.array([2 - 2 * kb, 2 - 2 * kr])[:, None, None]
    green = -(kr * red + kb * blue) / (1 - kr - kb)
    return float(np.abs([red - green, blue - green]).max())


TINTS = [(1.1, 1.0, 0.9), (0.9, 1.0, 1.15), (1.2, 1.0, 0.75)]


@in_every_way
@pytest.mark.parametrize("matrix", ["bt709", "smpte170m"])
@pytest.mark.parametrize("tint", TINTS)
def test_a_cast_that_is_taken_out_whole_leaves_grey(
    way: Stored, matrix: str, tint: tuple[float, float, float]
) -> None:
    picture = cast_ramp(tint, matrix, way)
    red, blue = log(tint[0] / tint[1]), log(tint[2] / tint[1])
    whole = toning.white_balance(red, blue, 1 / toning.CAUTION, matrix, way)
    after = filtered(picture, whole, way)
    assert spread(picture, matrix, way) > 15
    # Both ways of the picture are rounded: to a step of what is stored.
    assert after[1:] == pytest.approx(np.full_like(after[1:], way.grey), abs=1)
    assert after[0] == pytest.approx(np.rint(picture[0]), abs=1)


@in_every_way
def test_a_cast_is_taken_out_of_what_was_stretched(way: Stored) -> None:
    tint = (1.1, 1.0, 0.8)
    picture = cast_ramp(tint, "bt709", way)
    tone = toning.Tone(gain=1.3, offset=-15.0, chroma=1.3)
    stretched = filtered(picture, tone.expression(way), way)
    light = log(tint[0]), log(tint[2])
    balance = toning.white_balance(*light, 1 / toning.CAUTION, "bt709", way, tone)
    # Black was cut off: what has no luma left is not asked for.
    seen = (stretched[0] > way.black + way.unit).nonzero()
    after = filtered(stretched, balance, way)[:, seen[0], seen[1]]
    assert after[1:] == pytest.approx(np.full_like(after[1:], way.grey), abs=2)


@in_every_way
def test_some_of_a_cast_is_left_for_caution(way: Stored) -> None:
    picture = cast_ramp((1.1, 1.0, 0.9), "bt709", way)
    usual = toning.white_balance(log(1.1), log(0.9), 1, "bt709", way)
    after = spread(filtered(picture, usual, way), "bt709", way)
    assert after < 0.25 * spread(picture, "bt709", way)


def test_no_share_changes_nothing() -> None:
    way = Stored(10, full=False, chroma="444")
    picture = cast_ramp((1.2, 1.0, 0.75), "bt709", way)
    after = filtered(picture, toning.white_balance(0.2, -0.3, 0, "bt709", way), way)
    assert after == pytest.approx(np.rint(picture), abs=1)
