"""The upload check: is this file a video that can be worked on? If not, what is it?

Headers are read by libav and one picture is decoded by FFmpeg, each in a child process: whatever
the file does to them, the answer is a probe or one plain sentence.
"""

from __future__ import annotations

import logging
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelworks.errors import ChildFailed, ChildHung, ChildKilled, NotAVideo
from reelworks.media.children.call import call
from reelworks.media.children.child import Moved
from reelworks.media.children.tools import Toolbox
from reelworks.media.facts import Picture, Probe
from reelworks.media.formats.allowed import MAX_PIXELS
from reelworks.media.formats.signatures import HEAD_BYTES, recognise
from reelworks.media.probing import wire
from reelworks.media.probing.opening import one_picture_decodes

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

log = logging.getLogger(__name__)

# Somebody waits for the answer to the upload; a sound file shows its first picture at once.
_STALL_SECONDS = 20.0

_INDEX_BYTES = 2 << 30
"""What a file may make libav allocate when it is opened: the index of a film of a day takes a tenth
of it, one picture of the largest size less than all. A few bytes can claim more samples than any
memory holds."""

_UPLOAD_A_VIDEO = "upload a video file such as MP4, MOV, MKV or WebM."
_UPLOAD_AGAIN = "export it anew and upload it again."


def check(tools: Toolbox, path: Path) -> Probe:
    """Check an uploaded file.

    Returns:
        Its probe, without a count of packets.

    Raises:
        NotAVideo: there is no video in it that can be worked on; the sentence says what it is.
        OSError: the file itself is not there or cannot be read.
        ChildFailed, ChildHung: no child process could be started, which is not the file's doing.
        ChildKilled: one was, most likely for want of memory.
    """
    head = read_head(path)
    signs: list[int] = []
    try:
        packed = call(
            tools,
            "check",
            reads=[path],
            path=str(path),
            on_progress=signs.append,
            stall_seconds=_STALL_SECONDS,
        )
    except (ChildFailed, ChildHung) as error:
        if not signs or isinstance(error, ChildKilled):
            raise
        log.warning("the upload check of %s did not survive it: %s", path.name, error)
        raise NotAVideo(
            f"The file could not be read: it is too damaged to be looked into; {_UPLOAD_AGAIN}"
        ) from error
    probe = wire.unpack(packed)
    if not one_picture_decodes(tools, path, probe.picture):
        raise NotAVideo(_nothing_decodes(head, probe.picture))
    return probe


def read_head(path: Path) -> bytes:
    """The first bytes of a file, enough to recognise it."""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _nothing_decodes(head: bytes, picture: Picture) -> str:
    # A raw stream has no header to tell it by, and other files are now and then taken for one.
    finding = recognise(head)
    if finding is not None and not finding.video:
        return _something_else(finding.what)
    return (
        f"The file has a video stream ({picture.codec}), but none of its pictures can be decoded: "
        f"it is damaged or incomplete; {_UPLOAD_AGAIN}"
    )


def _something_else(what: str) -> str:
    return f"The file is {what}, not a video; {_UPLOAD_A_VIDEO}"


def task(moved: Moved, path: str) -> Any:
    """The child's side of ``check``: all that libav can tell without the FFmpeg program."""
    import av

    from reelworks.media.probing.probe import examine
    from reelworks.media.probing.reading import open_video

    del moved  # quick enough to need no sign of life
    file = Path(path)
    try:
        with _bounded_memory(), open_video(file) as container:
            _refuse(container, file)
        with open_video(file) as container:
            return wire.pack(examine(container, file))
    except MemoryError as error:
        raise NotAVideo(
            "The file claims to hold more than fits into memory: "
            f"it is damaged, or made to do harm; {_UPLOAD_AGAIN}"
        ) from error
    except av.FFmpegError as error:
        raise NotAVideo(_not_opened(read_head(file))) from error


@contextmanager
def _bounded_memory() -> Iterator[None]:
    """Until it ends, this process gets no more memory than an honest file needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = _INDEX_BYTES if hard == resource.RLIM_INFINITY else min(_INDEX_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _not_opened(head: bytes) -> str:
    finding = recognise(head)
    if finding is None:
        return f"The file could not be recognised as a video; {_UPLOAD_A_VIDEO}"
    if not head:
        return f"The file is empty; {_UPLOAD_A_VIDEO}"
    if not finding.video:
        return _something_else(finding.what)
    if b"encv" in head:
        return _ENCRYPTED
    return (
        f"The file looks like {finding.what}, but it cannot be opened: "
        f"it is damaged or incomplete; {_UPLOAD_AGAIN}"
    )


_ENCRYPTED = "The video is encrypted (copy protection); upload a copy without protection."


def _refuse(container: InputContainer, path: Path) -> None:
    """Raise NotAVideo if what the open file holds is not a video to be worked on."""
    from reelworks.media.probing.reading import main_video
    from reelworks.media.probing.timing import first_packets

    stream = main_video(container)
    if stream is None:
        raise NotAVideo(_no_video(container))
    if stream.codec_context is None:
        raise NotAVideo(f"The video's codec is not known here; {_UPLOAD_A_VIDEO}")
    _refuse_too_large(path, stream)
    packets = first_packets(container, stream, 2)
    if any(packet.has_sidedata("encryption_info") for packet in packets):
        raise NotAVideo(_ENCRYPTED)
    _refuse_still(container, stream, packets)


def _no_video(container: InputContainer) -> str:
    sound, covers = container.streams.audio, container.streams.video
    if sound and covers:
        held = "only sound and a cover picture"
    elif sound:
        held = "only sound"
    else:
        held = "neither video nor sound"
    return f"The file holds {held}; {_UPLOAD_A_VIDEO}"


def _refuse_too_large(path: Path, stream: VideoStream) -> None:
    width, height = stream.codec_context.width, stream.codec_context.height
    if not width:
        width, height = _declared_size(path, stream.index)
    if width * height > MAX_PIXELS:
        raise NotAVideo(
            f"The video's pictures of {width} × {height} pixels are too large: "
            f"{MAX_PIXELS // 1_000_000} million pixels is the limit; "
            "scale it down and upload it again."
        )


def _declared_size(path: Path, index: int) -> tuple[int, int]:
    """The size that the header states, where libav would not keep one over the limit."""
    from reelworks.media.probing.reading import open_video

    # Without a decoder, nothing compares the size to the limit, and nothing can be allocated.
    with open_video(path, codec_whitelist="none") as container:
        context = container.streams[index].codec_context
        return getattr(context, "width", 0), getattr(context, "height", 0)


_STILL_BRANDS = {
    "avif": "AVIF",
    "avis": "AVIF",
    "heic": "HEIC",
    "heim": "HEIC",
    "heis": "HEIC",
    "heix": "HEIC",
    "mif1": "HEIF",
    "msf1": "HEIF",
}
"""Major brands of ISO files that are made for pictures, and may hold a sequence of them."""


def _refuse_still(
    container: InputContainer, stream: VideoStream, packets: list[Packet[Any]]
) -> None:
    brand = container.metadata.get("major_brand", "")
    kind = "GIF" if container.format.name == "gif" else _STILL_BRANDS.get(brand)
    if kind is not None and len(packets) < 2:
        what = "an animated picture" if brand == "avis" else "a still picture"
        raise NotAVideo(_something_else(f"{what} ({kind})"))
