"""Decides where a long film is cut into parts that are encoded apart. Pure.

Times are whole ticks of the film's own clock until they leave this file as exact seconds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from reelworks.media.deciding.immersion import notes_eyes
from reelworks.media.deciding.noise import TOGETHER
from reelworks.media.deciding.plan import Plan
from reelworks.media.facts import Probe

WHOLE_SECONDS = 40
"""Films up to so long stay whole: a part costs a start, a seek and a keyframe."""

SHORTEST, LONGEST = 10, 60
"""Seconds of a part."""

_FEW_PARTS, _MANY_PARTS = 10, 240
_EARLIEST, _USUAL, _LATEST = 12, 30, 45
"""Seconds of a part that is wished for, in short, in ordinary and in very long films."""

_MOST_TAPER = Fraction(1, 4)
"""By how much of the mean the first part is longer and the last one shorter, at most."""

_LEAST_GAP = Fraction(1, 1000)
"""Seconds between two pictures that a cut needs: FFmpeg's filters count in microseconds."""

_FINEST_TICK = Fraction(1, 500_000)
"""FFmpeg moves times by whole microseconds, which must not be coarser than the ticks."""

_SEEKS_EARLY = Fraction(3, 20)
"""Seconds; FFmpeg's own are 3/23, where pictures are reordered and the container is not MP4."""

_SEEKABLE = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"})
"""Demuxers that find a keyframe by its time, through an index."""

LEADS = {
    "deblock": 0,
    # Half of the pictures that it averages, and the first that it sees, which it takes apart from
    # the others.
    "denoise": TOGETHER // 2 + 1,
    "levels": 0,
    "white balance": 0,
    "sharpen": 0,
    "upscale": 0,
    "pad": 0,
    "deinterlace": 4,
    "deflicker": 16,
}
"""How many pictures in front of a part a filter must have seen; those behind it come by themselves.
A filter that is not here remembers all that it saw, and its film stays whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A part of a film's pictures.

    Times are seconds on the source's own clock, as its presentation times are; those of cuts lie
    halfway between two pictures, so that no rounding matters.

    Attributes:
        number: which part it is, from 0.
        start, end: None for the film's beginning and end.
        frames: how many pictures are in it.
        since: from when on filters see pictures, at most ``start``; None as there.
        seek: what to seek to, so as to decode all this; None for the film's beginning.
        size_bytes: of its pictures in the source; 0 where that is not known.
    """

    number: int
    start: Fraction | None
    end: Fraction | None
    frames: int
    since: Fraction | None = None
    seek: Fraction | None = None
    size_bytes: int = 0

    @staticmethod
    def unpack(packed: dict[str, Any]) -> Span:
        """The span that ``wire.pack`` made JSON values of."""
        times = {
            name: None if packed[name] is None else Fraction(packed[name])
            for name in ("start", "end", "since", "seek")
        }
        return Span(**packed | times)


def whole(frames: int) -> Span:
    """The film as one part."""
    return Span(number=0, start=None, end=None, frames=frames)


def lead_of(probe: Probe, plan: Plan) -> int | None:
    """How many pictures each part must see before its own; None where the film must stay whole."""
    timing, picture = probe.timing, probe.picture
    if plan.action != "encode" or plan.retime is not None or timing is None or not timing.sound:
        return None
    if timing.fields:  # parts are counted by packets
        return None
    if timing.duration < WHOLE_SECONDS or probe.demuxer not in _SEEKABLE:
        return None
    # Parts are kept in MP4, which counts in whole fractions of a second and knows no transparency.
    if picture.time_base.numerator != 1 or picture.time_base < _FINEST_TICK:
        return None
    # Nor does FFmpeg read from it how views for two eyes lie in a picture.
    if notes_eyes(picture, plan.muxer, plan.encoder):
        return None
    if "yuva" in plan.pixel_format or any(f.name not in LEADS for f in plan.filters):
        return None
    return max((LEADS[f.name] for f in plan.filters), default=0)


