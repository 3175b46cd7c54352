"""Times a video by walking over its packets: headers lie, packets are there or not.

Only for use in the Python child. Nothing is decoded, but for the first pictures of a film whose
times may be those of decoding.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import dropwhile, islice, pairwise
from math import inf
from pathlib import Path
from statistics import median_low
from typing import TYPE_CHECKING, cast

import av

from reelworks.media.children.child import Moved
from reelworks.media.facts import Timing
from reelworks.media.formats import demuxers
from reelworks.media.probing.joints import is_joined
from reelworks.media.probing.reading import (
    decoded,
    is_attached_picture,
    open_video,
    packets_of,
    prepare,
)

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

# A stated length under this, where the pictures really come much slower, is a header's fiction.
_FICTION = Fraction(1, 500)

_MICROSECOND = Fraction(1, 1_000_000)

_LONG_PAUSE = 9.0
"""Seconds; FFmpeg takes one of ten for a cut."""

_LONGEST_GAP, _LONGEST_STEP_BACK = 10.0, 0.1
"""Seconds from one packet's decoding to the next one's; FFmpeg takes more for a cut."""

_RESTART = 1.0
"""Seconds by which a clock goes back where it begins anew."""

_NONE = Fraction()

_REORDERED_SOON = 50
"""Where pictures are shown in another order than they are decoded in, these have shown it."""

_ENOUGH = 48
"""Packets that tell whether each is a picture: those of fields make half as many, and of others
damage takes no third."""

_PROGRESSIVE = 1
"""AV_FIELD_PROGRESSIVE."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """What the packets tell.

    Attributes:
        timing: of the main video stream.
        duration: of the file, over all its sound and video, in seconds.
        empty: which of its sound and video is declared but has no packets.
        pieced: which of them an edit list puts together of several pieces.
    """

    timing: Timing
    duration: Fraction
    empty: set[int]
    pieced: set[int]


def walk(path: Path, index: int, strangers: Collection[int], moved: Moved) -> Walk:
    """Time the main video stream, and the file.

    Args:
        index: of the main video stream.
        strangers: streams that have nothing to do with it, and a clock of their own.
        moved: told the number of packets read so far.
    """
    with open_video(path) as container:
        streams = [
            stream
            for stream in (*container.streams.video, *container.streams.audio)
            if not is_attached_picture(stream) and stream.index not in strangers
        ]
        demuxer = container.format.name
        reordered = _reorders(container, index)
        numbered = demuxers.tells_decoding(demuxer, reordered=reordered)
        tracks, count = _read(container, streams, numbered, moved)
        beginning = Fraction(container.start_time or 0) * _MICROSECOND
        # What is numbered is known to be in the order of decoding.
        suspect = tracks[index].rises and demuxer not in demuxers.NUMBERED and reordered
        woven = _may_be_woven(container, index)
        listed = container.streams[index].frames
    apart = False
    if tracks[index].read < listed:
        alone, count = _read_apart(path, tracks, numbered, moved, count)
        apart = any(alone[number].read > track.read for number, track in tracks.items())
        tracks = alone if apart else tracks
    if demuxer in demuxers.RAW and not tracks[index].seamless:
        tracks[index].forget()
    decoding = demuxer in demuxers.DECODING or (
        suspect and not _in_order(path, index, lambda read: moved(count + read))
    )
    empty = {number for number, track in tracks.items() if not track.packets}
    sparse = _sparse(tracks.values())
    joined = is_joined(path, demuxer, [gap for track in tracks.values() for gap in track.returns])
    if demuxer in demuxers.CUT_TOGETHER and not sparse:
        _cut(tracks, _LONGEST_STEP_BACK, _LONGEST_GAP)
    elif joined:
        _cut(tracks, _RESTART, inf)
    timing = tracks[index].timing(beginning, decoding=decoding)
    fields = woven and _is_of_fields(path, index, lambda read: moved(count + read))
    return Walk(
        timing=replace(timing, sparse=sparse, fields=fields, apart=apart, joined=joined),
        duration=_whole(tracks.values()),
        empty=empty,
        pieced={number for number, track in tracks.items() if track.pieced},
    )


def _cut(tracks: dict[int, _Track], back: float, ahead: float) -> None:
    for track in tracks.values():
        track.cut(back, ahead)


def _read(
    container: InputContainer,
    streams: list[Stream],
    numbered: bool,
    moved: Moved,
    count: int = 0,
) -> tuple[dict[int, _Track], int]:
    """The streams' tracks; and the count, with their packets that are shown added to it."""
    demuxer = container.format.name
    tracks = {s.index: _Track(s.time_base, demuxer, numbered=numbered) for s in streams}
    for packet in _packets(container, streams):
        tracks[packet.stream_index].add(packet)
        count += not packet.is_discard
        moved(count)
    return tracks, count


