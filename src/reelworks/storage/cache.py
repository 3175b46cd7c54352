"""Files of an object store on the local disk, each fetched once for all who need it.

    cache/<name>       a whole file; held by everybody who uses it
    cache/<name>.part  one on its way, claimed by whoever fetches it

A name stands for bytes that never change. What nobody uses goes, the longest unused first, when
there is more than the bound.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from reelworks.errors import NO_ROOM, NoSpace
from reelworks.storage.disk import claim, explained, hold, hold_on, is_one_disk, remove_unheld, sync

log = logging.getLogger(__name__)

_PART = ".part"
_POLLING_SECONDS = 0.1
# Somebody else's fetching that has not gone on for so long is not waited for.
_STALLED_SECONDS = 300.0
# How long others are given to leave room.
_ROOM_SECONDS = 60.0

Fetch = Callable[[FileIO], None]
"""Writes the bytes of a name to a new file."""


class Cache:
    """A folder of fetched files. Safe to share between threads, and processes of one machine."""

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        has_room: Callable[[int], bool],
        room_seconds: float = _ROOM_SECONDS,
        stalled_seconds: float = _STALLED_SECONDS,
    ) -> None:
        """Args:
        folder: made where it is missing.
        max_bytes: how much is kept; what is in use is never removed, and may be more.
        has_room: whether the disk has room for so many bytes more.
        room_seconds: how long others are given to leave room on a full disk.
        stalled_seconds: how long another's fetching may stand still before it is done again.
        """
        self._folder = folder
        self._max_bytes = max_bytes
        self._has_room = has_room
        self._room_seconds = room_seconds
        self._stalled_seconds = stalled_seconds
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def held(self, name: str, size_bytes: int, fetch: Fetch) -> Iterator[Path]:
        """The file of a name, fetched where it is not there; it stays while it is used.

        Raises NoSpace, StorageError, and what ``fetch`` raises.
        """
        path = self._folder / name
        with explained(self._folder):
            file = self._hold(path, size_bytes, fetch)
        with file:
            try:
                yield path
            finally:
                with suppress(FileNotFoundError):
                    os.utime(path, ns=(time.time_ns(), time.time_ns()))
        self._evict(0)

    def adopt(self, path: Path, name: str) -> None:
        """Take a finished file, instead of fetching its bytes later; not where the cache has a disk
        of its own."""
        with explained(self._folder):
            self._folder.mkdir(exist_ok=True)
            if not is_one_disk(path.parent, self._folder):
                return
            sync(path)
            path.replace(self._folder / name)
        self._evict(0)

    def sweep(self) -> None:
        """Remove what was on its way to processes that died."""
        for part in self._folder.glob(f"*{_PART}"):
            remove_unheld(part)

    def _hold(self, path: Path, size_bytes: int, fetch: Fetch) -> FileIO:
        self._folder.mkdir(exist_ok=True)  # somebody may have cleared away what he could
        part = path.with_name(path.name + _PART)
        since, seen = time.monotonic(), -1
        while (file := hold(path) or self._fetch(path, part, size_bytes, fetch)) is None:
            if (size := _size(part)) != seen:
                since, seen = time.monotonic(), size
            elif time.monotonic() - since > self._stalled_seconds:
                log.warning("whoever fetches %s does not go on; it is fetched again", path.name)
                part = path.with_name(f"{path.name}.{uuid.uuid4().hex}{_PART}")
            time.sleep(_POLLING_SECONDS)
        return file

    def _fetch(self, path: Path, part: Path, size_bytes: int, fetch: Fetch) -> FileIO | None:
        """Fetch a file and hold it; None where another does, or did just now."""
        file = claim(part)
        if file is None:
            return None
        try:
            if path.exists():
                part.unlink()
            else:
                self._fill(file, size_bytes, fetch)
                part.rename(path)
                if hold_on(file, path):
                    return file
        except BaseException:
            part.unlink(missing_ok=True)
            file.close()
            raise
        file.close()
        return None

    def _fill(self, file: FileIO, size_bytes: int, fetch: Fetch) -> None:
        self._make_room(size_bytes)
        file.truncate(0)  # what a process left there that died
        try:
            fetch(file)
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno in NO_ROOM:
                raise _no_space() from error
            raise

    def _make_room(self, coming_bytes: int) -> None:
        deadline = time.monotonic() + self._room_seconds
        while not self._evict(coming_bytes):
            if time.monotonic() > deadline:
                raise _no_space()
            time.sleep(_POLLING_SECONDS)

    def relieve(self) -> None:
        """Something else needs the disk: remove what is too much, as far as nobody uses it."""
        self._evict(0)

    def _evict(self, coming_bytes: int) -> bool:
        """Remove what is too much. Whether there is room on the disk for so many bytes more.

        At least half of the room there is, is for others: unfinished results above all.
        """
        with explained(self._folder):
            entries = sorted(self._entries())
            total = sum(size for _, size, _ in entries) + coming_bytes
            for _, size, path in entries:
                bound = min(self._max_bytes, shutil.disk_usage(self._folder).free - coming_bytes)
                if total <= bound and self._has_room(coming_bytes):
                    return True
                if not path.name.endswith(_PART) and remove_unheld(path):
                    total -= size
            return self._has_room(coming_bytes)

    def _entries(self) -> Iterator[tuple[int, int, Path]]:
        """When each file was last used, and how large it is."""
        with suppress(FileNotFoundError):
            for path in self._folder.iterdir():
                with suppress(FileNotFoundError):
                    found = path.stat()
                    yield found.st_mtime_ns, found.st_size, path


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _no_space() -> NoSpace:
    return NoSpace(
        "This worker has no room left on its disk for the video; "
        "free some, or give it another folder with --data-dir."
    )
