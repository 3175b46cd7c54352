"""Whether a worker has room on its disk to begin anything."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from reelworks.storage.disk import explained

log = logging.getLogger(__name__)

_SHARE_OF_RESERVE = 20


class Room:
    """Asked before work is begun: others may have room where this worker has none."""

    def __init__(self, folder: Path, *, reserve_bytes: int) -> None:
        """Args:
        reserve_bytes: what uploads leave free. Results may use it up to a twentieth.
        """
        self._folder = folder
        self._least = reserve_bytes // _SHARE_OF_RESERVE
        self._was_there = True

    def has(self, coming_bytes: int) -> bool:
        """Whether there is room for so many bytes more. Raises StorageError."""
        with explained(self._folder):
            return shutil.disk_usage(self._folder).free - coming_bytes >= self._least

    def is_there(self) -> bool:
        """Whether there is room now. Says in the log when that changes."""
        is_there = self.has(1) and self._has_names()
        if is_there != self._was_there:
            said = "has room again" if is_there else "is full; no work is begun before it has room"
            log.warning("the disk of %s %s", self._folder, said)
        self._was_there = is_there
        return is_there

    def _has_names(self) -> bool:
        """Whether a file can be made: a disk may run out of them before it is full of bytes."""
        found = os.statvfs(self._folder)
        return found.f_favail > 0 or found.f_files == 0  # no number: as many as one likes
