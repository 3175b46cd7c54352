"""Checks that the sound of a result is the source's, whole, and where it was. In the child only.

A track that was copied has the source's packets, and each is looked at. One that was encoded anew
is decoded beside the source's, and its beginning and end are laid over each other: an encoder puts
some silence before the first sound, which not every container tells, so that where the first
sample stands says little.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby, pairwise, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from reelworks.errors import WrongResult
from reelworks.media.children.child import Moved
from reelworks.media.probing.reading import packets_of
from reelworks.media.verifying.checking_times import NO_TIME, Moves, Walked, opened

if TYPE_CHECKING:
    import numpy.typing as npt

    Seconds = npt.NDArray[np.float64]

TOLERANCE = Fraction(5, 1000)
"""Seconds by which sound may be off its place against the pictures."""

_SETTLING = 1
"""Seconds by which, in a transport stream, sound may come before the pictures that it belongs to,
or after them."""

_MOST_EXTRA = 1000
_RUN_UP = 2 * 1024
"""Samples that an encoder may put before the first sound, and after the last."""

_DAMAGED_SHARE = Fraction(1, 10)
"""A track that does not decode whole, or lies over itself, may lose this share of its length when
encoded anew."""

_RATE = 8000
_SECONDS = 10
_FARTHEST = _RATE // 5
"""Samples a second, seconds at either end, and samples up to which a shift is looked for."""

_ROUNDING = Fraction(2, 1000)
"""Seconds by which a piece may be said to start beside the end of the one before, and yet goes on
from there: containers that count in milliseconds round the time of each; GXF counts in fields."""

_MOST_MIXED = 8
"""Channels that libav mixes down; the mean of more is taken."""

_SILENT = 1e-3
"""Root mean square, of full scale, under which nothing can be laid over anything."""

_ALIKE = 0.3
"""Correlation under which it is not the same sound; codecs keep it over 0.9."""

_VAGUE = frozenset({"wmavoice"})
"""Codecs of which one version of libav makes other sound than the next: nothing to compare."""

_AS_GOOD = 0.95
"""A tone fits in many places: one that is this good against the best counts."""


# --- Copied ---------------------------------------------------------------------------------------


def check_copied(
    before: Walked, after: Walked, moves: Moves | None, broken: Callable[[], int]
) -> bool:
    """Check a track whose packets were taken as they are.

    Args:
        broken: tells how many packets at the source's front are none that decode.

    Returns:
        False where they are not the source's one by one, and nothing could be checked: some
        containers cut PCM into packets of their own.

    Raises:
        WrongResult: packets are missing, or are not where they were.
    """
    at = _place(before, after, moves)
    if at is None:
        return False
    if at > before.hidden and at > broken():
        raise WrongResult(_cut(before, before.hidden, at, "first"))
    rest = at + len(after.keys)
    if rest < len(before.keys):
        raise WrongResult(_cut(before, rest, len(before.keys), "last"))
    if moves is not None:
        last = rest if moves.whole else at + 1
        shifts = _shifts(before, range(at, last), after, moves)
        _check_shift(_worst(shifts[:1]))
        # Where a container counts in whole packets, FFmpeg goes by what each says of its length,
        # which one that is damaged may say wrongly, until it is a whole one off.
        if abs(worst := _worst(shifts)) > before.tick:
            _check_shift(worst)
    return True


def broken_front(source: Path, index: int) -> int:
    """How many packets at a track's front do not decode: a recording that begins in the middle of
    one has its rest, which muxers leave out."""
    with opened(source) as container:
        packets = (p for p in packets_of(container, container.streams[index]) if p.size)
        return sum(1 for _ in takewhile(_is_broken, packets))


def _is_broken(packet: Any) -> bool:
    try:
        packet.decode()
    except av.FFmpegError:
        return True
    return False


def _shifts(before: Walked, copied: range, after: Walked, moves: Moves) -> Seconds:
    """By how many seconds packets come later than they should: of those that FFmpeg had no cause
    to move."""
    was = _seconds(before, copied.start, copied.stop)
    now = _seconds(after, 0, len(copied))
    told = ~np.isnan(was) & _has_one_time(before, copied)
    was, now = was[told], now[told]
    since, by = (np.array([float(step[n]) for step in moves.steps]) for n in (0, 1))
    steps = np.maximum(np.searchsorted(since, was, side="right") - 1, 0)
    due = was + by[steps]
    shifts: Seconds = (now - due)[_goes_on(due) & _is_settled(was, steps)]
    return shifts[~np.isnan(shifts)]


def _seconds(track: Walked, start: int, stop: int) -> Seconds:
    """When packets start; not a number where that is not told."""
    starts = np.array(track.starts[start:stop], dtype=np.int64)
    return np.where(starts == NO_TIME, np.nan, starts * float(track.tick))


def _has_one_time(track: Walked, copied: range) -> npt.NDArray[np.bool_]:
    """Which packets are heard when they are decoded, as all sound is. Others are of a damaged file,
    whose rest is taken for more tracks, and FFmpeg goes by the time of decoding. A track all of
    whose packets are apart by the same is no such."""
    starts = np.array(track.starts[copied.start : copied.stop], dtype=np.int64)
    decoded = np.array(track.decoded[copied.start : copied.stop], dtype=np.int64)
    apart = np.where(decoded == NO_TIME, 0, starts - decoded)
    if len(apart) > 1 and (apart == apart[0]).all():
        return np.ones(len(apart), dtype=np.bool_)
    same: npt.NDArray[np.bool_] = apart == 0
    return same


def _goes_on(due: Seconds) -> npt.NDArray[np.bool_]:
    """Which packets come after all before them; FFmpeg must move the others, where a source was cut
    together."""
    return due > np.maximum.accumulate(np.concatenate([[-np.inf], due]))[:-1]


def _is_settled(was: Seconds, steps: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Which packets are not at an interruption. FFmpeg closes it for the stream whose packets come
    first, and for all only when those of another come as well; and the packet in front of it may be
    told of only with what comes behind."""
    changes = np.flatnonzero(np.diff(steps, prepend=0))
    settled = np.ones(len(was), dtype=np.bool_)
    for first, end in pairwise([*changes.tolist(), len(was)]):
        after = was[first:end] - was[first]
        settled[first:end] = (after < 0) | (after >= _SETTLING)
        settled[max(first - 1, 0)] = False
    return settled


