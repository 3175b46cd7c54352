"""Keeps files in a folder of the local disk.

    uploads/          the videos as they were uploaded, named by their file id
    processed_videos/ the results, by the contract's names
    incoming/         uploads on their way in; each is locked by the process that receives it
    scratch/          unfinished results, a folder for each worker

A file appears under its final name by an atomic rename, whole, and already on the disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from reelworks.errors import NoSpace, NotFound

UPLOADS = "uploads"
_INCOMING = "incoming"
_SCRATCH = "scratch"
_SYNC_BYTES = 64 << 20


class LocalStorage:
    """Files by key: a relative path with forward slashes."""

    def __init__(self, root: Path, *, reserve_bytes: int) -> None:
        """Args:
        root: the folder; made where it is missing.
        reserve_bytes: room on its disk that uploads must leave free.
        """
        self.root = root.absolute()
        self._reserve_bytes = reserve_bytes
        for folder in (UPLOADS, _INCOMING, _SCRATCH):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        _sync(self.root)

    def path(self, key: str) -> Path:
        """Where a key's bytes are. Raises NotFound where there are none."""
        path = self.locate(key)
        if not path.is_file():
            raise NotFound("There is no such file.")
        return path

    def publish(self, path: Path, key: str) -> None:
        """Move a finished file of scratch under its final name, replacing what was there."""
        target = self.locate(key)
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True)
            _sync(target.parent.parent)
        _sync(path)
        path.replace(target)
        _sync(target.parent)

    def delete(self, key: str) -> None:
        """Remove a key's bytes; nothing happens where there are none."""
        self.locate(key).unlink(missing_ok=True)

    def incoming(self, file_id: str) -> Incoming:
        """A new upload on its way in."""
        return Incoming(self, self.root / _INCOMING / file_id)

    @contextmanager
    def scratch(self, owner: str) -> Iterator[Path]:
        """A new folder for unfinished results, removed in the end."""
        parent = self.root / _SCRATCH / owner
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            yield Path(folder)

    def check_room(self, coming_bytes: int) -> None:
        """Raises NoSpace where so many bytes more would eat into the reserve."""
        free = shutil.disk_usage(self.root).free
        if free - coming_bytes < self._reserve_bytes:
            raise NoSpace(
                "The service has no room left on its disk for this upload; try again later."
            )

    def sweep(self, *, is_known: Callable[[str], bool], owners: set[str]) -> None:
        """Remove what processes that died left behind; what live ones hold is left alone.

        Args:
            is_known: whether the upload of a file id belongs to a video.
            owners: the workers whose scratch folders are in use.
        """
        for path in (self.root / _INCOMING).iterdir():
            _remove_orphan(path, lambda _: False)
        for folder in (self.root / _SCRATCH).iterdir():
            if folder.name not in owners:
                shutil.rmtree(folder, ignore_errors=True)
        for path in (self.root / UPLOADS).iterdir():
            _remove_orphan(path, is_known)

    def locate(self, key: str) -> Path:
        """Where a key's bytes belong. Raises NotFound for a key that leads out of the folder."""
        if "\0" in key:
            raise NotFound("There is no such file.")
        path = (self.root / key).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise NotFound("There is no such file.")
        return path


class Incoming:
    """An upload on its way in: written once, hashed on the way, then kept or discarded."""

    def __init__(self, storage: LocalStorage, path: Path) -> None:
        self._storage = storage
        self._digest = hashlib.sha256()
        self._unsynced = 0
        self.path = path
        self.size_bytes = 0
        self._file = _open_locked(path)

    @property
    def sha256(self) -> str:
        """Of what was written so far, 64 hexadecimal digits."""
        return self._digest.hexdigest()

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes. Raises NoSpace where the disk would fall under its reserve."""
        self._storage.check_room(len(data))
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._digest.update(data)
        self.size_bytes += len(data)
        self._unsynced += len(data)
        if self._unsynced >= _SYNC_BYTES:  # rather often and short than once and long, at the end
            os.fsync(self._file.fileno())
            self._unsynced = 0

    def keep(self, key: str) -> None:
        """Give it its final name; it is on the disk then. Stays locked until ``close``."""
        os.fsync(self._file.fileno())
        target = self._storage.locate(key)
        self.path.rename(target)
        self.path = target
        _sync(target.parent)

    def discard(self) -> None:
        """Leave nothing behind."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file, kept or discarded."""
        self._file.close()


def _open_locked(path: Path) -> FileIO:
    """A new file that a sweep leaves alone for as long as it is open.

    The lock tells that somebody is still at it; it goes with the process, however that ends.
    """
    while True:
        file = path.open("wb", buffering=0)
        fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists():
            return file
        file.close()  # a sweep came between the opening and the lock


def _remove_orphan(path: Path, is_known: Callable[[str], bool]) -> None:
    """Remove a file that nobody is writing and that belongs to nothing."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # somebody is still writing it
            return
        # Asked under the lock: whoever held it may just have made the file a video's.
        if not is_known(path.name):
            path.unlink()


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
