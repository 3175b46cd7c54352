"""Finds out what a video file is. libav reads it in a child process."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from reelworks.errors import ChildFailed, ChildHung, NotAVideo
from reelworks.media.children.call import call
from reelworks.media.children.child import Moved
from reelworks.media.children.process import collect
from reelworks.media.children.tools import Toolbox
from reelworks.media.facts import Picture, Probe, Stream, StreamKind
from reelworks.media.formats import descriptions, pixels, programmes
from reelworks.media.formats.allowed import input_arguments
from reelworks.media.formats.naming import HEAD_BYTES, container_name
from reelworks.media.probing import wire
from reelworks.media.probing.mapped import mapped

if TYPE_CHECKING:
    import av.stream
    from av.container import InputContainer

    from reelworks.media.probing.timing import Walk

log = logging.getLogger(__name__)

_FFPROBE_STALL_SECONDS = 30.0

_PLACES = 8
"""Of a transport stream, this many are looked at for what its tables say there."""


def probe(
    tools: Toolbox,
    path: Path,
    *,
    count: bool,
    on_progress: Callable[[int], None] | None = None,
) -> Probe:
    """Probe a file that passed the upload check.

    Args:
        count: also walk over all its packets: exact times, and ``Probe.timing``.
        on_progress: told the number of packets read so far.

    Raises:
        NotAVideo: it cannot be opened, or has no video stream.
        ChildFailed, ChildHung: the child process did not survive it.
    """
    packed = call(
        tools, "probe", reads=[path], path=str(path), count=count, on_progress=on_progress
    )
    return with_ffprobe(tools, path, wire.unpack(packed))


def with_ffprobe(tools: Toolbox, path: Path, probe: Probe) -> Probe:
    """The probe with ffprobe's own JSON in it, where there is an ffprobe that can read the file."""
    if tools.ffprobe is None:
        return probe
    sections = ["-show_format", "-show_streams", "-show_chapters", "-of", "json"]
    command = [str(tools.ffprobe), "-v", "error", *sections]
    command += input_arguments(path, far=probe.late_sound)
    said = bytearray()
    try:
        tools.children.run(
            command, collect(said), reads=[path], stall_seconds=_FFPROBE_STALL_SECONDS
        )
        raw = json.loads(said.decode(errors="replace"))
    except (ChildFailed, ChildHung, json.JSONDecodeError) as error:
        # Somebody else's ffprobe may be too old for this file; what libav says is as good.
        log.info("ffprobe could not read %s: %s", path.name, error)
        return probe
    return replace(probe, raw=raw)


def task(moved: Moved, path: str, count: bool) -> Any:
    """The child's side of ``probe``."""
    import av

    from reelworks.media.probing.layers import has_layer
    from reelworks.media.probing.reading import open_video
    from reelworks.media.probing.timing import walk

    file = Path(path)
    try:
        with open_video(file) as container:
            found = examine(container, file)
    except av.FFmpegError as error:
        raise NotAVideo(f"The file could not be opened as a video: {error.strerror}.") from error
    if count:
        others = {stream.index for stream in found.streams if stream.stranger}
        found = _timed(found, walk(file, found.picture.index, others, moved))
        if _is_said_to_be_clear(found.picture):
            alpha = has_layer(file, found.picture.index, moved)
            found = replace(found, picture=replace(found.picture, alpha=alpha))
    return wire.pack(found)


def _is_said_to_be_clear(picture: Picture) -> bool:
    """Whether it has transparency by its container's word alone."""
    form = pixels.describe(picture.pixel_format)
    beside = picture.alpha and not (form is not None and form.alpha)
    return beside and picture.codec != "hevc"  # which says it itself


def examine(container: InputContainer, path: Path) -> Probe:
    """What an open file says of itself, and its first picture. In the child only.

    Raises:
        NotAVideo: it has no video stream that libav knows.
    """
    from reelworks.media.probing.pictures import colours, picture_of
    from reelworks.media.probing.raw import raw_of
    from reelworks.media.probing.reading import first_frame, looks_far, main_video

    stream = main_video(container)
    if stream is None or stream.codec_context is None:
        raise NotAVideo("The file holds no video of a kind that is known.")
    told = colours(stream.codec_context)
    frame = first_frame(container, stream)
    picture = picture_of(stream, frame, told)
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    demuxer = container.format.name
    return Probe(
        container=container_name(demuxer, container.metadata.get("major_brand"), head),
        demuxer=demuxer,
        size_bytes=path.stat().st_size,
        duration=Fraction(max(container.duration or 0, 0), 1_000_000),
        picture=picture,
        timing=None,
        streams=tuple(_streams(container, path, stream)),
        raw=raw_of(container, path, picture, frame),
        late_sound=looks_far(container),
    )


def _timed(probe: Probe, walk: Walk) -> Probe:
    picture, timing = probe.picture, walk.timing
    if (timing.fields or not timing.sound) and timing.constant and timing.duration > 0:
        # A raw stream has no container that declares a rate; libav then says 25 of all of them.
        # Where fields have packets of their own, it may take each for a picture.
        picture = replace(picture, average_rate=timing.pictures / timing.duration)
    streams = tuple(
        replace(s, empty=s.index in walk.empty, pieced=s.index in walk.pieced)
        for s in probe.streams
    )
    return replace(probe, picture=picture, timing=timing, duration=walk.duration, streams=streams)


def _streams(container: InputContainer, path: Path, main: av.stream.Stream) -> Iterator[Stream]:
    from reelworks.media.probing.reading import codec_names

    others: Collection[int] = ()
    changed: Collection[int] = ()
    if container.format.name == "mpegts":
        parts = _spread(path)
        others = programmes.strangers(parts[0], main.id)
        changed = programmes.changing(parts)
    elif "mov" in container.format.name:
        with mapped(path) as film:
            changed = descriptions.changing(memoryview(film))
    names = codec_names(container, path)
    for stream in container.streams:
        found = _stream(stream, names[stream.index] or "unknown")
        yield replace(found, stranger=stream.id in others, changing=stream.id in changed)


def _spread(path: Path) -> list[bytes]:
    """What the file has at its beginning, at its end and between them."""
    last = max(path.stat().st_size - programmes.HEAD_BYTES, 0)
    places = sorted({last * number // (_PLACES - 1) for number in range(_PLACES)})
    with path.open("rb") as file:
        return [file.read(programmes.HEAD_BYTES) for place in places if file.seek(place) == place]


def _stream(stream: av.stream.Stream, codec: str) -> Stream:
    from reelworks.media.probing.reading import is_attached_picture, is_default

    context = stream.codec_context
    known = ("video", "audio", "subtitle", "data", "attachment")
    return Stream(
        index=stream.index,
        kind=cast(StreamKind, stream.type) if stream.type in known else "data",
        codec=codec,
        language=stream.language,
        default=is_default(stream),
        attached_picture=is_attached_picture(stream),
        text=context is not None and stream.type == "subtitle" and context.codec.text_sub,
    )