def _cut(track: Walked, start: int, stop: int, which: str) -> str:
    seconds = (track.ends[stop - 1] - track.starts[start]) * track.tick
    return f"A sound track of the result lacks its {which} {float(seconds):.2f} s."


def _place(before: Walked, after: Walked, moves: Moves | None) -> int | None:
    """Which packet of the source is the result's first; None where they are not the same."""
    if not after.keys:
        return None
    count, spare = len(after.keys), len(before.keys) - len(after.keys)
    found = [
        at
        for at in range(min(spare, _MOST_EXTRA) + 1)
        if before.keys[at] == after.keys[0] and before.keys[at : at + count] == after.keys
    ]
    # Packets of silence are all alike; then it is the one at the right time.
    shifts = {at: _shift(before, at, after, 0, moves) or Fraction() for at in found}
    return min(found, key=lambda at: abs(shifts[at]), default=None)


def _shift(
    before: Walked, old: int, after: Walked, new: int, moves: Moves | None
) -> Fraction | None:
    """Seconds by which a packet comes later than it should."""
    was, now = before.start(old), after.start(new)
    if was is None or now is None or moves is None:
        return None
    return now - was - moves.at(was)


def _worst(shifts: Seconds) -> float:
    return float(shifts[np.abs(shifts).argmax()]) if shifts.size else 0.0


def _check_shift(shift: Fraction | float, verb: str = "is") -> None:
    milliseconds = round(1000 * float(shift), 3)
    if abs(milliseconds) > 1000 * TOLERANCE:
        raise WrongResult(
            f"A sound track of the result {verb} {abs(milliseconds):.0f} ms "
            f"{'late' if milliseconds > 0 else 'early'}."
        )


# --- Encoded anew ---------------------------------------------------------------------------------


