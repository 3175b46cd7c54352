"""Notices that an SQLite file was removed or replaced while it is in use.

SQLite goes on in the file that it has open, whatever is at its path by then: all that is written
would be gone with the last program that has it open.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any


class SameFile:
    """Remembers the file of a path from its first use on. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[int, int] | None = None

    def check(self, *_: Any) -> None:
        """Raises sqlite3.OperationalError where another file is there now, or none."""
        found = self._identity()
        self._known = self._known or found
        if found != self._known:
            raise sqlite3.OperationalError(
                f"its file {self._path} was removed or replaced while it was in use; "
                "bring it back, or start the service again"
            )

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:  # why it cannot be opened, SQLite says
            return None
        return found.st_dev, found.st_ino
