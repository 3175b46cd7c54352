"""Compares when the packets of a result are shown with when the source's are. In the child only.

A film has millions of packets: their times are compared as whole numbers, in units of which the
ticks of both files are multiples.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import pairwise
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import av

from reelworks.errors import WrongResult
from reelworks.media.children.child import Moved
from reelworks.media.probing.reading import is_attached_picture, open_video, packets_of

if TYPE_CHECKING:
    from av.container import InputContainer

_LONGEST_GAP = 9
_LONGEST_STEP_BACK = 1
"""Seconds from one packet to the next. Transport streams jump farther where they were cut, and
FFmpeg closes that."""

NO_TIME = -(1 << 63)

_TAIL = 64
"""Bytes by which a sound packet is known again; containers take headers off its front."""


def opened(path: Path) -> InputContainer:
    """The result, opened. Raises WrongResult where that fails."""
    try:
        return open_video(path)
    except av.FFmpegError as error:
        raise WrongResult(f"The result cannot be opened: {error.strerror}.") from error


@dataclass
class Walked:
    """The packets of one stream, in the file's order.

    Attributes:
        tick: seconds of a tick.
        starts: presentation times in ticks.
        decoded: when each packet is to be decoded.
        ends: where each packet ends.
        keys: checksums of their ends; of pictures' only a cover's, and that one's whole.
        hidden: how many packets at the front are decoded but not shown.
    """

    kind: str
    tick: Fraction
    starts: array[int] = field(default_factory=lambda: array("q"))
    decoded: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))
    keys: array[int] = field(default_factory=lambda: array("L"))
    hidden: int = 0

    @property
    def shown(self) -> int:
        """How many packets are shown."""
        return len(self.starts) - self.hidden

    @property
    def timeless(self) -> bool:
        """Whether packets have no time, or the same one."""
        return len({t for t in self.starts[self.hidden :] if t != NO_TIME}) != self.shown

    def times(self, unit: Fraction) -> list[int]:
        """When what is shown starts, in order, in units of so many seconds."""
        units = int(self.tick / unit)
        return [units * t for t in sorted(self.starts[self.hidden :]) if t != NO_TIME]

    @property
    def first(self) -> Fraction | None:
        """When the first thing is shown, in seconds."""
        shown = (t for t in self.starts[self.hidden :] if t != NO_TIME)
        first = min(shown, default=None)
        return None if first is None else first * self.tick

    @property
    def end(self) -> Fraction:
        """When the last packet ends, in seconds."""
        return max(self.ends, default=0) * self.tick

    def start(self, number: int) -> Fraction | None:
        """When a packet starts, in seconds."""
        time = self.starts[number]
        return None if time == NO_TIME else time * self.tick

    def add(self, packet: Any, *, cover: bool) -> None:
        """Take the next packet."""
        hidden = packet.is_discard
        if hidden and self.shown and self.kind != "audio":
            return  # what an edit list cuts out of the middle, or a second picture of a time
        # Of sound that has pieces cut out nothing is copied; other sound of a time is, all of it.
        self.hidden += hidden and not self.shown
        start = NO_TIME if packet.pts is None else packet.pts
        self.starts.append(start)
        self.decoded.append(NO_TIME if packet.dts is None else packet.dts)
        self.ends.append(start if packet.pts is None else start + (packet.duration or 0))
        if cover or self.kind == "audio":
            self.keys.append(crc32(memoryview(packet)[0 if cover else -_TAIL :]))


def walk_apart(path: Path, moved: Moved, only: set[int]) -> dict[int, Walked]:
    """As ``walk``, each stream by itself."""
    return {index: walk(path, moved, {index})[index] for index in only}


def walk(path: Path, moved: Moved, only: set[int] | None = None) -> dict[int, Walked]:
    """All packets of these streams, or of every video and sound, by the streams' numbers."""
    with opened(path) as container:
        streams = [
            s
            for s in container.streams
            if (s.index in only if only is not None else s.type in ("video", "audio"))
        ]
        covers = {s.index for s in streams if is_attached_picture(s)}
        walked = {s.index: Walked(s.type, s.time_base or Fraction(1)) for s in streams}
        for count, packet in enumerate(_packets(container, streams)):
            index = packet.stream_index
            walked[index].add(packet, cover=index in covers)
            moved(count)
    return walked


