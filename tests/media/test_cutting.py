"""Where films are cut: the lengths of parts, and what they cost those who wait for the last one."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reelworks.media.encoding.cutting import LONGEST, SHORTEST, WHOLE_SECONDS, cuts

RATE = 10


def lengths(seconds: int, keyframes: range) -> list[Fraction]:
    """Seconds of each part of a film of ten pictures a second."""
    count = seconds * RATE
    found = cuts(range(count), keyframes, Fraction(1, RATE))
    return [Fraction(last - first, RATE) for first, last in pairwise([0, *found, count])]


@given(seconds=st.integers(WHOLE_SECONDS + 1, 20_000), gap=st.integers(1, 120))
def test_parts_are_as_long_as_they_may_be(seconds: int, gap: int) -> None:
    found = lengths(seconds, range(0, seconds * RATE, gap))
    assert sum(found) == seconds
    # The last picture has no end of its own: one picture more or less.
    assert min(found) >= SHORTEST - Fraction(1, RATE)
    assert max(found) <= LONGEST + Fraction(1, RATE)


@given(seconds=st.integers(400, 20_000))
def test_the_last_parts_are_shorter_than_the_first(seconds: int) -> None:
    found = lengths(seconds, range(seconds * RATE))
    assert found[-1] <= Fraction(2, 3) * found[0]
    assert all(later <= former + Fraction(1, 5) for former, later in pairwise(found))


def test_a_short_film_stays_whole() -> None:
    assert lengths(WHOLE_SECONDS - 1, range(0, 1000, 20)) == [WHOLE_SECONDS - 1]


def test_a_cut_is_at_a_keyframe_where_one_is_near() -> None:
    found = cuts(range(3000), range(0, 3000, 100), Fraction(1, RATE))
    assert found
    assert all(number % 100 == 0 for number in found)


def test_a_film_without_keyframes_stays_whole() -> None:
    """Every part would have to decode all that is before it."""
    assert cuts(range(3000), [0], Fraction(1, RATE)) == []
