"""Cuts a film by its packets, and puts encoded parts together by theirs. In the child only.

No picture is decoded here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

from reelworks.errors import WrongResult
from reelworks.media.children.child import Moved
from reelworks.media.encoding.cutting import Span, cuts, keyframe_before, spans
from reelworks.media.probing import wire
from reelworks.media.probing.reading import open_video, packets_of
from reelworks.media.probing.timing import shown_packets

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer

_MICROSECONDS = 1_000_000


def cut(moved: Moved, *, path: str, main: int, lead: int) -> list[dict[str, Any]]:
    """Where to cut a film: its parts as JSON values. The child's side of ``chunks.cut``.

    A cut whose keyframe a seek does not find is left out.

    Args:
        main: the main video stream.
        lead: as from ``cutting.lead_of``.
    """
    with open_video(Path(path)) as container:
        film = _Film.of(container, main, moved)
        # MP4 tells the last picture's length only where that is the last one decoded, too.
        found = [] if film.lingers else cuts(film.times, film.keyframes, film.tick)
        parts = spans(film.times, film.keyframes, film.tick, found, lead)
        kept = [n for n, part in zip(found, parts[1:], strict=True) if film.finds(container, part)]
    parts = spans(film.times, film.keyframes, film.tick, kept, lead)
    sizes = iter(film.sizes)
    return [wire.pack(replace(p, size_bytes=sum(islice(sizes, p.frames)))) for p in parts]


@dataclass(frozen=True)
class _Film:
    """When the pictures of the main video stream are shown, in ticks.

    Attributes:
        stream: its number.
        tick: seconds of one.
        times, keyframes: in order.
        sizes: of the pictures, in bytes, in the order of their times.
        last_length: how long the last picture says that it stays.
    """

    stream: int
    tick: Fraction
    times: list[int]
    keyframes: list[int]
    sizes: list[int]
    last_length: int

    @staticmethod
    def of(container: InputContainer, main: int, moved: Moved) -> _Film:
        stream = container.streams[main]
        pictures: list[tuple[int, int, bool, int]] = []
        for number, packet in enumerate(shown_packets(container, [stream])):
            moved(number)
            if packet.pts is not None:
                pictures.append((packet.pts, packet.duration or 0, packet.is_keyframe, packet.size))
        pictures.sort()
        return _Film(
            main,
            stream.time_base or Fraction(1),
            [time for time, _, _, _ in pictures],
            [time for time, _, key, _ in pictures if key],
            [size for _, _, _, size in pictures],
            pictures[-1][1] if pictures else 0,
        )

    @property
    def lingers(self) -> bool:
        """Whether the last picture stays for longer than any other does, or could be."""
        gaps = [after - before for before, after in pairwise(self.times)]
        return self.last_length > 2 * max(gaps, default=0)

    def finds(self, container: InputContainer, part: Span) -> bool:
        """Whether a seek ends at the keyframe from which this part is decoded."""
        if part.seek is None:
            return part.since is None  # its lead begins with the film
        stream = container.streams[self.stream]
        try:
            container.seek(int(part.seek * _MICROSECONDS))
            packet = next(packets_of(container, stream), None)
        except av.FFmpegError:
            return False
        wanted = keyframe_before(self.keyframes, int(part.seek / self.tick))
        return packet is not None and packet.is_keyframe and packet.pts == wanted

    def length(self, number: int) -> int:
        """How long a picture is shown, in ticks."""
        if number + 1 < len(self.times):
            return self.times[number + 1] - self.times[number]
        return self.last_length


def splice(
    moved: Moved, *, source: str, main: int, early: str, parts: list[str], target: str
) -> str:
    """Put encoded parts into one MP4, whose pictures come exactly as far apart as the source's.

    The child's side of ``chunks.join``.

    Args:
        early: ``Timing.early`` of the source.

    Returns:
        At which second the first picture is to be shown, had FFmpeg read the source.

    Raises:
        WrongResult: the parts do not fit to each other, or to the source.
    """
    with open_video(Path(source)) as container:
        film = _Film.of(container, main, moved)
        beginning = container.start_time or 0
    read = [_Part.of(Path(path), moved) for path in parts]
    _check(read, film)
    # Else notes on spherical pictures are left out.
    with av.open(target, "w", format="mp4", options={"strict": "unofficial"}) as out:
        _write(out, read, film, moved)
    # As FFmpeg does: whole microseconds, and from these whole ticks.
    shift = Fraction(round(Fraction(early) * _MICROSECONDS) - beginning, _MICROSECONDS)
    return str((film.times[0] + _nearest(shift / film.tick)) * film.tick)


def _nearest(number: Fraction) -> int:
    """Rounded, halves away from zero, as FFmpeg does it."""
    whole = int(abs(number) + Fraction(1, 2))
    return whole if number >= 0 else -whole


@dataclass(frozen=True)
class _Part:
    """An encoded part.

    Attributes:
        tick: seconds of one.
        times: when its pictures are shown, in ticks, in order.
        delay: how many packets come before the time at which the first picture is shown.
        headers: what a decoder must know beforehand.
        starts_anew: whether it begins with a keyframe.
    """

    path: Path
    tick: Fraction
    times: list[int]
    delay: int
    headers: bytes
    starts_anew: bool

    @staticmethod
    def of(path: Path, moved: Moved) -> _Part:
        packets: list[tuple[int, int, bool]] = []
        with open_video(path) as container:
            stream = container.streams.video[0]
            for packet in shown_packets(container, [stream]):
                if packet.pts is not None and packet.dts is not None:
                    packets.append((packet.pts, packet.dts, packet.is_keyframe))
                moved(len(packets))
            times = sorted(pts for pts, _, _ in packets)
            return _Part(
                path,
                stream.time_base or Fraction(1),
                times,
                sum(dts < times[0] for _, dts, _ in packets),
                bytes(stream.codec_context.extradata or b""),
                bool(packets) and packets[0][2],
            )


def _check(parts: list[_Part], film: _Film) -> None:
    """Raises WrongResult where the parts do not fit to each other, or to the source."""
    if sum(len(part.times) for part in parts) != len(film.times):
        raise WrongResult("The encoded parts have more or fewer pictures than the source.")
    if any(part.headers != parts[0].headers for part in parts):
        raise WrongResult("The encoded parts differ in their headers and cannot be joined.")
    if not all(part.starts_anew for part in parts):
        raise WrongResult("An encoded part does not begin with a keyframe.")
    first = 0
    for part in parts:
        times = film.times[first : first + len(part.times)]
        ticks = film.tick / part.tick
        was = [(time - times[0]) * ticks.numerator for time in times]
        now = [(time - part.times[0]) * ticks.denominator for time in part.times]
        if was != now:
            raise WrongResult("Pictures of an encoded part are not at their times.")
        first += len(part.times)


def _write(out: OutputContainer, parts: list[_Part], film: _Film, moved: Moved) -> None:
    """Copy all packets, with the film's times and decoding times that go on over the joins."""
    stream: Any = None
    decoding = _decoding_times(film.times, max(part.delay for part in parts))
    done = first = 0
    for part in parts:
        numbers = {time: number for number, time in enumerate(part.times, start=first)}
        with open_video(part.path) as container:
            video = container.streams.video[0]
            if stream is None:
                stream = out.add_stream_from_template(video, opaque=True)
                stream.time_base = film.tick
            for packet in shown_packets(container, [video]):
                assert packet.pts is not None  # it was counted
                number = numbers[packet.pts]
                packet.stream, packet.time_base = stream, film.tick
                packet.pts = film.times[number] - film.times[0]
                packet.dts = decoding[done] - film.times[0]
                packet.duration = film.length(number)
                if packet.dts > packet.pts:
                    raise WrongResult("A picture would have to be shown before it is decoded.")
                out.mux(packet)
                done += 1
                moved(done)
        first += len(part.times)


def _decoding_times(times: list[int], delay: int) -> list[int]:
    """When to decode each packet: as encoders do it, when the one ``delay`` earlier is shown."""
    delay = min(delay, len(times) - 1)
    before = times[delay] - times[0]
    return [time - before for time in times[:delay]] + times[: len(times) - delay]
