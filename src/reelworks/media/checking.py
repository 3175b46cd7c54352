"""Looks at an encoded result beside its source. In the child only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

from reelworks.errors import WrongResult
from reelworks.media.allowed import MAX_PIXELS
from reelworks.media.child import Moved
from reelworks.media.pictures import picture_of
from reelworks.media.reading import first_frame, is_attached_picture, main_video, open_video

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

WHOLE = 300
"""Up to so many pictures are all decoded; of more, some in several places."""

SPOTS = 5
SPOT_PICTURES = 12

SOUND_TOLERANCE = Fraction(1, 4)
SOUND_SHARE = Fraction(1, 50)
"""A copied sound track may be shorter or longer than the source's by this many seconds, or by
this share of it: packets before the first picture are cut off, and codecs add silence."""

RECODED_SHARE = Fraction(1, 10)
"""A track that was encoded anew loses what did not decode."""

SYNC_TOLERANCE = Fraction(1, 8)
"""By how much sound may start earlier or later against the pictures than in the source; covers
the silence that encoders put before the first sound, which some containers do not tell."""

_LONGEST_GAP = 9
"""Seconds. Larger gaps in transport streams are interruptions, which FFmpeg closes."""


def check_result(
    moved: Moved,
    *,
    source: str,
    result: str,
    frames: int,
    main: int,
    exact: bool,
    audio: list[tuple[int, bool]],
    subtitles: int,
    picture: dict[str, Any],
) -> dict[str, Any]:
    """Check everything; raises WrongResult at the first thing that is wrong."""
    before = _walk(Path(source), moved, {main, *(index for index, _ in audio)})
    with _opened(Path(result)) as container:
        stream = main_video(container)
        if stream is None:
            raise WrongResult("The result has no video.")
        index = stream.index
        _check_picture(container, stream, picture)
        _check_streams(container, len(audio), subtitles)
    after = _walk(Path(result), moved, None)
    _check_pictures(after[index], frames)
    if exact:
        exact = _check_times(before[main], after[index])
    sounds = sorted(i for i, track in after.items() if track.kind == "audio")
    for (old, copied), new in zip(audio, sounds, strict=True):
        _check_sound(before[old], after[new], copied)
        if exact:
            _check_sync(before[main], after[index], before[old], after[new])
    decoded = _check_decodes(Path(result), frames, moved)
    return {"packets": len(after[index].starts), "decoded": decoded, "exact": exact}


def _opened(path: Path) -> InputContainer:
    try:
        return open_video(path)
    except av.FFmpegError as error:
        raise WrongResult(f"The result cannot be opened: {error.strerror}.") from error


# --- Packets --------------------------------------------------------------------------------------


@dataclass
class Walked:
    """The packets of one stream.

    Attributes:
        tick: seconds of a tick.
        starts: presentation times in ticks, in the file's order; None where there is none.
        end: where the last packet ends.
    """

    kind: str
    tick: Fraction
    starts: list[int | None] = field(default_factory=list)
    end: int | None = None

    @property
    def times(self) -> list[int]:
        """The presentation times in order."""
        return sorted(start for start in self.starts if start is not None)

    @property
    def first(self) -> Fraction | None:
        """Where it begins, in seconds."""
        times = self.times
        return times[0] * self.tick if times else None

    @property
    def duration(self) -> Fraction:
        """From its beginning to its end, in seconds."""
        times = self.times
        return (max(self.end or 0, times[-1]) - times[0]) * self.tick if times else Fraction()


def _walk(path: Path, moved: Moved, only: set[int] | None) -> dict[int, Walked]:
    """All packets that are to be shown, of these streams or of every video and sound."""
    with _opened(path) as container:
        streams = [
            s
            for s in container.streams
            if (s.index in only if only is not None else s.type in ("video", "audio"))
        ]
        walked = {s.index: Walked(s.type, s.time_base or Fraction(1)) for s in streams}
        for count, packet in enumerate(_packets(container, streams)):
            if not packet.is_discard:
                _note(walked[packet.stream_index], packet)
            moved(count)
    return walked


def _packets(container: InputContainer, streams: list[Any]) -> Any:
    packets = container.demux(*streams)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return  # the source's damage stops every reader here
        if packet is None:
            return
        if packet.size:
            yield packet


def _note(track: Walked, packet: Any) -> None:
    track.starts.append(packet.pts)
    if packet.pts is not None:
        track.end = max(track.end or packet.pts, packet.pts + (packet.duration or 0))


def _check_pictures(after: Walked, frames: int) -> None:
    if len(after.starts) != frames:
        raise WrongResult(f"The result has {len(after.starts)} pictures in place of {frames}.")
    times = after.times
    if len(set(times)) != frames:
        raise WrongResult("Pictures of the result have no time, or the same time as another.")


def _check_times(before: Walked, after: Walked) -> bool:
    """Compare timestamps one by one, where there is one for each picture; says whether it did.

    Where damage cost pictures, or fields come in packets of their own, there are more of them:
    then every picture of the result must have one of the source's.
    """
    old, new = [t * before.tick for t in before.times], [t * after.tick for t in after.times]
    if len(set(old)) != len(before.starts) or _interrupted(old):
        return False
    tick = max(before.tick, after.tick)
    if len(old) == len(new):
        pairs = zip(old, new, strict=True)
        worst = max(abs((b - new[0]) - (a - old[0])) for a, b in pairs)
        if worst > tick:
            raise WrongResult(f"A picture of the result is {float(worst):.4f} s off its time.")
        return True
    if new[-1] - new[0] > old[-1] - old[0] + 1:
        raise WrongResult("The result is longer than its source.")
    return False


def _interrupted(times: list[Fraction]) -> bool:
    return any(b - a > _LONGEST_GAP for a, b in pairwise(times))


# --- Sound ----------------------------------------------------------------------------------------


def _check_sound(before: Walked, after: Walked, copied: bool) -> None:
    share = SOUND_SHARE if copied else RECODED_SHARE
    allowed = max(SOUND_TOLERANCE, before.duration * share)
    if _interrupted([t * before.tick for t in before.times]):
        return  # its gaps were closed, and its length with them
    if abs(before.duration - after.duration) > allowed:
        raise WrongResult(
            f"A sound track of the result lasts {float(after.duration):.2f} s "
            f"in place of {float(before.duration):.2f} s."
        )


def _check_sync(old_video: Walked, video: Walked, old_sound: Walked, sound: Walked) -> None:
    starts = [track.first for track in (old_video, video, old_sound, sound)]
    old_picture, picture, old_start, start = starts
    if old_picture is None or picture is None or old_start is None or start is None:
        return
    moved = (start - picture) - (old_start - old_picture)
    if abs(moved) > SYNC_TOLERANCE:
        raise WrongResult(f"A sound track of the result is shifted by {float(moved):.3f} s.")


def _check_streams(container: InputContainer, audio: int, subtitles: int) -> None:
    kinds = Counter(str(s.type) for s in container.streams if not is_attached_picture(s))
    for kind, wanted, name in (("audio", audio, "sound"), ("subtitle", subtitles, "subtitle")):
        if kinds[kind] != wanted:
            raise WrongResult(f"The result has {kinds[kind]} {name} tracks in place of {wanted}.")


# --- Pictures -------------------------------------------------------------------------------------

_WORDS = {
    "width": "width",
    "height": "height",
    "rotation": "rotation",
    "sample_aspect": "pixel shape",
    "bit_depth": "bits of a component",
    "range": "colour range",
    "matrix": "colour matrix",
    "primaries": "colour primaries",
    "transfer": "transfer function",
    "hdr": "HDR side data",
}


def _check_picture(
    container: InputContainer, stream: VideoStream, expected: dict[str, Any]
) -> None:
    frame = first_frame(container, stream)
    if frame is None:
        raise WrongResult("The result's first picture does not decode.")
    found = picture_of(stream, frame)
    for name, wanted in expected.items():
        value = getattr(found, name)
        if not _agrees(name, value, wanted):
            raise WrongResult(f"The result's {_WORDS[name]} is {value} in place of {wanted}.")


def _agrees(name: str, value: Any, wanted: Any) -> bool:
    if name == "hdr":
        return set(wanted) <= set(value)
    if name == "sample_aspect":
        # Containers hold it in few bits.
        return bool(abs(value - Fraction(wanted)) <= Fraction(wanted) / 200)
    if name == "range":
        # Not saying means limited range.
        return (value or "tv") == (wanted or "tv")
    return bool(value == wanted)


def _check_decodes(path: Path, frames: int, moved: Moved) -> int:
    with _opened(path) as container:
        stream = main_video(container)
        assert stream is not None
        stream.codec_context.thread_type = "AUTO"
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        if frames <= WHOLE:
            decoded = _decode(container, stream, frames + 1, moved)
            if decoded != frames:
                raise WrongResult(f"{decoded} of the result's {frames} pictures decode.")
            return decoded
        return sum(_decode_at(container, stream, spot, moved) for spot in range(SPOTS))


def _decode_at(container: InputContainer, stream: VideoStream, spot: int, moved: Moved) -> int:
    """Decode some pictures at one of the spots; at the last spot, up to the end."""
    last = spot == SPOTS - 1
    container.seek(_spot(container, stream, spot), stream=stream)
    stream.codec_context.flush_buffers()
    decoded = _decode(container, stream, 1 << 30 if last else SPOT_PICTURES, moved)
    # A transport stream has no index: a seek may land behind the last keyframe.
    if decoded == 0 and container.format.name != "mpegts":
        raise WrongResult("A part of the result does not decode.")
    return decoded


def _spot(container: InputContainer, stream: VideoStream, spot: int) -> int:
    """A time in the stream's ticks: the spots are spread evenly, the last is close to the end."""
    base = stream.time_base or Fraction(1)
    seconds = (stream.duration or 0) * base or Fraction(container.duration or 0, 1_000_000)
    at = seconds * spot / SPOTS if spot < SPOTS - 1 else max(seconds * spot / SPOTS, seconds - 3)
    return (stream.start_time or 0) + int(at / base)


def _decode(container: InputContainer, stream: VideoStream, most: int, moved: Moved) -> int:
    decoded = 0
    try:
        for frame in container.decode(stream):
            if frame.is_corrupt:
                raise WrongResult("A picture of the result is damaged.")
            decoded += 1
            moved(decoded)
            if decoded >= most:
                break
    except av.FFmpegError as error:
        raise WrongResult(f"The result does not decode: {error.strerror}.") from error
    return decoded
