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

import av

from reelworks.media.allowed import MAX_PIXELS
from reelworks.media.child import Moved

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

PLACES = 8
_RUN = 4
"""The picture that is taken is this many pictures on: keyframes are better than most."""

_HD = 1920 * 1080
_SHORT_PIXELS = 60 * _HD
"""A clip of up to so many pixels is decoded whole: surer than to seek, and as fast."""

_CATCH_UP_PIXELS = 80 * _HD
"""So much is decoded, over all places, to get from one film's keyframe to the other's."""

_NUMBERED_PIXELS = 400 * _HD
"""So much is decoded from the beginning, where times do not tell which picture is which."""

_MOST_ERRORS = 200
_PACKETS_TO_KEYFRAME = 2000
_MOST_LEAPS = 4

_LEAD, _LONGEST_LEAD = Fraction(1, 2), 2
"""Seconds by which seeks go further back, once one ended behind what it was to find."""


class Film:
    """The main video stream of an open file, read from wherever it is sought to.

    Times are seconds after its first picture.

    Attributes:
        opening: the first picture that decodes; None where none does.
        tick: seconds of one tick.
    """

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._container = container
        self.stream = stream
        self.tick = stream.time_base or Fraction(1)
        context = stream.codec_context
        context.thread_type = "AUTO"
        context.options = {"max_pixels": str(MAX_PIXELS)}
        self._pictures = self.pictures()
        self.opening = next(self._pictures, None)
        self._lead = Fraction()
        self._first = (self.opening.pts if self.opening else None) or 0

    def from_start(self) -> Iterator[VideoFrame]:
        """Every picture. Only once, and before the first seek."""
        if self.opening is not None:
            yield self.opening
        yield from self._pictures

    def pictures(self) -> Iterator[VideoFrame]:
        """The pictures from here on; damaged packets are passed over."""
        for _ in range(_MOST_ERRORS):
            try:
                yield from self._container.decode(self.stream)
            except av.FFmpegError:
                continue
            return

    def time(self, frame: VideoFrame) -> Fraction | None:
        """When a picture is shown; None where it does not say."""
        return None if frame.pts is None else (frame.pts - self._first) * self.tick

    def seek(self, at: Fraction) -> bool:
        """Go to the keyframe from which the picture of a time can be decoded."""
        ticks = self._first + int((at - self._lead) / self.tick)
        try:
            self._container.seek(ticks, stream=self.stream)
        except av.FFmpegError:
            return False
        return True

    def keyframe(self, at: Fraction) -> Fraction | None:
        """When the keyframe is shown from which the picture of a time can be decoded."""
        found = self._keyframe_behind(at)
        # Transport streams are sought in by decoding times, which come before those of showing.
        while found is not None and found > at and self._lead < _LONGEST_LEAD:
            self._lead += _LEAD
            found = self._keyframe_behind(at)
        return found

    def _keyframe_behind(self, at: Fraction) -> Fraction | None:
        """The first one from where a seek ends."""
        if not self.seek(at):
            return None
        try:
            for packet in islice(self._container.demux(self.stream), _PACKETS_TO_KEYFRAME):
                if packet.is_keyframe and packet.pts is not None:
                    return (packet.pts - self._first) * self.tick
        except av.FFmpegError:
            return None  # nothing can be read there; the other places have to do
        return None


@dataclass(frozen=True, slots=True)
class Pair:
    """The same picture of both films, and where in the clip it is, 0 to 1."""

    before: VideoFrame
    after: VideoFrame
    place: float


