"""Finds the programs that media functions work with."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from reelworks.errors import SettingsError
from reelworks.media.children.process import Children


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolbox:
    """What media functions work with: the programs, and the one that starts them.

    Attributes:
        ffmpeg: the FFmpeg command line program.
        ffprobe: FFmpeg's prober, or None where there is none.
        children: starts and stops child processes.
    """

    ffmpeg: Path
    ffprobe: Path | None
    children: Children


def find_tools(ffmpeg: str | None, children: Children) -> Toolbox:
    """The toolbox of this process.

    Args:
        ffmpeg: path or name of the FFmpeg program to use; None for the one that comes along.
        children: starts and stops the child processes.

    Raises:
        SettingsError: the named program, or the one that comes along, cannot be run.
    """
    ffprobe = shutil.which("ffprobe")
    return Toolbox(
        ffmpeg=_bundled() if ffmpeg is None else _named(ffmpeg),
        ffprobe=Path(ffprobe) if ffprobe else None,
        children=children,
    )


def _named(ffmpeg: str) -> Path:
    found = shutil.which(ffmpeg)
    if found is None:
        raise SettingsError(
            f"The FFmpeg program {ffmpeg!r} does not exist or cannot be run; "
            "name an executable one, or leave the setting out to use the one that comes along."
        )
    return Path(found).absolute()


def _bundled() -> Path:
    # Here, for the children, which have no use for it: every one of them starts anew.
    import imageio_ffmpeg

    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise SettingsError(
            "No FFmpeg program comes along on this kind of machine; install FFmpeg and name it."
        ) from error
