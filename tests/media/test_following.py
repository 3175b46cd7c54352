"""Texture that moves is told from noise: it moves along."""

from __future__ import annotations

import numpy as np
import pytest
from tests.media.scenes import Array, blurred, noisy, stored

from reelworks.media.analysis.estimators import Scale
from reelworks.media.analysis.following import unforeseen

FULL = Scale(8, full=True)
GRASS = 120 + 60 * blurred(noisy(np.zeros((300, 420)), 1, 3), 0.8)


def seen(down: float, right: float, *, larger: float = 1.0) -> Array:
    """What a camera that was moved sees of it: of all frequencies, at places between the pixels."""
    rows, columns = (20 + d + np.arange(n) * larger for d, n in ((down, 192), (right, 256)))
    return _between(_between(GRASS, rows).T, columns).T


def _between(values: Array, places: Array) -> Array:
    """Rows at places between them, by their trigonometric interpolation."""
    frequencies = np.fft.fftfreq(len(values))
    return (
        np.exp(2j * np.pi * np.outer(places, frequencies)) @ np.fft.fft(values, axis=0)
    ).real / (len(values))


@pytest.mark.parametrize("moved", [(0.0, 0.6), (1.3, -0.4), (6.4, 1.7), (0.0, 21.5)])
def test_texture_that_moves_is_foreseen(moved: tuple[float, float]) -> None:
    assert unforeseen(stored(seen(0, 0)), stored(seen(*moved)), FULL) < 0.4


def test_texture_that_comes_nearer_is_foreseen() -> None:
    assert unforeseen(stored(seen(0, 0)), stored(seen(0, 0, larger=0.98)), FULL) < 0.4


@pytest.mark.parametrize("sigma", [3, 10])
def test_noise_is_not_foreseen(sigma: float) -> None:
    first, second = (stored(noisy(np.full((192, 256), 90.0), sigma, n)) for n in (1, 2))
    assert unforeseen(first, second, FULL) > 0.8


def test_noise_before_a_texture_that_stands_still_is_not_foreseen() -> None:
    first, second = (stored(noisy(seen(0, 0) / 8 + 80, 5, n)) for n in (1, 2))
    assert unforeseen(first, second, FULL) > 0.8


def test_levels_are_told_at_any_depth() -> None:
    eight, ten = (
        unforeseen(
            *(np.rint(seen(0, r) * unit).astype(np.uint16) for r in (0, 2.5)), Scale(d, True)
        )
        for unit, d in ((1, 8), (4, 10))
    )
    assert ten == pytest.approx(eight, abs=0.05)


@pytest.mark.parametrize("shape", [(8, 8), (17, 300), (64, 64)])
def test_what_does_not_change_or_is_too_small_tells_nothing(shape: tuple[int, int]) -> None:
    still = stored(seen(0, 0))[: shape[0], : shape[1]]
    assert unforeseen(still, still, FULL) == 1
    assert unforeseen(np.zeros_like(still), np.zeros_like(still), FULL) == 1