def cuts(times: Sequence[int], keyframes: Sequence[int], tick: Fraction) -> list[int]:
    """The pictures that begin a new part, by their numbers; none where the film stays whole.

    Parts become shorter towards the end, so that all who share the work have done the last ones at
    about the same time (guided self-scheduling: Polychronopoulos and Kuck 1987).

    Args:
        times: when each picture is shown, in order.
        keyframes: when each keyframe is, in order.
        tick: seconds.
    """
    if len(times) < 2:
        return []
    seconds = (times[-1] - times[0]) * tick
    if seconds < WHOLE_SECONDS:
        return []
    parts = round(seconds / _wished(seconds))
    length = seconds / parts
    taper = max(Fraction(), min(_MOST_TAPER, 1 - _EARLIEST / length))
    longest, shortest = length * (1 + taper), length * (1 - taper)
    room = min((shortest - SHORTEST) / 2, (LONGEST - longest) / 2, length / 4)
    found: list[int] = []
    for number in range(1, parts):
        at = times[0] + number * (longest - taper * length * number / parts) / tick
        place = _place(times, keyframes, at, room / tick, tick)
        if place is not None and (not found or place > found[-1]):
            found.append(place)
    return [n for n in found if _is_near(keyframes, times[n], length / tick)]


def _wished(seconds: Fraction) -> Fraction:
    """How long a part should be: short enough for many machines, long enough to pay."""
    usual = min(max(seconds / _FEW_PARTS, Fraction(_EARLIEST)), Fraction(_USUAL))
    return max(usual, min(seconds / _MANY_PARTS, Fraction(_LATEST)))


def _place(
    times: Sequence[int], keyframes: Sequence[int], at: Fraction, room: Fraction, tick: Fraction
) -> int | None:
    """The picture to cut before: the keyframe nearest to the place, else the nearest picture."""
    for candidates in (keyframes, times):
        near = candidates[bisect_left(candidates, at - room) : bisect_right(candidates, at + room)]
        numbers = (bisect_left(times, time) for time in sorted(near, key=lambda t: abs(t - at)))
        for number in numbers:
            gap = times[number] - times[number - 1] if 0 < number < len(times) else 0
            if gap * tick >= _LEAST_GAP:
                return number
    return None


def _is_near(keyframes: Sequence[int], time: int, most: Fraction) -> bool:
    """Whether what must be decoded on the way to a picture is no longer than a part."""
    keyframe = keyframe_before(keyframes, time)
    return keyframe is not None and time - keyframe <= most


def keyframe_before(keyframes: Sequence[int], time: int) -> int | None:
    """The last keyframe that is shown no later than this."""
    number = bisect_right(keyframes, time) - 1
    return keyframes[number] if number >= 0 else None


def spans(
    times: Sequence[int], keyframes: Sequence[int], tick: Fraction, found: Sequence[int], lead: int
) -> tuple[Span, ...]:
    """The parts that these cuts make.

    Args:
        found: as from ``cuts``.
        lead: as from ``lead_of``.
    """
    edges = [0, *found, len(times)]
    made = []
    for number, (first, last) in enumerate(pairwise(edges)):
        seen = max(first - lead, 0)
        made.append(
            Span(
                number=number,
                start=_between(times, first, tick),
                end=_between(times, last, tick),
                frames=last - first,
                since=_between(times, seen, tick),
                seek=_seek(keyframes, times[seen], tick) if seen else None,
            )
        )
    return tuple(made)


def _seek(keyframes: Sequence[int], time: int, tick: Fraction) -> Fraction | None:
    """A little behind the keyframe that is needed: FFmpeg seeks that much too early in Matroska."""
    number = bisect_right(keyframes, time) - 1
    if number < 0:
        return None
    behind = keyframes[number] * tick + _SEEKS_EARLY
    if number + 1 == len(keyframes):
        return behind
    return min(behind, Fraction(keyframes[number] + keyframes[number + 1], 2) * tick)


def _between(times: Sequence[int], number: int, tick: Fraction) -> Fraction | None:
    """Halfway between a picture and the one before it; None at the film's ends."""
    if not 0 < number < len(times):
        return None
    return Fraction(times[number - 1] + times[number], 2) * tick