def pairs(
    source: Film, result: Film, *, count: int, seconds: Fraction, exact: bool, moved: Moved
) -> Iterator[Pair]:
    """Pictures from all over a clip, up to ``PLACES`` of them, as both films have them.

    Args:
        count: how many pictures there are.
        seconds: how long they last.
        exact: whether times tell which picture is which; else their numbers do.
        moved: told how many pictures were decoded.
    """
    size = _pixels(source) + _pixels(result)
    if not exact or count * size <= 2 * _SHORT_PIXELS or seconds <= 0:
        reach = max(1, min(count, _NUMBERED_PIXELS * 2 // max(size, 1)))
        one, other = _told(source.from_start(), moved), result.from_start()
        both = _matched(source, one, result, other) if exact else zip(one, other, strict=False)
        yield from _every(both, reach, count)
        return
    rate = count / seconds
    for at, gap in _meetings(source, result, seconds, rate):
        most = int(gap * rate) + 16 * _RUN
        pair = _pair_at(source, result, at, most, moved)
        if pair is not None:
            yield Pair(*pair, place=float(at / seconds))


def singles(film: Film, *, count: int, seconds: Fraction, moved: Moved) -> Iterator[Pair]:
    """Pictures from all over a film, each before and after at once: for one that was copied."""
    if count * _pixels(film) <= _SHORT_PIXELS or seconds <= 0:
        yield from _every(((f, f) for f in _told(film.from_start(), moved)), count, count)
        return
    found = False
    for place in range(PLACES):
        if film.seek(seconds * place / PLACES):
            for frame in list(islice(_told(film.pictures(), moved), _RUN))[-1:]:
                found = True
                yield Pair(frame, frame, place / PLACES)
    if not found and film.opening is not None:  # it cannot be sought in
        yield Pair(film.opening, film.opening, 0)


def _pixels(film: Film) -> int:
    return film.opening.width * film.opening.height if film.opening else 0


def _told(frames: Iterator[VideoFrame], moved: Moved) -> Iterator[VideoFrame]:
    for number, frame in enumerate(frames):
        moved(number)
        yield frame


def _every(both: Iterator[tuple[VideoFrame, VideoFrame]], reach: int, count: int) -> Iterator[Pair]:
    """Evenly spread over the first so many of all pictures."""
    step = -(-reach // PLACES)
    for number, (before, after) in enumerate(islice(both, reach)):
        if number % step == step // 2:
            yield Pair(before, after, number / max(count, 1))


# --- Places ---------------------------------------------------------------------------------------


def _meetings(
    source: Film, result: Film, seconds: Fraction, rate: Fraction
) -> list[tuple[Fraction, Fraction]]:
    """Times in each part of the clip where both films have a keyframe, or nearly; with the gap.

    Those with the smallest gaps are taken, as many as can be afforded.
    """
    found = [_meeting(source, result, seconds, part) for part in range(PLACES)]
    cheapest = sorted((gap, at) for at, gap in filter(None, found))
    taken: dict[Fraction, Fraction] = {}
    left = Fraction(_CATCH_UP_PIXELS)
    for gap, at in cheapest:
        left -= gap * rate * max(_pixels(source), _pixels(result))
        if not taken or left >= 0:
            taken[at] = gap
    return sorted(taken.items())


def _meeting(
    source: Film, result: Film, seconds: Fraction, part: int
) -> tuple[Fraction, Fraction] | None:
    """The time in a part of the clip where both films' keyframes are closest, and by how much."""
    begin, at = seconds * part / PLACES, seconds * (4 * part + 3) / (4 * PLACES)
    slack = max(source.tick, result.tick)
    one, other = source, result
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
        if mine - others <= slack:
            break
        # The film that is ahead goes back to where the other one waits.
        mine = one.keyframe(others + slack)
    return best


def _pair_at(
    source: Film, result: Film, at: Fraction, most: int, moved: Moved
) -> tuple[VideoFrame, VideoFrame] | None:
    slack = max(source.tick, result.tick)
    if not (source.seek(at + slack) and result.seek(at + slack)):
        return None
    one = islice(_told(source.pictures(), moved), most)
    other = islice(_told(result.pictures(), moved), most)
    run = list(islice(_matched(source, one, result, other), _RUN))
    return run[-1] if run else None


def _matched(
    source: Film, one: Iterator[VideoFrame], result: Film, other: Iterator[VideoFrame]
) -> Iterator[tuple[VideoFrame, VideoFrame]]:
    """Pictures that are shown at the same time."""
    slack = max(source.tick, result.tick)
    before, after = next(one, None), next(other, None)
    while before is not None and after is not None:
        was, now = source.time(before), result.time(after)
        if was is None or (now is not None and was < now - slack):
            before = next(one, None)
        elif now is None or now < was - slack:
            after = next(other, None)
        else:
            yield before, after
            before, after = next(one, None), next(other, None)
