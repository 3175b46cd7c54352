"""Opens a video with libav. Only for use in the Python child, never in the service itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.logging
from av.codec.context import Flags
from av.stream import Discard, Disposition

from reelworks.media.formats.allowed import FAR, MAX_PIXELS, location, open_options
from reelworks.media.formats.programmes import HEAD_BYTES, teletext

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# Damaged beginnings are passed over, but not for ever: a frame's facts are a help, not a must.
_PACKETS_TO_TRY = 300
_MOST_ERRORS = 200


def open_video(path: Path, **options: str) -> InputContainer:
    """Open a file under the allow-lists.

    Raises:
        av.FFmpegError: it is not there, not allowed, or not readable.
    """
    av.logging.set_level(av.logging.ERROR)
    av.logging.restore_default_callback()
    container = _open(path, options)
    if any(sound.codec_context and not sound.rate for sound in container.streams.audio):
        # libav has looked at the first seconds only; sound may begin behind them.
        container.close()
        return _open(path, options | FAR)
    return container


_EVERY_TABLE = {"scan_all_pmts": "1"}
"""As FFmpeg's own programs say: a recording's tables may name another sound track on the way.
Other demuxers pass over it."""


def _open(path: Path, options: dict[str, str]) -> InputContainer:
    options = open_options() | _EVERY_TABLE | options
    return av.open(location(path), options=options, metadata_errors="replace")


def looks_far(container: InputContainer) -> bool:
    """Whether a file had to be looked far into for its sound."""
    return container.options.keys() >= FAR.keys()


def is_attached_picture(stream: Stream) -> bool:
    """Whether it is a cover rather than a video."""
    return bool(stream.disposition & Disposition.attached_pic)


def codec_names(container: InputContainer, path: Path) -> dict[int, str | None]:
    """Each stream's codec by libav's name; None where libav does not know it."""
    names = {stream.index: _codec_name(stream) for stream in container.streams}
    nameless = [stream for stream in container.streams.subtitles if names[stream.index] is None]
    if nameless and container.format.name == "mpegts":
        with path.open("rb") as file:
            pids = teletext(file.read(HEAD_BYTES))
        names |= {stream.index: "dvb_teletext" for stream in nameless if stream.id in pids}
    return names


def _codec_name(stream: Stream) -> str | None:
    context = stream.codec_context
    if context is not None:
        return context.codec.canonical_name
    # PyAV asks the decoder of some kinds of streams, of which there is none.
    return getattr(stream, "name", None)


def is_default(stream: Stream) -> bool:
    """Whether players are to choose it first."""
    return bool(stream.disposition & Disposition.default)


def main_video(container: InputContainer) -> VideoStream | None:
    """The video stream to work on: of those that are no covers the default one, else the first; one
    whose codec nobody knows only where there is no other."""
    streams = [s for s in container.streams.video if not is_attached_picture(s)]
    known = [s for s in streams if s.codec_context is not None] or streams
    return next((s for s in known if is_default(s)), known[0] if known else None)


# With these, libav copies a picture's quantiser while another thread may still be decoding it.
_QUANTISER_IN_FLIGHT = frozenset({"h264", "mpeg4"})


def prepare(context: VideoCodecContext, *, quantiser: bool = False) -> None:
    """Let a decoder use every core, within bounds. Before its first packet.

    Args:
        quantiser: whether it is to say how pictures were quantised. Some use one core then.
    """
    in_flight = quantiser and context.name in _QUANTISER_IN_FLIGHT
    context.thread_type = "SLICE" if in_flight else "AUTO"
    context.options = {"max_pixels": str(MAX_PIXELS)}
    if quantiser:
        context.options |= {"export_side_data": "venc_params"}


def packets_of(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any]]:
    """The packets of some of its streams, the empty ones included that end each. As FFmpeg does, it
    passes over the others, what is wrong with which is no end of these; and asks again where libav
    has found nothing so far in a long stretch of damage, and would look further on."""
    for stream in container.streams:
        stream.discard = Discard.default if stream in streams else Discard.all
    while True:
        try:
            yield from container.demux(*streams)
        except BlockingIOError:
            continue
        except IndexError:
            # Others turned up on the way, as where a recording's streams change their numbers. PyAV
            # ends the streams asked for, then stumbles over those that it did not know at first.
            pass
        return


def decoded(
    container: InputContainer, stream: VideoStream, context: VideoCodecContext
) -> Iterator[VideoFrame]:
    """The pictures that decode, from where the container is; damaged packets are passed over."""
    packets = packets_of(container, stream)
    for _ in range(_MOST_ERRORS):
        try:
            for packet in packets:
                yield from context.decode(packet)
        except av.FFmpegError:
            packets = packets_of(container, stream)
        else:
            return


def first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """The first picture that libav decodes, or None where the first few hundred packets fail.

    Reads from the container; open it anew to read it from the beginning.
    """
    context = stream.codec_context
    if context is None:
        return None
    context.options = {"max_pixels": str(MAX_PIXELS)}
    context.thread_count = 1
    # Without it, libav leaves a crop at the left undone where memory would not be aligned.
    context.flags |= Flags.unaligned
    packets = packets_of(container, stream)
    for _ in range(_PACKETS_TO_TRY):
        try:
            packet = next(packets, None)
            frames = packet.decode() if packet is not None else None
        except av.FFmpegError:
            continue  # a damaged packet; a later one may do
        if frames is None:
            return None
        if frames:
            return frames[0]
    return None
