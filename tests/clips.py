"""Makes synthetic clips with FFmpeg, each once in a session."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from reelworks.media.children.process import Children
from reelworks.media.children.tools import Toolbox, find_tools


@cache
def toolbox() -> Toolbox:
    """The tools that media functions work with."""
    return find_tools(None, Children())


def make_clip(path: Path, *ffmpeg_args: str) -> Path:
    """Make a file with FFmpeg.

    Args:
        path: where it goes; its suffix says what it becomes.
        ffmpeg_args: everything between the program's name and the output.
    """
    command = [str(toolbox().ffmpeg), "-nostdin", "-v", "error", "-y", *ffmpeg_args, str(path)]
    subprocess.run(command, check=True, timeout=120)
    return path


@cache
def clip(suffix: str, *ffmpeg_args: str) -> Path:
    """The same, under a name of its own and only once in a session. Not to be changed."""
    name = hashlib.sha256("\0".join(ffmpeg_args).encode()).hexdigest()[:16]
    return make_clip(made_folder() / f"{name}{suffix}", *ffmpeg_args)


def made_folder() -> Path:
    """Where made files are kept until the session ends."""
    return Path(_kept().name)


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="reelworks-clips-")


def lavfi(source: str) -> tuple[str, ...]:
    """FFmpeg's arguments for a made-up input."""
    return ("-f", "lavfi", "-i", source)


def both_eyes() -> tuple[str, ...]:
    """FFmpeg's arguments that say, twice, that pictures are for two eyes: H.264, Matroska."""
    packed = ("-x264-params", "frame-packing=3", "-metadata:s:v:0", "stereo_mode=left_right")
    return ("-c:v", "libx264", *packed)


def plain() -> Path:
    """One second of moving pictures with sound: 320 × 240, 25 frames a second, H.264, AAC."""
    pictures = lavfi("testsrc=size=320x240:rate=25:duration=1")
    return clip(".mp4", *pictures, *lavfi("sine=duration=1"), "-c:v", "libx264", "-c:a", "aac")
