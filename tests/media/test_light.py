"""The colour of the light is read where it is sure, and flicker is told from fading."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.media.scenes import photograph

from reelworks.media.analysis import light

SCENE = photograph() * 0.75


@pytest.mark.parametrize(
    "tint", [(1.2, 1.0, 0.75), (0.8, 1.0, 1.25), (1.0, 1.0, 1.0), (0.9, 1.0, 0.9)]
)
def test_the_colour_of_the_light_is_read(tint: tuple[float, float, float]) -> None:
    tinted = SCENE * np.array(tint)[:, None, None]
    red, blue = light.agreed_cast(light.casts(tinted))
    assert (red, blue) == pytest.approx((log(tint[0]), log(tint[2])), abs=0.05)


def test_all_four_estimates_read_it() -> None:
    tinted = SCENE * np.array([1.2, 1.0, 0.75])[:, None, None]
    for cast in light.casts(tinted):
        assert cast == pytest.approx((log(1.2), log(0.75)), abs=0.05)


def test_estimates_that_disagree_say_nothing() -> None:
    assert light.agreed_cast(((0.2, -0.2), (0.2, -0.2), (0.2, -0.2), (-0.1, 0.1))) == (0, 0)
    assert light.agreed_cast(((0.2, 0.0), (-0.2, 0.0), (0.0, 0.2), (0.0, -0.2))) == (0, 0)


def test_estimates_that_look_sideways_disagree_as_well() -> None:
    # Red wood, a red cup and brown coffee, more colourful than any light makes them.
    estimates = ((0.56, -0.02), (-0.95, -0.66), (0.26, -0.10), (0.49, -0.56))
    assert light.agreed_cast(estimates) == (0, 0)


def test_one_estimate_that_reads_little_does_not_make_a_cast_shorter() -> None:
    assert light.cast_length(((0.3, -0.3), (0.1, -0.1), (0.3, -0.3), (0.3, -0.3))) == (
        pytest.approx(0.3 * 2**0.5)
    )
    assert light.cast_length(((0.0, 0.0),) * 4) == 0


def test_the_shortest_of_those_that_agree_counts() -> None:
    agreed = light.agreed_cast(((0.2, -0.2), (0.3, -0.3), (0.1, -0.1), (0.4, -0.4)))
    assert agreed == pytest.approx((0.1, -0.1))


def test_a_red_wall_is_no_cast() -> None:
    scene = SCENE.copy()
    scene[1:, 60:, :160] *= 0.5
    red, blue = light.agreed_cast(light.casts(scene))
    assert np.hypot(red, blue) < 0.1


def test_noise_does_not_hide_a_cast() -> None:
    tinted = SCENE * np.array([1.15, 1.0, 0.8])[:, None, None] * 0.7
    noisy = tinted + np.random.default_rng(5).normal(0, 12, tinted.shape)
    plain, calm = (
        light.agreed_cast(light.casts(rgb))
        for rgb in (np.clip(noisy, 0, 255), light.calm(np.clip(noisy, 0, 255)))
    )
    assert calm == pytest.approx((log(1.15), log(0.8)), abs=0.06)
    assert np.hypot(*calm) > np.hypot(*plain)


def test_the_peak_is_the_brightest_colour_not_the_brightest_luma() -> None:
    scene = np.full((3, 64, 64), 60.0)
    scene[2, 8:40, 8:40] = 220  # a blue lamp has little luma
    assert light.peak(light.calm(scene), (0.0, 0.0)) == 220
    tinted = scene * np.array([1.2, 1.0, 0.8])[:, None, None]
    assert light.peak(light.calm(tinted), (log(1.2), log(0.8))) == pytest.approx(220)


def test_more_colour_than_light_lies_below_black() -> None:
    grey, red = np.full((64, 64), 60.0), np.zeros((64, 64))
    red[8:40, 8:40] = -70  # Cr
    assert light.floor(grey, 0 * red, red) < 0
    assert light.floor(grey, 0 * red, red / 2) > 0


def test_the_darkest_part_of_a_deep_colour_is_black_in_one_channel() -> None:
    steps = np.linspace(0.4, 1, 64 * 64).reshape(64, 64)
    leaf = np.stack([0.4 * steps, steps, 0 * steps]) * 220
    assert light.shade(leaf) == 0
    assert light.shade(leaf / 2 + 63.75) == pytest.approx(64, abs=1)
    luma = np.tensordot([0.299, 0.587, 0.114], leaf, axes=1)
    # Luma alone loses contrast, of a leaf beside something black.
    beside = np.where(steps < 0.45, 0.0, leaf)
    lost = beside + np.where(steps < 0.45, 63.75, 63.75 - luma / 2)
    assert light.shade(lost) == pytest.approx(64, abs=1)


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m"])
@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 0, 255)])
def test_a_pure_colour_is_possible_by_either_matrix(
    matrix: str, colour: tuple[int, int, int]
) -> None:
    kr, kb = light.WEIGHTS[matrix]
    r, g, b = (np.full((8, 8), float(value)) for value in colour)
    luma = kr * r + (1 - kr - kb) * g + kb * b
    lowest = light.floor(luma, (b - luma) / (2 - 2 * kb), (r - luma) / (2 - 2 * kr))
    assert lowest >= -1e-6


def test_a_tiny_picture_is_calm_as_it_is() -> None:
    tiny = np.full((3, 2, 2), 7.0)
    assert (light.calm(tiny) == tiny).all()


def test_what_is_burnt_out_tells_no_cast() -> None:
    assert light.casts(np.full((3, 64, 64), 255.0)) == ((0.0, 0.0),) * 4


@given(
    st.sampled_from([*light.WEIGHTS, "unknown"]),
    st.tuples(*[st.integers(0, 255)] * 3),
)
def test_colours_survive_the_way_through_luma(matrix: str, colour: tuple[int, int, int]) -> None:
    kr, kb = light.WEIGHTS.get(matrix, light.WEIGHTS["bt709"])
    r, g, b = (np.full((1, 1), float(value)) for value in colour)
    luma = kr * r + (1 - kr - kb) * g + kb * b
    rgb = light.to_rgb(luma, (b - luma) / (2 - 2 * kb), (r - luma) / (2 - 2 * kr), matrix)
    assert rgb.ravel() == pytest.approx(colour, abs=1e-6)


@pytest.mark.parametrize("sigma", [0.5, 2.0, 8.0])
def test_jumps_of_the_light_read_their_sigma(sigma: float) -> None:
    means = 120 + np.random.default_rng(3).normal(0, sigma, 2000)
    assert light.flicker(means.tolist()) == pytest.approx(sigma, rel=0.1)


def test_steady_light_and_fades_do_not_flicker() -> None:
    assert light.flicker([90.0] * 5) == 0
    assert light.flicker(np.linspace(0, 255, 5).tolist()) == pytest.approx(0)


def test_two_pictures_tell_no_flicker() -> None:
    assert light.flicker([0.0, 255.0]) == 0


@pytest.mark.parametrize("tone", [(1.0, 1.0, 1.0), (1.08, 0.95, 0.75), (0.85, 1.0, 1.1)])
@pytest.mark.parametrize("contrast", [1.0, 0.4])
def test_a_toned_picture_has_no_hues_however_it_is_toned(
    tone: tuple[float, float, float], contrast: float
) -> None:
    grey = np.random.default_rng(3).uniform(10, 255, (60, 80))
    burnt_out = np.stack([np.clip(grey * share, 0, 255) for share in tone])
    assert light.hues(burnt_out * contrast + 40) < 0.02


def test_a_cast_leaves_a_scene_its_hues() -> None:
    scene = np.random.default_rng(3).uniform(10, 255, (1, 60, 80)) + np.random.default_rng(
        4
    ).uniform(-20, 20, (3, 60, 80))
    warm = scene * np.array([1.1, 1.0, 0.8])[:, None, None]
    for seen in (scene, warm, warm * 0.4):
        assert light.hues(seen) > 0.06
