"""The estimators read known damage as what it is, and clean pictures as clean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelworks.media import estimators
from reelworks.media.estimators import Plane, Scale

FULL = Scale(8, full=True)
_MADE = np.random.default_rng(7)


def scene(shift: int = 0, *, height: int = 240, width: int = 320) -> Plane:
    """Soft shapes in the middle of the range; ``shift`` moves them sideways."""
    y, x = np.mgrid[0:height, 0:width]
    shapes = 128 + 50 * np.sin((x + shift) / 9) * np.cos(y / 13)
    return np.clip(shapes, 0, 255).astype(np.uint8)


def noisy(plane: Plane, sigma: float) -> Plane:
    return np.clip(np.round(plane + _MADE.normal(0, sigma, plane.shape)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("sigma", [3.0, 5.0, 10.0, 20.0])
def test_noise_is_read_within_a_tenth(sigma: float) -> None:
    first, second = noisy(scene(), sigma), noisy(scene(), sigma)
    tflat = estimators.temporal_flatness(first, second, FULL)
    bound = estimators.spatial_flatness(second, FULL)
    assert tflat is not None
    assert bound is not None
    assert estimators.noise_sigma(tflat, bound) == pytest.approx(sigma, rel=0.1)


def test_a_clean_picture_that_stands_still_has_no_noise() -> None:
    assert estimators.temporal_flatness(scene(), scene(), FULL) == 0


def test_smooth_motion_is_not_taken_for_noise() -> None:
    tflat = estimators.temporal_flatness(scene(), scene(2), FULL)
    assert tflat is not None
    assert tflat < 1


def test_black_bars_do_not_hide_noise() -> None:
    first, second = noisy(scene(), 10), noisy(scene(), 10)
    for plane in (first, second):
        plane[:80] = 0
    assert estimators.temporal_flatness(first, second, FULL) == pytest.approx(10 / 1.09, rel=0.15)


def test_a_picture_of_nothing_but_black_tells_nothing() -> None:
    black = np.zeros((64, 64), np.uint8)
    assert estimators.temporal_flatness(black, black, FULL) is None


def test_ten_bits_read_like_eight() -> None:
    first, second = noisy(scene(), 8), noisy(scene(), 8)
    eight = estimators.temporal_flatness(first, second, FULL)
    deep = [plane.astype(np.uint16) * 4 for plane in (first, second)]
    assert estimators.temporal_flatness(deep[0], deep[1], Scale(10, full=True)) == pytest.approx(
        eight
    )


def test_limited_range_is_stretched_to_full_levels() -> None:
    limited = Scale(8, full=False)
    assert limited.levels(16) == 0
    assert limited.levels(235) == pytest.approx(255)
    assert Scale(10, full=False).levels(940) == pytest.approx(255)


def test_percentiles_of_a_ramp() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    counts = estimators.histogram(ramp, 8)
    assert estimators.percentile(counts, 0.5) == pytest.approx(127, abs=2)
    assert estimators.percentile(counts, 0.995) >= 252


def test_blocks_are_seen_on_their_grid_only() -> None:
    picture = noisy(scene(), 2)
    blocky = picture.reshape(30, 8, 40, 8).mean(axis=(1, 3)).repeat(8, 0).repeat(8, 1)
    clean, damaged = estimators.blockiness(picture), estimators.blockiness(blocky)
    assert clean == pytest.approx(1, abs=0.1)
    assert damaged is not None
    assert damaged > 3


def test_one_drawn_edge_on_the_grid_is_no_block() -> None:
    drawing = np.zeros((128, 128), np.uint8)
    drawing[:, 64:] = 255
    assert estimators.blockiness(drawing) == pytest.approx(1)


def woven(top_first: bool) -> list[Plane]:
    """Three pictures whose fields are half a picture apart, moving three pixels a field."""
    pictures = []
    for number in range(3):
        early, late = (scene(3 * (2 * number + field)) for field in (0, 1))
        picture = early.copy()
        first_line = 1 if top_first else 0
        picture[first_line::2] = late[first_line::2]
        pictures.append(picture)
    return pictures


def test_field_order_is_told() -> None:
    assert estimators.weave(*woven(top_first=True)).order() == "tff"
    assert estimators.weave(*woven(top_first=False)).order() == "bff"


def test_moving_whole_pictures_are_progressive() -> None:
    assert estimators.weave(scene(0), scene(6), scene(12)).order() == "progressive"


def test_still_pictures_tell_no_field_order() -> None:
    assert estimators.weave(scene(), scene(), scene()).order() is None


def test_blur_lowers_the_edge_ratio() -> None:
    hard = (np.indices((64, 64))[1] // 16 % 2 * 200).astype(np.uint8)
    soft = np.stack([np.convolve(row, np.ones(7) / 7, "same") for row in hard.astype(float)])
    sharp, blurred = estimators.blur_ratio(hard), estimators.blur_ratio(soft)
    assert sharp is not None
    assert blurred is not None
    assert sharp > 0.9 > 0.6 > blurred


def test_the_three_colour_estimates_agree_on_a_tinted_picture() -> None:
    grey = noisy(scene(), 5)
    tinted = estimators.casts(grey, (grey * 0.9).astype(np.uint8), (grey * 0.6).astype(np.uint8))
    for red, green, blue in tinted:
        assert red > green > blue


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_no_size_is_too_small_to_be_looked_at(height: int, width: int, value: int) -> None:
    plane = np.full((height, width), value, np.uint8)
    if min(height, width) >= 3:
        estimators.temporal_flatness(plane, plane, FULL)
        estimators.spatial_flatness(plane, FULL)
    estimators.blockiness(plane)
    estimators.blur_ratio(plane)
    estimators.weave(plane, plane, plane).order()
    estimators.histogram(plane, 8)