def _read_apart(
    path: Path, numbers: Iterable[int], numbered: bool, moved: Moved, count: int
) -> tuple[dict[int, _Track], int]:
    """As ``_read``, each stream by itself: of a file that was cut off behind its index, libav ends
    where the first packet of any stream is missing."""
    tracks: dict[int, _Track] = {}
    for number in numbers:
        with open_video(path) as container:
            stream = container.streams[number]
            track, count = _read(container, [stream], numbered, moved, count)
        tracks |= track
    return tracks, count


def _reorders(container: InputContainer, index: int) -> bool:
    """Whether pictures may be decoded in another order than they are shown in."""
    context = cast("VideoStream", container.streams[index]).codec_context
    return context is not None and bool(context.has_b_frames)


def _may_be_woven(container: InputContainer, index: int) -> bool:
    """Whether fields may have packets of their own: those of H.264 that is not said to be whole."""
    context = cast("VideoStream", container.streams[index]).codec_context
    named = context is not None and context.codec.canonical_name == "h264"
    return named and context.field_order != _PROGRESSIVE


def _is_of_fields(path: Path, index: int, moved: Moved) -> bool:
    """Whether two packets make a picture, as the first ones from a keyframe on tell."""
    with open_video(path) as container:
        stream = cast("VideoStream", container.streams[index])
        prepare(stream.codec_context)
        shown = dropwhile(lambda p: not p.is_keyframe, shown_packets(container, [stream]))
        packets = list(islice(shown, _ENOUGH))
        pictures = 0
        for number, packet in enumerate([*packets, None], start=1):
            moved(number)
            try:
                pictures += len(stream.codec_context.decode(packet))
            except av.FFmpegError:
                continue  # damaged
    return len(packets) > 1 and 3 * pictures <= 2 * len(packets)


def _in_order(path: Path, index: int, moved: Moved) -> bool:
    """Whether the first pictures come out of the decoder in the order of their times."""
    with open_video(path) as container:
        stream = cast("VideoStream", container.streams[index])
        prepare(stream.codec_context)
        latest: int | None = None
        frames = islice(decoded(container, stream, stream.codec_context), _REORDERED_SOON)
        for number, frame in enumerate(frames, start=1):
            moved(number)
            if frame.pts is not None and latest is not None and frame.pts <= latest:
                return False
            latest = frame.pts
    return True


def first_packets(container: InputContainer, stream: Stream, number: int) -> list[Packet[Stream]]:
    """The first packets of a stream that are shown; fewer where there are fewer."""
    return list(islice(shown_packets(container, [stream]), number))


def shown_packets(container: InputContainer, streams: list[Stream]) -> Iterator[Packet[Stream]]:
    """The packets that are shown: those that an edit list cuts away are left out."""
    return (packet for packet in _packets(container, streams) if not packet.is_discard)


def _packets(container: InputContainer, streams: list[Stream]) -> Iterator[Packet[Stream]]:
    try:
        for packet in packets_of(container, *streams):
            flush = packet.size == 0 and packet.pos is None
            if not flush:
                yield packet
    except av.FFmpegError:
        # Damage that the reader cannot pass: the video ends here for whoever decodes it, too.
        return


def _whole(tracks: Collection[_Track]) -> Fraction:
    timed = [track for track in tracks if track.starts]
    if len({len(track.spans) for track in timed}) == 1:
        pieces = zip(*(track.spans for track in timed), strict=True)
        return sum((_from_first_to_last(spans) for spans in pieces), _NONE)
    return max((track.duration for track in timed or tracks), default=_NONE)


def _from_first_to_last(spans: Collection[tuple[Fraction, Fraction]]) -> Fraction:
    return max(end for _, end in spans) - min(start for start, _ in spans)


def _sparse(tracks: Collection[_Track]) -> bool:
    """Whether one stream pauses for long while another goes on, or makes nothing but pauses."""
    if not any(track.longest_pause > _LONG_PAUSE for track in tracks):
        return False
    if any(track.usual_pause > _LONG_PAUSE for track in tracks):
        return True
    together = sorted(time for track in tracks for time in track.seconds)
    return all(b - a <= _LONG_PAUSE for a, b in pairwise(together))