def _packets(container: InputContainer, streams: list[Any]) -> Iterator[Any]:
    packets = packets_of(container, *streams)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return  # the source's damage stops every reader here
        if packet is None:
            return
        if packet.size:
            yield packet


@dataclass(frozen=True)
class Moves:
    """By how much FFmpeg moved all times, which it may: only their distances must stay.

    Attributes:
        steps: from which time of the source on, by how many seconds; more than one step where
            FFmpeg closed an interruption.
        whole: whether this holds for all of it, or only at the beginning.
    """

    steps: tuple[tuple[Fraction, Fraction], ...]
    whole: bool = True

    def at(self, time: Fraction) -> Fraction:
        """By how much something at this time of the source was moved."""
        return self.steps[max(bisect_right(self.steps, (time, Fraction(1 << 62))) - 1, 0)][1]


def start_of(before: Walked, after: Walked, opening: Fraction | None = None) -> Moves | None:
    """How the beginning was moved, where that is known.

    Args:
        opening: as for ``check_times``.
    """
    if before.first is None or after.first is None or before.start(before.hidden) is None:
        return None
    # What was put together may begin with what was shown last.
    first = _pieces(before, before.tick)[0][0] * before.tick if opening is None else opening
    return Moves(((first, after.first - first),), whole=False)


def check_times(
    before: Walked,
    after: Walked,
    decoder: Callable[[], list[int]],
    *,
    sure: bool = True,
    opening: Fraction | None = None,
) -> Moves | None:
    """Compare the pictures' times one by one, where the source has a time for each.

    Where damage cost pictures, or fields come in packets of their own, the source has more
    packets: then every picture of the result must be at the time of one of them.

    Args:
        decoder: tells when each picture of the source that decodes is shown, in ticks, each behind
            the one before. Takes as long as decoding; asked only where packets do not tell it.
        sure: whether the source's times are to be believed.
        opening: of the source's pictures that decode, when the first one is shown, in seconds.

    Returns:
        How they were moved; None where the source's times do not tell.

    Raises:
        WrongResult: a picture is not where it was.
    """
    if before.timeless:
        return None
    unit = _unit(before.tick, after.tick)
    pieces, new = _pieces(before, unit), after.times(unit)
    exact = before.tick % after.tick == 0
    tolerance = 0 if exact else int(after.tick / unit)
    shown = partial(_in_units, decoder, int(before.tick / unit))
    if before.shown == len(new):
        try:
            return _check_all(before, pieces, new, tolerance, unit, sure=sure)
        except WrongResult:
            if (moves := _as_decoded(shown(), new, tolerance, unit)) is None:
                raise
            return moves
    old = sorted(time for piece in pieces for time in piece)
    if new[-1] - new[0] > old[-1] - old[0] + 1 / unit:
        raise WrongResult("The result is longer than its source.")
    return _check_fewer(old, new, shown, tolerance, unit, opening) if len(pieces) == 1 else None


def _in_units(ticks: Callable[[], list[int]], units: int) -> list[int]:
    return [units * time for time in ticks()]


def _unit(a: Fraction, b: Fraction) -> Fraction:
    """The longest time that both are multiples of."""
    both = a.denominator * b.denominator
    return Fraction(gcd(a.numerator * b.denominator, b.numerator * a.denominator), both)


def _check_all(
    before: Walked,
    pieces: list[list[int]],
    new: list[int],
    tolerance: int,
    unit: Fraction,
    *,
    sure: bool,
) -> Moves | None:
    """Compare as many times as there are pictures."""
    # FFmpeg closes an interruption for pictures and sound in turn, and a short overlap or not.
    finer = _pieces(before, unit, overlaps=True)
    moves = _check_pieces(pieces, new, tolerance, unit, sure=sure and len(finer) == 1)
    if moves is None and len(finer) > len(pieces):
        return _check_pieces(finer, new, tolerance, unit, sure=False)
    return moves


