"""Has FFmpeg, which is to do the work, decode a film's first picture, and tells what it is."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from reelworks.errors import ChildFailed, ChildHung, ChildKilled
from reelworks.media.children.process import collect
from reelworks.media.children.tools import Toolbox
from reelworks.media.facts import Picture, Probe
from reelworks.media.formats.allowed import input_arguments
from reelworks.media.formats.doubled import said_once

log = logging.getLogger(__name__)

# Somebody waits for the answer to the upload; a sound file shows its first picture at once.
_STALL_SECONDS = 20.0

_SIZE = re.compile(rb"^#dimensions 0: (\d+)x(\d+)$", re.MULTILINE)

_CROPPING = ("matroska", "mov")
"""Containers, by a part of their demuxers' names, that may hide the edges of their pictures."""


def one_picture_decodes(tools: Toolbox, path: Path, picture: Picture) -> bool:
    """Whether FFmpeg gets a picture out of the stream.

    Raises:
        ChildKilled: it was killed, most likely for want of memory.
    """
    said = _first_picture(tools, path, picture)
    return any(line and not line.startswith(b"#") for line in said.splitlines())


def shown_size(tools: Toolbox, path: Path, probe: Probe) -> tuple[int, int] | None:
    """Width and height, in stored pixels, of what players are to show of a picture whose container
    hides its edges (Matroska's PixelCrop, the clean aperture of MP4 and QuickTime); None where it
    hides nothing.

    Raises:
        ChildKilled: as from ``one_picture_decodes``.
    """
    if not any(name in probe.demuxer for name in _CROPPING):
        return None
    size = _SIZE.search(_first_picture(tools, path, probe.picture))
    if size is None:
        return None
    width, height = int(size[1]), int(size[2])
    whole = probe.picture.width, probe.picture.height
    return (width, height) if (width, height) != whole else None


def _first_picture(tools: Toolbox, path: Path, picture: Picture) -> bytes:
    """What FFmpeg says of it: its size, and a checksum, which shows that it is there, whatever
    pixels and colours it has."""
    command = [str(tools.ffmpeg), "-nostdin", "-v", "error"]
    # Errors before the first picture are no reason to give up.
    command += ["-max_error_rate", "1", "-noautorotate"]
    command += [*said_once(picture), *input_arguments(path)]
    command += ["-map", f"0:{picture.index}", "-frames:v", "1", "-f", "framecrc", "-"]
    said = bytearray()
    try:
        tools.children.run(command, collect(said), reads=[path], stall_seconds=_STALL_SECONDS)
    except ChildKilled:
        raise
    except (ChildFailed, ChildHung) as error:
        log.info("no picture of %s decodes: %s", path.name, error)
    return bytes(said)
