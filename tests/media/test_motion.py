"""The motion of the camera is found, and jerks are told from a pan."""

from __future__ import annotations

import numpy as np
import pytest
from tests.media.scenes import Array, noisy, stored, texture

from reelworks.media.analysis import motion

BROAD = texture(300, 400)


def view(down: int, right: int) -> Array:
    """The part of the scene that a camera sees that was moved."""
    return stored(BROAD[down : down + 192, right : right + 256])


@pytest.mark.parametrize("moved", [(0, 0), (0, 7), (5, 0), (-4, 9), (-20, -13)])
def test_a_shift_is_found_exactly(moved: tuple[int, int]) -> None:
    first = stored(texture(192, 256))
    down, right = motion.shift(first, np.roll(first, moved, axis=(0, 1)))
    assert (down * 256, right * 256) == moved


def test_a_shift_is_found_in_noise() -> None:
    first = stored(noisy(view(40, 40), 15, 1))
    second = stored(noisy(view(36, 49), 15, 2))
    down, right = motion.shift(first, second)
    assert (down * 256, right * 256) == (4, -9)


def test_a_shift_is_a_share_of_the_width_whatever_the_size() -> None:
    small = stored(texture(192, 256))
    large = small.repeat(4, 0).repeat(4, 1)
    down, right = motion.shift(large, np.roll(large, (16, -32), axis=(0, 1)))
    assert (down, right) == (16 / 1024, -32 / 1024)


@pytest.mark.parametrize("speed", [(0, 0), (0, 3), (2, 5)])
def test_a_steady_pan_does_not_shake(speed: tuple[int, int]) -> None:
    assert motion.shake([view(speed[0] * n, speed[1] * n) for n in range(5)]) == 0


def test_jerks_shake_by_as_much_as_they_change_the_motion() -> None:
    # It moves by 6, -6, 6, -6: each change is 12 of 256 columns.
    planes = [view(40, 40 + 6 * (n % 2)) for n in range(5)]
    assert motion.shake(planes) == pytest.approx(12 / 256)


def test_two_pictures_tell_no_shake() -> None:
    assert motion.shake([view(0, 0), view(9, 9)]) == 0


def test_pictures_of_other_sizes_are_passed_over() -> None:
    assert motion.shake([view(0, 0), view(0, 0)[:100], view(9, 9)]) == 0
