"""Finds the same pictures in a source and in its result. Only for use in the Python child.

A result has its source's pictures at its source's times. Decoding both from end to end would take
as long as encoding did, so both are sought to a few places where each has a keyframe close by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from reelworks.media.children.child import Moved
from reelworks.media.probing.film import Film

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

PLACES = 8
_DEPTH = 6
"""So many pictures behind a keyframe is what is taken: keyframes are better than most."""

_HD = 1920 * 1080
_SHORT_PIXELS = 128 * _HD
"""Films of up to so many pixels together are decoded whole: surer than to seek, and as fast."""

_CATCH_UP_PIXELS = 64 * _HD
"""So much is decoded, over all places, to get from keyframes to where both films are."""

_NUMBERED_PIXELS = 800 * _HD
"""So much is decoded from the beginning, where times do not tell which picture is which."""

_MOST_LEAPS = 4

Same = tuple["VideoFrame", "VideoFrame"]
"""A picture of the source, and the same one of the result."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The same picture of both films, and where in the clip it is, 0 to 1."""

    before: VideoFrame
    after: VideoFrame
    place: float


def pairs(
    source: Film,
    result: Film | None,
    *,
    count: int,
    seconds: Fraction,
    exact: bool,
    moved: Moved,
) -> Iterator[Pair]:
    """Pictures from all over a clip, up to ``PLACES`` of them, as both films have them.

    Args:
        result: None where it is the source itself.
        count: how many pictures there are.
        seconds: how long they last.
        exact: whether times tell which picture is which; else their numbers do.
        moved: told how many pictures were decoded.
    """
    both = _Both(source, result, moved)
    if not exact or seconds <= 0 or count * both.pixels <= _SHORT_PIXELS:
        reach = max(1, min(count, _NUMBERED_PIXELS // max(both.pixels, 1)))
        yield from _every(both.from_start(exact=exact), reach, count)
        return
    found = False
    for run in both.runs(seconds, count / seconds):
        for pair, at in both.along(run, count / seconds):
            found = True
            yield Pair(*pair, place=float(at / seconds))
    if not found and (opening := both.opening) is not None:  # they cannot be sought in
        yield Pair(*opening, place=0)


def _every(both: Iterator[Same], reach: int, count: int) -> Iterator[Pair]:
    """Evenly spread over the first so many of all pictures."""
    step = -(-reach // PLACES)
    for number, (before, after) in enumerate(islice(both, reach)):
        if number % step == step // 2:
            yield Pair(before, after, number / max(count, 1))


@dataclass(frozen=True, slots=True)
class _Run:
    """Places that are reached from one seek.

    Attributes:
        start: where both films are sought to: the later one's keyframe.
        gap: how far behind that the other one's keyframe is.
        places: the times of the pictures that are wanted, in order.
    """

    start: Fraction
    gap: Fraction
    places: list[Fraction]


class _Both:
    """A source and its result, or a film that is both."""

    def __init__(self, source: Film, result: Film | None, moved: Moved) -> None:
        self._source, self._result = source, result
        self._slack = max(source.tick, result.tick if result else source.tick)
        self._moved = moved
        self._decoded = 0

    @property
    def pixels(self) -> int:
        """Of the same picture in both films."""
        films = [film for film in (self._source, self._result) if film is not None]
        return sum(f.opening.width * f.opening.height for f in films if f.opening is not None)

    @property
    def opening(self) -> Same | None:
        """The first picture of both."""
        before = self._source.opening
        after = self._result.opening if self._result else before
        return (before, after) if before is not None and after is not None else None

    def from_start(self, *, exact: bool) -> Iterator[Same]:
        """All pictures, paired by their times or else by their numbers."""
        before = self._told(self._source.from_start())
        if self._result is None:
            return ((frame, frame) for frame in before)
        after = self._told(self._result.from_start())
        return self._matched(before, after) if exact else zip(before, after, strict=False)

    def runs(self, seconds: Fraction, rate: Fraction) -> list[_Run]:
        """Where to look: in each part of the clip that can be afforded, the cheapest first.

        Args:
            rate: pictures a second.
        """
        found = [self._place(seconds, part) for part in range(PLACES)]
        left = Fraction(_CATCH_UP_PIXELS)
        runs: dict[Fraction, _Run] = {}
        for cost, start, at, gap in sorted(place for place in found if place is not None):
            # Places that are reached from the same keyframe lie on the way to one another.
            shared = _cost(runs[start], runs[start].places[-1]) if start in runs else 0
            left -= (cost - shared) * rate * self.pixels
            if runs and left < 0:
                break
            runs.setdefault(start, _Run(start, gap, [])).places.append(at)
        return [runs[start] for start in sorted(runs)]

    def along(self, run: _Run, rate: Fraction) -> Iterator[tuple[Same, Fraction]]:
        """The pictures of a run, and their times; where it ends early, its last one for the next.

        Args:
            rate: pictures a second.
        """
        wanted, last = list(run.places), None
        for pair in self._from(run, rate):
            time = self._source.time(pair[0]) or Fraction()
            if time >= wanted[0] + _DEPTH / rate:
                yield pair, wanted.pop(0)
                last = None
                if not wanted:
                    return
            else:
                last = pair
        if last is not None:
            yield last, wanted[0]

    def _from(self, run: _Run, rate: Fraction) -> Iterator[Same]:
        at = run.start + self._slack
        # Enough for uneven rates; but a film that was sought wrongly is not read to its end.
        most = int((run.places[-1] - run.start + run.gap) * rate) * 2 + 10 * _DEPTH
        if not self._source.seek(at):
            return iter(())
        before = islice(self._told(self._source.pictures()), most)
        if self._result is None:
            return ((frame, frame) for frame in before)
        if not self._result.seek(at):
            return iter(())
        return self._matched(before, islice(self._told(self._result.pictures()), most))

    def _place(
        self, seconds: Fraction, part: int
    ) -> tuple[Fraction, Fraction, Fraction, Fraction] | None:
        """What a picture in a part of the clip costs in seconds to decode, and the start, time
        and gap of it."""
        begin, end = seconds * part / PLACES, seconds * (4 * part + 3) / (4 * PLACES)
        meeting = self._meeting(begin, end)
        if meeting is None:
            return None
        start, gap = meeting
        at = max(start, begin)
        return _cost(_Run(start, gap, []), at), start, at, gap

    def _meeting(self, begin: Fraction, at: Fraction) -> tuple[Fraction, Fraction] | None:
        """Where before a time, but rather not before ``begin``, both films' keyframes are closest:
        the later one's time, and by how much the other one's is earlier."""
        one, other = self._source, self._result or self._source
        mine, others = one.keyframe(at), other.keyframe(at)
        best: tuple[Fraction, Fraction] | None = None
        for _ in range(_MOST_LEAPS):
            if mine is None or others is None:
                break
            if mine < others:
                one, other, mine, others = other, one, others, mine
            if best is not None and mine < begin:
                break
            if best is None or mine - others < best[1]:
                best = mine, mine - others
            if mine - others <= self._slack:
                break
            # The film that is ahead goes back to where the other one waits.
            mine = one.keyframe(others + self._slack)
        return best

    def _matched(self, one: Iterator[VideoFrame], other: Iterator[VideoFrame]) -> Iterator[Same]:
        """Pictures that are shown at the same time."""
        assert self._result is not None
        before, after = next(one, None), next(other, None)
        while before is not None and after is not None:
            was, now = self._source.time(before), self._result.time(after)
            if was is None or (now is not None and was < now - self._slack):
                before = next(one, None)
            elif now is None or now < was - self._slack:
                after = next(other, None)
            else:
                yield before, after
                before, after = next(one, None), next(other, None)

    def _told(self, frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        for frame in frames:
            self._decoded += 1
            self._moved(self._decoded)
            yield frame


def _cost(run: _Run, at: Fraction) -> Fraction:
    """How much of both films is decoded for a place of a run, in seconds of one of them and half
    of the gap: only one of them has that to make up."""
    return at - run.start + run.gap / 2
