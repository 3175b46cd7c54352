"""The estimators read known damage as what it is, and clean pictures as clean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media.scenes import blurred, noisy, stored, texture

from reelworks.media.analysis import estimators, fields, light, motion
from reelworks.media.analysis.estimators import FLATTER, Flatness, Plain, Plane, Scale

FULL = Scale(8, full=True)


def shapes(shift: int = 0) -> Plane:
    """Soft shapes in the middle of the range; ``shift`` moves them sideways."""
    y, x = np.mgrid[0:240, 0:320]
    return 128 + 50 * np.sin((x + shift) / 9) * np.cos(y / 13)


def pair(sigma: float, smooth: float = 0.0) -> tuple[Plane, Plane]:
    """Two pictures of the same, each with noise of its own, which may be smoothed."""
    grain = [noisy(np.zeros((240, 320)), sigma, seed) for seed in (1, 2)]
    first, second = (stored(shapes() + blurred(noise, smooth)) for noise in grain)
    return first, second


def flat_of(first: Plane, second: Plane, scale: Scale = FULL) -> Flatness:
    rough = estimators.roughness(first, second, scale)
    assert rough is not None
    return rough.flatness()


# Noise


@pytest.mark.parametrize("sigma", [3.0, 5.0, 10.0, 20.0])
def test_noise_is_read_within_a_tenth(sigma: float) -> None:
    assert estimators.noise_sigma(flat_of(*pair(sigma))) == pytest.approx(sigma, rel=0.1)


@pytest.mark.parametrize("sigma", [3.0, 10.0, 20.0])
def test_white_noise_is_not_coarse(sigma: float) -> None:
    assert estimators.noise_coarseness(flat_of(*pair(sigma))) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("smooth", [0.7, 1.0])
def test_smoothed_noise_is_coarse(smooth: float) -> None:
    assert estimators.noise_coarseness(flat_of(*pair(20, smooth))) > 1.5


def test_a_clean_picture_that_stands_still_has_no_noise() -> None:
    still = stored(texture())
    flat = flat_of(still, still)
    assert flat.temporal == flat.coarse_temporal == 0
    assert estimators.noise_sigma(flat) == 0
    assert estimators.noise_coarseness(flat) == 1


def test_smooth_motion_is_not_taken_for_noise() -> None:
    flat = flat_of(stored(shapes()), stored(shapes(2)))
    assert estimators.noise_sigma(flat) < 1


def test_noise_is_read_where_nothing_moves() -> None:
    land = np.concatenate([np.full((80, 320), 150.0), texture(160)])
    moved = np.concatenate([land[:80], np.roll(land[80:], 3, axis=1)])
    flat = flat_of(stored(noisy(land, 6, 1)), stored(noisy(moved, 6, 2)))
    assert estimators.noise_sigma(flat) == pytest.approx(6, rel=0.15)


def test_noise_is_read_behind_parts_that_an_encoder_has_emptied() -> None:
    first, second = pair(6)
    first[:80] = second[:80] = 128
    rough = estimators.roughness(first, second, FULL)
    assert rough is not None
    assert estimators.noise_sigma(rough.flatness()) == 0
    assert estimators.noise_sigma(rough.flatness(FLATTER)) == pytest.approx(6, rel=0.15)


@pytest.mark.parametrize("level", [0, 255])
def test_bars_and_burnt_out_parts_do_not_hide_noise(level: int) -> None:
    first, second = pair(10)
    for plane in (first, second):
        plane[:80] = level
    assert estimators.noise_sigma(flat_of(first, second)) == pytest.approx(10, rel=0.15)


def test_a_picture_of_nothing_but_black_tells_nothing() -> None:
    black = np.zeros((64, 64), np.uint8)
    assert estimators.roughness(black, black, FULL) is None


def test_ten_bits_read_like_eight() -> None:
    first, second = pair(8)
    deep = [plane.astype(np.uint16) * 4 for plane in (first, second)]
    eight, ten = flat_of(first, second), flat_of(deep[0], deep[1], Scale(10, full=True))
    assert estimators.noise_sigma(ten) == pytest.approx(estimators.noise_sigma(eight))
    assert estimators.noise_coarseness(ten) == pytest.approx(estimators.noise_coarseness(eight))


def test_noise_of_limited_range_counts_in_full_levels() -> None:
    flat = flat_of(*pair(8), Scale(8, full=False))
    assert estimators.noise_sigma(flat) == pytest.approx(8 * 255 / 219, rel=0.1)


# Levels


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


def test_noise_and_single_lights_do_not_widen_the_range() -> None:
    grey = stored(noisy(np.full((240, 320), 100.0), 8, 1))
    grey[::16, ::16] = 255
    counts = estimators.histogram(grey, 8)
    assert estimators.percentile(counts, 0.005) > 100 - 8
    assert estimators.percentile(counts, 0.995) < 120


# Damage by compression


def test_blocks_are_seen_on_their_grid_only() -> None:
    picture = stored(noisy(shapes(), 2, 1))
    blocky = picture.reshape(30, 8, 40, 8).mean(axis=(1, 3)).repeat(8, 0).repeat(8, 1)
    clean, damaged = estimators.blockiness(picture), estimators.blockiness(blocky)
    assert clean == pytest.approx(1, abs=0.1)
    assert damaged is not None
    assert damaged > 3


def test_one_drawn_edge_on_the_grid_is_no_block() -> None:
    drawing = np.zeros((128, 128), np.uint8)
    drawing[:, 64:] = 255
    assert estimators.blockiness(drawing) == pytest.approx(1)


def test_edges_on_the_grid_and_between_its_lines_are_no_blocks() -> None:
    enlarged = stored(texture(60, 80)).repeat(4, 0).repeat(4, 1)
    assert estimators.blockiness(enlarged) == pytest.approx(1, abs=0.2)
    stripes = np.tile(np.array([40, 40, 160, 160], np.uint8)[:, None], (60, 320))
    assert estimators.blockiness(stripes) == pytest.approx(1, abs=0.2)


# Plain colours


def page(paper: int, ink: int, *, share: float = 0.75) -> Plane:
    """Strokes of one colour on another, which fills that share of it."""
    plane = np.full((240, 320), paper, np.uint8)
    plane[::4, : round(320 * 4 * (1 - share))] = ink
    return plane


def test_a_page_is_plain_and_a_photograph_is_not() -> None:
    assert estimators.plain(page(60, 180, share=0.9), FULL).shown >= 0.5
    for levels in (texture(), 0.4 * texture(), 0.5 * texture() + 64, blurred(texture(), 6)):
        assert estimators.plain(stored(levels), FULL) == Plain(0.0, 0.0)


def test_a_sky_whose_light_falls_evenly_is_not_plain() -> None:
    sky = np.repeat(np.linspace(180, 120, 240)[:, None], 320, axis=1)
    assert estimators.plain(stored(sky), FULL) == Plain(0.0, 0.0)


def test_an_encoder_that_moves_some_of_it_by_a_step_leaves_it_plain() -> None:
    moved = page(60, 180, share=0.9)
    moved[60:120] = np.where(moved[60:120] == 60, 61, 180)
    assert estimators.plain(moved, FULL).shown >= 0.5


@pytest.mark.parametrize("level", [0, 5, 250])
def test_what_is_black_or_burnt_out_is_not_plain(level: int) -> None:
    picture = stored(texture() * 0.7)
    picture[:120] = level
    assert estimators.plain(picture, FULL) == Plain(0.0, 0.0)


def test_a_black_that_was_lifted_is_plain_but_not_within_the_picture() -> None:
    picture = stored(0.5 * np.clip(texture(), 40, 230) + 64)
    picture[:, :100] = 64
    found = estimators.plain(picture, FULL)
    assert found.shown == pytest.approx(0.31, abs=0.02)
    assert found.within == 0


@pytest.mark.parametrize("full", [True, False])
def test_ten_bits_are_as_plain_as_eight(full: bool) -> None:
    eight = page(60, 180, share=0.9)
    deep = eight.astype(np.uint16) * 4 + 1
    found = estimators.plain(deep, Scale(10, full=full))
    assert found == estimators.plain(eight, Scale(8, full=full))


# Sharpness


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_natural_detail_is_sharp_and_a_blur_takes_the_finest(seed: int) -> None:
    picture = texture(seed=seed)
    read = [estimators.sharpness(stored(blurred(picture, s)), FULL) for s in (0, 0.6, 1.2, 2)]
    sharp, lens, soft, softer = (value if value is not None else np.nan for value in read)
    assert min(sharp, lens) >= 0.25
    assert max(soft, softer) <= 0.15
    assert sharp > lens > soft > softer


@pytest.mark.parametrize("sigma", [0.6, 2.0])
def test_sharpness_is_the_same_in_ten_bits(sigma: float) -> None:
    picture = blurred(texture(), sigma)
    deep = np.rint(picture * 4).astype(np.uint16)
    eight = estimators.sharpness(stored(picture), FULL)
    assert estimators.sharpness(deep, Scale(10, full=True)) == pytest.approx(eight, rel=0.1)


def test_what_the_lens_is_focused_on_is_the_sharpest_part() -> None:
    picture = texture()
    shallow = blurred(picture, 2)
    assert estimators.sharpest(stored(shallow), FULL) == pytest.approx(0.06, abs=0.04)
    shallow[80:160, 110:210] = picture[80:160, 110:210]
    part = estimators.sharpest(stored(shallow), FULL)
    assert part is not None
    assert part >= 0.3


def test_too_little_detail_tells_no_sharpness() -> None:
    assert estimators.sharpness(stored(shapes() * 0 + 90), FULL) is None
    assert estimators.sharpness(stored(texture(spread=0.3)), FULL) is None
    assert estimators.sharpness(stored(texture(31, 320)), FULL) is None
    assert estimators.sharpest(stored(texture(spread=0.3)), FULL) is None
    assert estimators.sharpest(stored(texture(90, 320)), FULL) is None


# Pairs


def test_doubled_pictures_and_changes_of_size_are_no_neighbours() -> None:
    first, second = pair(5)
    planes = [first, first, second, second[:100], first[:100]]
    assert [len(a) for a, _ in estimators.neighbours(planes)] == [240, 100]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_no_size_is_too_small_to_be_looked_at(height: int, width: int, value: int) -> None:
    plane = np.full((height, width), value, np.uint8)
    rough = estimators.roughness(plane, plane, FULL)
    assert rough is None or estimators.noise_sigma(rough.flatness()) == 0
    assert estimators.blockiness(plane) is None
    assert estimators.sharpness(plane, FULL) is None
    assert estimators.sharpest(plane, FULL) is None
    assert fields.weave(plane, plane, plane).order() is None
    assert motion.shake([plane, plane, plane]) == 0
    assert light.agreed_cast(light.casts(np.stack([plane] * 3))) == (0, 0)
    assert estimators.histogram(plane, 8).argmax() == value
