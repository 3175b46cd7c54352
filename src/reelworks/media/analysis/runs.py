"""Takes short runs of consecutive pictures from all over a film. In the Python child only."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from reelworks.media.probing.film import Film

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

PLACES = 8
RUN = 5
"""Pictures of a run: four differences, three triples."""

_HD = 1920 * 1080
_SHORT_PIXELS = 96 * _HD
"""Films of up to so many pixels are read from beginning to end: surer than to seek, and as fast."""

_CATCH_UP_PIXELS = 64 * _HD
"""So much is decoded, over all places, to get from keyframes to where a run is wanted."""

Run = list["VideoFrame"]


def runs(film: Film, count: int, seconds: Fraction) -> Iterator[Run]:
    """Runs of a film that can be afforded, up to ``PLACES`` of them; the last one may be short.

    Args:
        count, seconds: how many pictures there are, and how long they last; 0 where that is not
            known.
    """
    if film.opening is None:
        return
    pixels = film.opening.width * film.opening.height
    if count * pixels <= _SHORT_PIXELS or seconds <= 0:
        yield from _every(film.from_start(), max(count // PLACES, RUN))
    elif keyframes := _keyframes(film, seconds):
        yield from _along(film, keyframes, _CATCH_UP_PIXELS // pixels)
    else:  # it cannot be sought in
        yield from _every(film.from_start(), RUN)


def _every(frames: Iterator[VideoFrame], distance: int) -> Iterator[Run]:
    """A run at every so many pictures."""
    for _ in range(PLACES):
        run = list(islice(frames, RUN))
        if not run:
            return
        yield run
        deque(islice(frames, distance - RUN), maxlen=0)


def _keyframes(film: Film, seconds: Fraction) -> dict[Fraction, list[Fraction]]:
    """Places all over the film, by the keyframe from which each can be reached, in order."""
    found: dict[Fraction, list[Fraction]] = {}
    for part in range(PLACES):
        at = seconds * (part + Fraction(1, 5)) / PLACES
        keyframe = film.keyframe(at)
        if keyframe is not None:
            found.setdefault(keyframe, []).append(at)
    return dict(sorted(found.items()))


def _along(film: Film, keyframes: dict[Fraction, list[Fraction]], affordable: int) -> Iterator[Run]:
    """A run behind each keyframe, and at its further places, as long as they can be afforded.

    Args:
        affordable: how many pictures may be decoded on the way.
    """
    for keyframe, places in keyframes.items():
        if not film.seek(keyframe + film.tick):
            continue  # nothing there; the other places have to do
        pictures = film.pictures()
        for at in places:
            if at != places[0]:
                affordable -= _pass(film, pictures, at, affordable)
                if affordable <= 0:
                    break
            if run := list(islice(pictures, RUN)):
                yield run


def _pass(film: Film, pictures: Iterator[VideoFrame], at: Fraction, most: int) -> int:
    """Decode up to a time; says how many pictures that took."""
    passed = 0
    for frame in islice(pictures, most):
        passed += 1
        time = film.time(frame)
        if time is None or time >= at:
            break
    return passed
