"""Where a command on one file reads and writes, looked at before anything is done."""

from __future__ import annotations

import os
from pathlib import Path

from reelworks.errors import BadRequest


def require_file(source: Path) -> None:
    """Raises BadRequest where a source is not there, or is none."""
    if source.is_dir():
        raise BadRequest(f"{source} is a folder; name a video file in it.")
    if source.exists() and not source.is_file():
        raise BadRequest(f"{source} is no ordinary file; name another.")
    if not source.is_file():
        raise BadRequest(f"There is no file {source}.")


def require_place(path: Path, source: Path) -> None:
    """Raises BadRequest where a result cannot be written.

    Asked before anything is done: the work takes long, and a wrong name is soon put right.
    """
    if path.is_dir():
        raise BadRequest(f"{path} is a folder; name a file in it.")
    if path.exists() and path.samefile(source):
        raise BadRequest(f"{path} is the source itself; name another file.")
    if path.exists() and not path.is_file():
        # A device, a pipe: the file would take its place.
        raise BadRequest(f"{path} is no ordinary file; name another.")
    require_writable(path.parent)


def require_fitting(target: Path, extension: str) -> None:
    """Raises BadRequest where a name does not say what the result is."""
    if target.suffix[1:].lower() != extension:
        raise BadRequest(
            f"The result of this video is a .{extension} file; name it {target.stem}.{extension}."
        )


def require_picture(path: Path, source: Path) -> None:
    """Raises BadRequest where a picture of before and after cannot be written."""
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise BadRequest(
            f"The picture of before and after is a .png or .jpg file; name it {path.stem}.png."
        )
    require_place(path, source)


def require_writable(folder: Path) -> None:
    """Raises BadRequest where a folder takes no files."""
    if not folder.is_dir():
        raise BadRequest(f"There is no folder {folder}.")
    if not os.access(folder, os.W_OK):
        raise BadRequest(f"The folder {folder} cannot be written to.")