@dataclass
class Heard:
    """A decoded track; only its beginning and its end are kept.

    Attributes:
        first, end: seconds.
        rate: samples a second.
        damaged: whether some of it did not decode.
        vague: whether not every version of libav hears the same.
        tick: what the track's times are counted in, in seconds.
        head, tail: pieces of sound with the times at which they start.
        so_far: where the last piece ends.
        length: of all of it, one after another, in seconds.
    """

    first: Fraction | None = None
    end: Fraction = Fraction(0)
    rate: int = _RATE
    damaged: bool = False
    vague: bool = False
    tick: Fraction = Fraction(0)
    head: list[tuple[Fraction, npt.NDArray[np.float32]]] = field(default_factory=list)
    tail: deque[tuple[Fraction, npt.NDArray[np.float32]]] = field(default_factory=deque)
    so_far: Fraction | None = None
    length: Fraction = Fraction(0)

    @property
    def overlap(self) -> Fraction:
        """How much of it is said to be heard while other sound of it is, in seconds."""
        return max(self.length - (self.end - (self.first or 0)), Fraction(0))

    def keep(self, said: Fraction | None, samples: npt.NDArray[np.float32]) -> None:
        """Take the next piece, and when it is said to start: laid by rounded times, pieces would
        overlap, and what is left of a sweep or of noise would be like nothing."""
        time = self._start(said)
        if time is None:
            return
        self.so_far = time + Fraction(len(samples), _RATE)
        if self.first is not None and time < self.first + _SECONDS:
            self.head.append((time, samples))
        self.tail.append((time, samples))
        while time - self.tail[0][0] > _SECONDS:
            self.tail.popleft()

    def _start(self, said: Fraction | None) -> Fraction | None:
        if said is None or self.so_far is None:
            return self.so_far if said is None else said
        rounding = max(_ROUNDING, self.tick)
        return self.so_far if abs(said - self.so_far) <= rounding else said


def check_heard(
    source: Path, old: int, result: Path, new: int, moves: Moves | None, moved: Moved
) -> None:
    """Check a track by what is heard of it: one that was encoded anew.

    Args:
        old, new: the streams' numbers in source and result.

    Raises:
        WrongResult: it is shorter, longer, another sound, or not where it was.
    """
    before, after = _heard(source, old, moved), _heard(result, new, moved)
    if before.first is None:
        return  # nothing of it decodes
    if after.first is None:
        raise WrongResult("A sound track of the result does not decode.")
    if before.vague:
        return
    _check_overlap(before, after)
    if moves is None:
        check_length(before.end - before.first, after.end - after.first, before, after.rate)
        return
    first = before.first + moves.at(before.first)
    _check_start(first, after)
    _check_lag(_laid(before.head, first - before.first, first), _laid(after.head, 0, first))
    if moves.whole:
        move = moves.at(before.end)
        end = before.end + move
        check_length(end - first, after.end - first, before, after.rate)
        start = end - _SECONDS
        _check_lag(_laid(before.tail, move, start), _laid(after.tail, 0, start))


def _check_start(first: Fraction, after: Heard) -> None:
    assert after.first is not None
    late = after.first - first
    if not -TOLERANCE - Fraction(_RUN_UP, after.rate) <= late <= TOLERANCE:
        _check_shift(late, "begins")


def check_length(old: Fraction, new: Fraction, before: Heard, rate: int) -> None:
    """Check how long a track that was encoded anew lasts.

    Args:
        old, new: seconds, as they should be and as they are.
        rate: samples a second of the result.

    Raises:
        WrongResult: it is shorter or longer.
    """
    is_whole = not before.damaged and before.overlap <= TOLERANCE
    loss = TOLERANCE if is_whole else old * _DAMAGED_SHARE
    if not old - loss <= new <= old + TOLERANCE + Fraction(2 * _RUN_UP, rate):
        raise WrongResult(
            f"A sound track of the result lasts {float(new):.2f} s in place of {float(old):.2f} s."
        )


def _check_overlap(before: Heard, after: Heard) -> None:
    """Players go by the length of sound, and would play the rest of it too late."""
    surplus = after.overlap - before.overlap
    if surplus > TOLERANCE + Fraction(2 * _RUN_UP, after.rate):
        raise WrongResult(
            f"A sound track of the result overlaps itself for {float(surplus):.2f} s."
        )


