"""Small disks of their own for programs, that can be filled to the last byte. Needs root."""

from __future__ import annotations

import errno
import os
import subprocess
from contextlib import suppress
from pathlib import Path

_PIECE = bytes(1 << 20)


def can_mount() -> bool:
    """Whether this user may mount; the system may still refuse."""
    return os.geteuid() == 0


class Room:
    """A folder on a file system of its own, or an ordinary one where that is not possible."""

    def __init__(self, folder: Path, *, megabytes: int, files: int = 0) -> None:
        """Args:
        files: how many files it holds; 0 for any number.
        """
        self.folder = folder
        folder.mkdir(parents=True)
        self.is_small = can_mount() and _mount(folder, megabytes, files)
        self._ballast = folder / ".ballast"

    def fill(self) -> None:
        """Leave no room at all."""
        assert self.is_small
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(_PIECE)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def empty(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    def end(self) -> None:
        """Unmount it; whatever it held is gone."""
        if self.is_small:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def files(self) -> list[str]:
        """The paths of all files, relative to the folder."""
        paths = self.folder.rglob("*")
        return [str(path.relative_to(self.folder)) for path in paths if _is_file(path)]


def _is_file(path: Path) -> bool:
    with suppress(OSError):
        return path.is_file()
    return False


def _mount(folder: Path, megabytes: int, files: int) -> bool:
    how = f"size={megabytes}m,nr_inodes={files},mode=0755"
    command = ["mount", "-t", "tmpfs", "-o", how, "tmpfs", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
