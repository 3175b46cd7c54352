"""Looks at an encoded result beside its source. In the child only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av

from reelworks.errors import WrongResult
from reelworks.media.children.child import Moved
from reelworks.media.facts import Picture
from reelworks.media.probing.pictures import picture_of
from reelworks.media.probing.reading import first_frame, is_attached_picture, main_video, prepare
from reelworks.media.verifying.checking_sound import broken_front, check_copied, check_heard
from reelworks.media.verifying.checking_tags import (
    check_attachments,
    check_chapters,
    check_covers,
    check_tags,
    check_tracks,
)
from reelworks.media.verifying.checking_times import (
    Moves,
    Walked,
    check_times,
    opened,
    start_of,
    walk,
    walk_apart,
)
from reelworks.media.verifying.decoder_times import decoder_times

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

WHOLE_PIXELS = 64 * 1920 * 1080
"""Films of up to so many pixels are decoded whole; of longer ones, some pictures in several places.
Every packet's time is compared in any case, and a picture that FFmpeg could not encode would have
no packet."""

_MOST = 0.9
"""With fewer of the source's pictures, it is asked whether damage cost the others."""

SPOTS = 5
SPOT_PICTURES = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """What the source's times tell of its pictures.

    Attributes:
        exact: whether the result is to have the same ones.
        decoding: whether they are when pictures are decoded, as no others are told.
        counted: whether the container counts pictures alone, of which libav guesses when the first
            one that decodes is shown.
        sure: whether the container tells them; otherwise they are guessed.
        apart: whether its streams are read each by itself.
        pictures: how many its packets hold, where nothing is damaged; 0 where that is not known.
    """

    exact: bool
    decoding: bool
    counted: bool
    sure: bool
    apart: bool
    pictures: int


def check_result(
    moved: Moved,
    *,
    source: str,
    result: str,
    frames: int,
    main: int,
    clock: dict[str, bool],
    expected: dict[str, Any],
) -> dict[str, Any]:
    """Check everything; raises WrongResult at the first thing that is wrong.

    Args:
        main: the source's main video stream.
        clock: a ``Clock`` of the source, as a mapping.
        expected: as ``verify.expectation`` has it.
    """
    old, new, told = Path(source), Path(result), Clock(**clock)
    after = walk(new, moved)
    empty = {i for i, track in after.items() if track.kind == "audio" and not track.starts}
    index, covers = _check_streams(new, expected, empty)
    audio = {track["index"]: track["copied"] for track in expected["audio"]}
    before = (walk_apart if told.apart else walk)(old, moved, {main, *expected["covers"], *audio})
    if told.decoding:
        before[main].starts = before[main].decoded
    _check_pictures(after[index], frames)
    check_covers(
        [key for i in expected["covers"] for key in before[i].keys],
        [key for i in covers for key in after[i].keys],
    )
    decoder = cache(partial(decoder_times, old, main, moved))
    if frames < _MOST * told.pictures:
        _check_none_lost(frames, len(decoder()))
    exact, moves = _check_moves(old, main, before[main], after[index], told, decoder)
    with opened(new) as container:
        check_chapters(container, expected["chapters"], moves.steps[0][1] if moves else None)
    sounds = sorted(i for i, t in after.items() if t.kind == "audio" and i not in empty)
    for (was, copied), now in zip(audio.items(), sounds, strict=True):
        broken = partial(broken_front, old, was)
        if not (copied and check_copied(before[was], after[now], moves, broken)):
            check_heard(old, was, new, now, moves, moved)
    decoded = _check_decodes(new, frames, moved)
    return {"packets": frames, "decoded": decoded, "exact": exact}


def _check_streams(path: Path, expected: dict[str, Any], empty: set[int]) -> tuple[int, list[int]]:
    """Check what the result says of itself; which streams are its pictures and its covers.

    Args:
        empty: tracks of sound without a packet.
    """
    with opened(path) as container:
        stream = main_video(container)
        if stream is None:
            raise WrongResult("The result has no video.")
        _check_picture(container, stream, expected["picture"])
        for kind in ("audio", "subtitle"):
            check_tracks(container, kind, expected[kind], empty)
        check_tags(container, expected["tags"])
        check_attachments(container, expected["attachments"])
        return stream.index, [s.index for s in container.streams if is_attached_picture(s)]