def _pieces(track: Walked, unit: Fraction, *, overlaps: bool = False) -> list[list[int]]:
    """The times between interruptions, each piece in order.

    Args:
        unit: in units of so many seconds.
        overlaps: whether a piece also ends where decoding goes back, however little.
    """
    back, gap = (int(seconds / track.tick) for seconds in (_LONGEST_STEP_BACK, _LONGEST_GAP))
    shown = zip(track.starts[track.hidden :], track.decoded[track.hidden :], strict=True)
    packets = [(start, decoded) for start, decoded in shown if start != NO_TIME]
    cuts = [
        number
        for number, ((a, early), (b, late)) in enumerate(pairwise(packets), start=1)
        if not -back <= b - a <= gap or (overlaps and NO_TIME < late < early)
    ]
    spans = pairwise([0, *cuts, len(packets)])
    units = int(track.tick / unit)
    return [sorted(units * start for start, _ in packets[a:b]) for a, b in spans]


def _check_pieces(
    pieces: list[list[int]], new: list[int], tolerance: int, unit: Fraction, *, sure: bool
) -> Moves | None:
    steps: list[tuple[Fraction, Fraction]] = []
    at = 0
    for piece in pieces:
        move = new[at] - piece[0]
        pairs = zip(piece, new[at : at + len(piece)], strict=True)
        worst = max(abs(b - a - move) for a, b in pairs)
        if worst > tolerance and sure:
            seconds = float(worst * unit)
            raise WrongResult(f"A picture of the result is {seconds:.4f} s off its time.")
        if worst > tolerance:
            return None
        # Sound may begin before the pictures that it belongs to: the interruption's middle parts.
        since = Fraction(pieces[len(steps) - 1][-1] + piece[0], 2) if steps else piece[0]
        steps.append((since * unit, move * unit))
        at += len(piece)
    in_order = all(a[-1] < b[0] for a, b in pairwise(pieces))
    # Which sound belongs to which piece can be told by its time only where no two overlap.
    return Moves(tuple(steps)) if in_order else None


def _check_fewer(
    old: list[int],
    new: list[int],
    shown: Callable[[], list[int]],
    tolerance: int,
    unit: Fraction,
    opening: Fraction | None,
) -> Moves | None:
    """How pictures were moved where fewer decode than there are packets."""
    anchors = iter(_anchors(old, len(new), unit, opening))
    anchor = next(anchors, None)
    if anchor is not None and not _fits(old, new, anchor, tolerance):
        if opening is not None and len(times := shown()) == len(new):
            return _as_decoded(times, new, tolerance, unit)
        anchor = next((other for other in anchors if _fits(old, new, other, tolerance)), None)
    return None if anchor is None else Moves(((anchor * unit, (new[0] - anchor) * unit),))


def _as_decoded(shown: list[int], new: list[int], tolerance: int, unit: Fraction) -> Moves | None:
    """How pictures were moved against when the source's decoder shows them; None where they are not
    where it shows them."""
    if len(shown) != len(new):
        return None
    move = new[0] - shown[0]
    if any(abs(b - a - move) > tolerance for a, b in zip(shown, new, strict=True)):
        return None
    return Moves(((shown[0] * unit, move * unit),))


def _anchors(old: list[int], count: int, unit: Fraction, opening: Fraction | None) -> list[int]:
    """Which of the source's pictures may be the first of so many. Pictures that are evenly spaced
    fit in several places: the one that is right comes first."""
    anchors = old[: len(old) - count + 1]
    if opening is not None:
        anchors.sort(key=lambda time: abs(time * unit - opening))
    return anchors


def _fits(old: list[int], new: list[int], anchor: int, tolerance: int) -> bool:
    """Whether each of the result's pictures is one of the source's where its first one is this."""
    move = new[0] - anchor
    return all(_is_among(old, time - move, tolerance) for time in new)


def _is_among(times: list[int], time: int, tolerance: int) -> bool:
    at = bisect_left(times, time - tolerance)
    return at < len(times) and times[at] <= time + tolerance
