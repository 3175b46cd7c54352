"""The folders of the data dir where things are on their way: in, or not finished.

incoming/  uploads on their way in; each is held by the process that receives it
scratch/   unfinished results, a folder for each worker
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reelworks.errors import NoSpace, SettingsError
from reelworks.storage.disk import (
    create_held,
    explained,
    is_one_disk,
    remove_unheld,
    sync,
    write_all,
)

_SYNC_BYTES = 64 << 20


class Workplace:
    """Room on the local disk for what is not finished, whichever store it goes to then."""

    def __init__(self, root: Path, *, reserve_bytes: int) -> None:
        """Args:
        root: the data dir; made where it is missing.
        reserve_bytes: room on its disk that uploads must leave free.
        """
        self.root = root.absolute()
        self._reserve_bytes = reserve_bytes
        self._incoming = self.root / "incoming"
        self._scratch = self.root / "scratch"
        for folder in (self._incoming, self._scratch):
            folder.mkdir(parents=True, exist_ok=True)
        sync(self.root)

    def spool(self, name: str) -> Spool:
        """A new file for an upload on its way in."""
        with explained(self._incoming):
            self._incoming.mkdir(exist_ok=True)  # somebody may have cleared away what he could
            return Spool(self._incoming / name, self.check_room)

    @contextmanager
    def scratch(self, owner: str) -> Iterator[Path]:
        """A new folder for unfinished results, removed in the end."""
        parent = self._scratch / owner
        with explained(self._scratch):
            parent.mkdir(parents=True, exist_ok=True)
            folder = tempfile.TemporaryDirectory(dir=parent)
        with folder as path:
            yield Path(path)

    def clear_scratch(self, owner: str) -> None:
        """Remove what a worker that leaves has not finished."""
        shutil.rmtree(self._scratch / owner, ignore_errors=True)

    def lacking(self, coming_bytes: int) -> int:
        """How much room is missing for so many bytes more; 0 where none is."""
        with explained(self.root):
            free = shutil.disk_usage(self.root).free
        return max(0, self._reserve_bytes - (free - coming_bytes))

    def check_room(self, coming_bytes: int) -> None:
        """Raises NoSpace where so many bytes more would eat into the reserve."""
        if self.lacking(coming_bytes):
            raise NoSpace(
                "The service has no room left on its disk for this upload; try again later."
            )

    def check_ways(self, uploads: Path, results: Path) -> None:
        """Raises SettingsError where what is finished here cannot be renamed to where it stays."""
        for source, target in ((self._incoming, uploads), (self._scratch, results)):
            if not is_one_disk(source, target):
                raise SettingsError(
                    f"The folders {source} and {target} are not on one disk, as when one of them "
                    "is mounted or leads elsewhere: files get from one to the other by a new name "
                    "alone; mount or link the whole data folder in their place."
                )

    def sweep(self, owners: Callable[[], set[str]]) -> None:
        """Remove what dead processes left; ``owners`` says whose scratch is in use."""
        # Looked at before anybody is asked: a worker that comes only then is none of the dead.
        folders = list(self._scratch.iterdir())
        alive = owners()
        for path in self._incoming.iterdir():
            remove_unheld(path)
        for folder in folders:
            if folder.name not in alive:
                shutil.rmtree(folder, ignore_errors=True)


class Spool:
    """A file that is written once, and hashed on the way."""

    def __init__(self, path: Path, check_room: Callable[[int], None]) -> None:
        self.path = path
        self.size_bytes = 0
        self._check_room = check_room
        self._digest = hashlib.sha256()
        self._unsynced = 0
        self._file = create_held(path)

    @property
    def sha256(self) -> str:
        """Of what was written so far, 64 hexadecimal digits."""
        return self._digest.hexdigest()

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes. Raises NoSpace where the disk would fall under its reserve."""
        self._check_room(len(data))
        with explained(self.path.parent):
            write_all(self._file, data)
        self._digest.update(data)
        self.size_bytes += len(data)
        self._unsynced += len(data)
        if self._unsynced >= _SYNC_BYTES:  # rather often and short than once and long, at the end
            self.sync()

    def sync(self) -> None:
        """Make what was written survive a power cut."""
        with explained(self.path.parent):
            os.fsync(self._file.fileno())
        self._unsynced = 0

    def move(self, target: Path) -> None:
        """Give it another name on the same disk. Stays held until ``close``."""
        with explained(target.parent):
            self.path.rename(target)
            self.path = target
            sync(target.parent)

    def discard(self) -> None:
        """Leave nothing behind."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