def _check_moves(
    source: Path,
    main: int,
    before: Walked,
    after: Walked,
    told: Clock,
    decoder: Callable[[], list[int]],
) -> tuple[bool, Moves | None]:
    """Check the pictures' times; whether each was compared, and how they were moved."""
    unclear = before.shown != after.shown or before.timeless
    opening = _opening(source, main) if unclear and not told.counted else None
    moves = None
    if told.exact:
        moves = check_times(before, after, decoder, sure=told.sure, opening=opening)
    return moves is not None, moves or start_of(before, after, opening)


def _opening(source: Path, main: int) -> Fraction | None:
    """When the first picture that decodes is shown, in seconds; None where that is not told."""
    with opened(source) as container:
        frame = first_frame(container, cast("VideoStream", container.streams[main]))
    if frame is None or frame.pts is None or frame.time_base is None:
        return None
    return frame.pts * frame.time_base


def _check_pictures(after: Walked, frames: int) -> None:
    if after.shown != frames:
        raise WrongResult(f"The result has {after.shown} pictures in place of {frames}.")
    if after.timeless:
        raise WrongResult("Pictures of the result have no time, or the same time as another.")


def _check_none_lost(frames: int, decoded: int) -> None:
    """Damage costs pictures, and then they do not decode here either; but FFmpeg also ends, without
    a word, where something else in the file is wrong."""
    if frames < _MOST * decoded:
        raise WrongResult(f"The result has {frames} of the {decoded} pictures that decode.")


# --- Pictures -------------------------------------------------------------------------------------

_WORDS = {
    "width": "width",
    "height": "height",
    "rotation": "rotation",
    "sample_aspect": "pixel shape",
    "bit_depth": "bits of a component",
    "pixel_format": "pixel format",
    "alpha": "transparency",
    "range": "colour range",
    "matrix": "colour matrix",
    "primaries": "colour primaries",
    "transfer": "transfer function",
    "hdr": "HDR side data",
    "spherical": "note on spherical pictures",
}


def _check_picture(
    container: InputContainer, stream: VideoStream, expected: dict[str, Any]
) -> None:
    frame = first_frame(container, stream)
    if frame is None:
        raise WrongResult("The result's first picture does not decode.")
    found = picture_of(stream, frame)
    for name, wanted in expected.items():
        if not _agrees(name, found, wanted):
            value = getattr(found, name)
            raise WrongResult(f"The result's {_WORDS[name]} is {value} in place of {wanted}.")


def _agrees(name: str, found: Picture, wanted: Any) -> bool:
    value = getattr(found, name)
    if name == "hdr":
        return all(_same_numbers(value.get(kind, {}), numbers) for kind, numbers in wanted.items())
    if name == "sample_aspect":
        # Containers hold it in few bits, or as the width of the whole in whole pixels.
        rounding = max(Fraction(wanted) / 200, Fraction(1, 2 * found.width))
        return bool(abs(value - Fraction(wanted)) <= rounding)
    if name == "range":
        # Not saying means limited range.
        return (value or "tv") == (wanted or "tv")
    if name == "pixel_format":
        # The old names for full range; and libav's VP9 decoder leaves transparency out.
        return bool(_plain(value) == _plain(wanted))
    return bool(value == wanted)


def _same_numbers(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Codecs hold colours in steps of 1/50000 or 1/65536, and light in as many of its own."""
    return found.keys() >= wanted.keys() and all(
        abs(Fraction(found[key]) - Fraction(number))
        <= max(Fraction(1, 20_000), Fraction(number) / 10_000)
        for key, number in wanted.items()
    )


def _plain(pixel_format: str) -> str:
    return pixel_format.replace("yuvj", "yuv").replace("yuva", "yuv")


def _check_decodes(path: Path, frames: int, moved: Moved) -> int:
    with opened(path) as container:
        stream = main_video(container)
        assert stream is not None
        prepare(stream.codec_context)
        if frames * stream.width * stream.height <= WHOLE_PIXELS:
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