def _check_lag(old: npt.NDArray[np.float32], new: npt.NDArray[np.float32]) -> None:
    """Fail where the two fit better when one is moved."""
    energies = [float(np.sqrt(np.mean(np.square(sound)))) for sound in (old, new)]
    if energies[0] < _SILENT:
        return
    size = 2 * len(old)
    product = np.fft.rfft(new, size) * np.conj(np.fft.rfft(old, size))
    overlaps = np.roll(np.fft.irfft(product, size), _FARTHEST)[: 2 * _FARTHEST + 1]
    fits = overlaps / max(energies[0] * energies[1] * len(old), 1e-9)
    if fits.max() < _ALIKE:
        raise WrongResult("A sound track of the result does not sound like the source's.")
    lags = np.flatnonzero(fits >= _AS_GOOD * fits.max()) - _FARTHEST
    _check_shift(Fraction(int(lags[np.abs(lags).argmin()]), _RATE))


def _laid(pieces: Any, move: Fraction | int, start: Fraction) -> npt.NDArray[np.float32]:
    """The pieces on a line of ten seconds that begins at ``start``."""
    line = np.zeros(_SECONDS * _RATE, dtype=np.float32)
    for time, samples in pieces:
        at = round((time + move - start) * _RATE)
        part = samples[max(-at, 0) : max(len(line) - at, 0)]
        line[max(at, 0) : max(at, 0) + len(part)] = part
    return line


def _heard(path: Path, index: int, moved: Moved) -> Heard:
    heard = Heard()
    with opened(path) as container:
        stream = container.streams[index]
        context, heard.tick = stream.codec_context, stream.time_base or heard.tick
        heard.vague = context is not None and context.codec.canonical_name in _VAGUE
        frames = _noted(_frames(container, index, heard), heard, moved)
        for (_, layout, channels, _), alike in groupby(frames, key=_form):
            # One takes only one form of sound, and a track may change from mono to stereo.
            resampler = av.AudioResampler("flt", _mixed(layout, channels), _RATE)
            for frame in alike:
                _keep(heard, resampler.resample(frame))
            _keep(heard, resampler.resample(None))
    return heard


def _noted(frames: Iterable[Any], heard: Heard, moved: Moved) -> Iterator[Any]:
    """The frames, from the first one with a time on; it is noted when they begin and end."""
    for count, frame in enumerate(frames):
        moved(count)
        said = _said(frame)
        if said is None and heard.first is None:
            continue
        # The last sound of some decoders has no time: it goes on where the one before ended.
        time = heard.end if said is None else said
        heard.first = time if heard.first is None else heard.first
        heard.end = max(heard.end, time + Fraction(frame.samples, frame.sample_rate))
        heard.rate = frame.sample_rate
        heard.length += Fraction(frame.samples, frame.sample_rate)
        yield frame


def _form(frame: Any) -> tuple[str, str, int, int]:
    return frame.format.name, frame.layout.name, frame.layout.nb_channels, frame.sample_rate


def _mixed(layout: str, channels: int) -> str:
    """Of many channels, libav mostly does not know the speakers, and mixes none."""
    return "mono" if channels <= _MOST_MIXED else layout


def _keep(heard: Heard, frames: Any) -> None:
    for frame in frames:
        channels = frame.to_ndarray()[0].reshape(-1, frame.layout.nb_channels)
        heard.keep(_said(frame), channels.mean(axis=1, dtype=np.float32))


def _said(frame: Any) -> Fraction | None:
    """When it is said to start, in seconds."""
    if frame.pts is None or frame.time_base is None:
        return None
    return Fraction(frame.pts * frame.time_base)


def _frames(container: Any, index: int, heard: Heard) -> Iterator[Any]:
    """Its sound; what does not decode is passed over, as FFmpeg does."""
    packets = packets_of(container, container.streams[index])
    packet = None
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            yield from packet.decode()
        except av.FFmpegError:
            heard.damaged = True
