"""What may be opened: the allow-lists for FFmpeg's command line and for libav in a child.

FFmpeg can open far more than videos: playlists that name other files or addresses, scripts,
devices, even plain text. Only containers and raw video streams are let in, and only local files,
so that a file that a stranger sent can make nobody read another one.
"""

from __future__ import annotations

from pathlib import Path

PROTOCOLS = ("file",)

CONTAINERS = (
    "3gp",
    "asf",
    "avi",
    "dv",
    "flv",
    "gif",
    "gxf",
    "ivf",
    "matroska",
    "mov",
    "mpeg",
    "mpegts",
    "mxf",
    "nut",
    "ogg",
    "rm",
    "webm",
    "wtv",
    "yuv4mpegpipe",
)

RAW_STREAMS = (
    "av1",
    "avs2",
    "avs3",
    "cavsvideo",
    "dirac",
    "dnxhd",
    "evc",
    "h261",
    "h263",
    "h264",
    "hevc",
    "m4v",
    "mpegvideo",
    "obu",
    "vc1",
    "vvc",
)

DEMUXERS = (*CONTAINERS, *RAW_STREAMS)

MAX_PIXELS = 8192 * 8192
"""Pixels of one picture; a larger one is refused before memory is taken for it."""


FAR = {"probesize": "100000000", "analyzeduration": "86400000000"}
"""How far to look into a file whose sound is not found near its front: bytes, which are kept in
memory meanwhile, and microseconds, which a clock that jumps uses up at once."""


def location(path: Path) -> str:
    """The file as FFmpeg is to be given it: a name with a colon must not become a protocol."""
    return f"file:{path}"


def open_options() -> dict[str, str]:
    """The options to open a file with, by libav's names."""
    return {
        "protocol_whitelist": ",".join(PROTOCOLS),
        "format_whitelist": ",".join(DEMUXERS),
        "max_pixels": str(MAX_PIXELS),
    }


def input_arguments(path: Path, *, far: bool = False) -> list[str]:
    """FFmpeg's and ffprobe's arguments that name the input file, with what is allowed of it.

    Args:
        far: whether to look far into it for its sound.
    """
    options = open_options() | (FAR if far else {})
    arguments = [part for name, value in options.items() for part in (f"-{name}", value)]
    return [*arguments, "-i", location(path)]