class _Track:
    """The packets of one stream, as far as times go."""

    def __init__(self, time_base: Fraction | None, demuxer: str, *, numbered: bool) -> None:
        self._tick = time_base or Fraction(1)
        self._decoding = demuxer in demuxers.DECODING
        self._numbered = numbered
        self.starts = array("q")
        self._lengths = array("q")
        self._decoded = array("q")
        self._cuts: list[int] = []
        self.returns: list[tuple[int, int]] = []
        self._restart = _RESTART / self._tick
        self._place: int | None = None
        self.read = 0
        self.packets = 0
        self.pieced = False
        self._skipping = False
        self._size = 0
        self._without_pts = 0
        self._stated = 0
        self._stated_lengths: set[int | None] = set()

    def add(self, packet: Packet[Stream]) -> None:
        self.read += 1
        if packet.is_discard:
            self._skipping |= self._goes_back(packet)
            return
        self.pieced |= self._skipping
        self.packets += 1
        self._size += packet.size
        self._without_pts += packet.pts is None
        as_decoded = packet.pts is None or self._numbered
        start = packet.dts if as_decoded else packet.pts
        self._stated += packet.duration or 0
        self._stated_lengths.add(packet.duration)
        if start is not None:
            self.starts.append(start)
            self._lengths.append(packet.duration or 0)
            self._decode(start if packet.dts is None else packet.dts, packet.pos)

    def _decode(self, time: int, place: int | None) -> None:
        returns = bool(self._decoded) and self._decoded[-1] - time > self._restart
        if returns and self._place is not None and place is not None:
            self.returns.append((self._place, place))
        self._decoded.append(time)
        self._place = place

    def _goes_back(self, packet: Packet[Stream]) -> bool:
        """Whether it comes again from before what was shown last, as the next piece's run-up."""
        return bool(self.starts) and packet.pts is not None and packet.pts < self.starts[-1]

    def cut(self, back: float, ahead: float) -> None:
        """Part it where its clock jumps by more than so many seconds."""
        tick = float(self._tick)
        self._cuts = [
            number
            for number, (a, b) in enumerate(pairwise(self._decoded), start=1)
            if not -back <= (b - a) * tick <= ahead
        ]

    def timing(self, beginning: Fraction, *, decoding: bool) -> Timing:
        """What is told of it.

        Args:
            beginning: of the file, as libav guesses it, in seconds.
            decoding: whether the times are only those of decoding.
        """
        early = beginning - self.spans[0][0] if self.starts else _NONE
        distinct = self._without_pts == 0 and all(a != b for a, b in pairwise(self._shown))
        return Timing(
            packets=self.packets,
            duration=self.duration,
            sound=distinct and not decoding,
            constant=self._evenly_spaced() if self.starts else len(self._stated_lengths) == 1,
            # The guess is in whole microseconds.
            early=early if early > _MICROSECOND else Fraction(),
            late=-early if early < -_MICROSECOND else Fraction(),
            decoding=decoding,
            size_bytes=self._size,
            usual=self._usual_step * self._tick if self.starts else _NONE,
        )

    @property
    def seamless(self) -> bool:
        """Whether each picture starts where the one before it ends."""
        pictures = sorted(zip(self.starts, self._lengths, strict=True))
        return self._without_pts == 0 and all(
            abs(b - a - length) <= 1 for (a, length), (b, _) in pairwise(pictures)
        )

    def forget(self) -> None:
        """The times were guesses of libav's, and bad ones: take none for told."""
        self._without_pts = self.packets
        self.starts = array("q")

    @property
    def seconds(self) -> Iterator[float]:
        """When each packet starts, nearly."""
        tick = float(self._tick)
        return (start * tick for start in self.starts)

    @property
    def longest_pause(self) -> float:
        """The most seconds from one packet's start to the next one's, nearly."""
        steps = (b - a for a, b in pairwise(self._shown))
        return max(steps, default=0) * float(self._tick)

    @property
    def usual_pause(self) -> float:
        """The seconds from most packets' start to the next one's, nearly."""
        return self._usual_step * float(self._tick)

    @property
    def rises(self) -> bool:
        """Whether the packets come in the order of their times."""
        return all(a < b for a, b in pairwise(self.starts))

    @cached_property
    def _shown(self) -> list[int]:
        """When each picture starts, in ticks, in the order of showing."""
        return sorted(self.starts)

    @property
    def stated(self) -> Fraction:
        """The sum of the packets' own lengths, in seconds: all that a raw stream tells."""
        return self._stated * self._tick

    @property
    def duration(self) -> Fraction:
        """Of all its pieces, in seconds."""
        if not self.starts:
            return self.stated
        return sum((end - start for start, end in self.spans), _NONE)

    @cached_property
    def spans(self) -> list[tuple[Fraction, Fraction]]:
        """Of each piece, from the first start to the last end, in seconds."""
        edges = pairwise([0, *self._cuts, len(self.starts)])
        return [self._span(range(a, b)) for a, b in edges]

    def _span(self, piece: range) -> tuple[Fraction, Fraction]:
        first = self.starts[min(piece, key=self.starts.__getitem__)]
        last = max(piece, key=self.starts.__getitem__)
        end = self.starts[last] + self._length(last)
        if len(self.starts) < self.packets and not self._cuts:
            # Where the last packets have no times, only their lengths tell when they end.
            end = max(end, first + self._stated)
        return first * self._tick, end * self._tick

    def _length(self, last: int) -> int:
        """How long the last picture stays, in ticks."""
        usual = self._usual_step
        stated = self._lengths[last]
        # And of GXF, all of them are a field's.
        fiction = self._decoding or (stated * self._tick < _FICTION and 2 * stated < usual)
        return usual if fiction or stated <= 0 else stated

    @cached_property
    def _usual_step(self) -> int:
        return median_low([b - a for a, b in pairwise(self._shown)] or [0])

    def _evenly_spaced(self) -> bool:
        """Whether no picture is more than a tick away from where even spacing puts it."""
        first, steps = self._shown[0], len(self._shown) - 1
        length = self._shown[-1] - first
        return all(
            abs((start - first) * steps - number * length) <= steps
            for number, start in enumerate(self._shown)
        )
