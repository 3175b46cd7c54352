"""Keeps files in a folder of the local disk.

    uploads/          the videos as they were uploaded, named by their file id
    processed_videos/ the results, by the contract's names
    arriving/         a mark for each upload that no video may have got yet

A file appears under its final name by an atomic rename, whole, and already on the disk.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from stat import S_ISREG

from reelworks.errors import NotFound, SettingsError
from reelworks.storage.disk import create_held, explained, remove_unheld, sync
from reelworks.storage.store import MARKS, RESULTS, UPLOADS, Replaced, Stat, parts_of
from reelworks.storage.workplace import Spool, Workplace

_PIECE_BYTES = 256 << 10
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG)


class LocalStorage:
    """A store in the data dir."""

    def __init__(
        self, root: Path, *, reserve_bytes: int, is_in_use: Callable[[], bool] = lambda: False
    ) -> None:
        """Args:
        root: the folder; made where it is missing.
        reserve_bytes: room on its disk that uploads must leave free.
        is_in_use: asked where it has no uploads yet: whether there should be some.

        Raises:
            SettingsError: there should be, or its folders are not on one disk.
        """
        if not (root / UPLOADS).is_dir() and is_in_use():
            raise SettingsError(
                f"The data folder {root} has no uploads, but the database knows videos: mount its "
                "disk, or name the right folder with --data-dir; to begin without them, make a "
                f"folder {UPLOADS} in it."
            )
        self._workplace = Workplace(root, reserve_bytes=reserve_bytes)
        self.root = self._workplace.root
        for folder in (UPLOADS, MARKS, RESULTS):
            (self.root / folder).mkdir(exist_ok=True)
        sync(self.root)
        self._workplace.check_ways(self.root / UPLOADS, self.root / RESULTS)

    def incoming(self, key: str) -> LocalIncoming:
        """A new upload on its way in."""
        target = self.locate(key)
        mark = self.root / MARKS / target.name
        return LocalIncoming(self._workplace.spool(target.name), target, mark)

    @contextmanager
    def fetched(self, key: str) -> Iterator[Path]:
        """The file itself."""
        self.stat(key)
        yield self.locate(key)

    def read(self, key: str) -> bytes:
        """The bytes of a small file."""
        with self._open(key) as file, explained(self.locate(key).parent):
            return file.readall()

    def publish(self, path: Path, key: str) -> None:
        """Rename a finished file, replacing what was there."""
        target = self.locate(key)
        with explained(target.parent):
            _make(target.parent)
            sync(path)
            path.replace(target)
            sync(target.parent)

    def stat(self, key: str) -> Stat:
        """What is known of a file."""
        with self._open(key) as file:
            return _stat(file)

    def stream(self, key: str, stat: Stat, start: int, stop: int) -> Iterator[bytes]:
        """A file's bytes in pieces."""
        file = self._open(key)
        if not _stat(file).is_of_the_same_bytes(stat):
            file.close()
            raise Replaced("The file was replaced while it was read; ask for it again.")
        return _pieces(file, self.locate(key).parent, start, stop)

    def link(self, key: str, method: str) -> None:
        """There is nobody but us to fetch it from."""

    def exists(self, key: str) -> bool:
        """Whether there is a file."""
        try:
            self.stat(key)
        except NotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        """Remove a file; nothing happens where there is none."""
        self.locate(key).unlink(missing_ok=True)

    def delete_prefix(self, prefix: str) -> None:
        """Remove a folder; nothing happens where there is none."""
        folder = self.locate(prefix)
        while folder.is_dir():
            try:
                shutil.rmtree(folder)
            except OSError as error:
                # Another removes it as well, or publishes into it: what is there now goes, too.
                # Without a number: it was removed and made anew between two looks.
                anew = error.errno is None and not folder.is_symlink()
                if error.errno not in (errno.ENOENT, errno.ENOTEMPTY) and not anew:
                    raise

    def scratch(self, owner: str) -> AbstractContextManager[Path]:
        """A new folder for unfinished results, removed in the end."""
        return self._workplace.scratch(owner)

    def clear_scratch(self, owner: str) -> None:
        """Remove what a worker that leaves has not finished."""
        self._workplace.clear_scratch(owner)

    def check_room(self, coming_bytes: int) -> None:
        """Raises NoSpace where so many bytes more would eat into the reserve."""
        self._workplace.check_room(coming_bytes)

    def check(self) -> None:
        """Raises StorageError where a folder cannot be written that uploads come through."""
        for folder in (self.root, self.root / MARKS, self.root / UPLOADS):
            with explained(folder):
                probe = folder / ".check"
                probe.touch()
                probe.unlink(missing_ok=True)

    def sweep(self, *, is_known: Callable[[str], bool], owners: Callable[[], set[str]]) -> None:
        """Remove what processes that died left behind; what live ones hold is left alone."""
        self._workplace.sweep(owners)

        def remove_forgotten(name: str) -> None:
            if not is_known(name):
                (self.root / UPLOADS / name).unlink(missing_ok=True)

        # Only what bears a mark: the tables may be another folder's, or older than an upload.
        for mark in (self.root / MARKS).iterdir():
            remove_unheld(mark, first=remove_forgotten)

    def locate(self, key: str) -> Path:
        """Where a key's bytes belong. Raises NotFound for a key that leads out of the folder."""
        first, *others = parts_of(key)
        # Where the operator has a folder of ours lead, it leads; a link within it does not.
        folder = (self.root / first).resolve()
        path = folder.joinpath(*others).resolve()
        if not path.is_relative_to(folder):
            raise NotFound("There is no such file.")
        return path

    def _open(self, key: str) -> FileIO:
        """Raises NotFound; StorageError where all of it is missing: a disk that is not mounted."""
        path = self.locate(key)
        with explained(path.parent):
            try:
                file = FileIO(path, "rb")
            except OSError as error:
                if error.errno in _NOT_THERE and (self.root / UPLOADS).is_dir():
                    raise NotFound("There is no such file.") from error
                raise
        if not S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise NotFound("There is no such file.")
        return file


class LocalIncoming:
    """An upload on its way into a file of its own, which is renamed when it is kept.

    A mark stands from before it gets its name until it is settled: that is how a sweep finds what
    a process left that died in between.
    """

    def __init__(self, spool: Spool, target: Path, mark: Path) -> None:
        self._spool = spool
        self._target = target
        self._mark = mark
        self._held_mark: FileIO | None = None
        self.write = spool.write

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._spool.path

    @property
    def size_bytes(self) -> int:
        """How much was written so far."""
        return self._spool.size_bytes

    @property
    def sha256(self) -> str:
        """Of what was written so far."""
        return self._spool.sha256

    def keep(self) -> None:
        """Give it its final name; it is on the disk then."""
        with explained(self._mark.parent):
            self._held_mark = create_held(self._mark)
            sync(self._mark.parent)
        self._spool.sync()
        self._spool.move(self._target)

    def settle(self) -> None:
        """Take the mark away: it is a video's now."""
        self._mark.unlink(missing_ok=True)

    def discard(self) -> None:
        """Leave nothing behind."""
        self._spool.discard()
        self._mark.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it."""
        self._spool.close()
        if self._held_mark is not None:
            self._held_mark.close()


def _make(folder: Path) -> None:
    """A folder and those above it, on the disk. Somebody else may make them at the same time."""
    missing = [each for each in (folder, *folder.parents) if not each.is_dir()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in reversed(missing):
        sync(each.parent)


def _stat(file: FileIO) -> Stat:
    found = os.fstat(file.fileno())
    return Stat(
        size_bytes=found.st_size,
        etag=f'"{found.st_mtime_ns:x}-{found.st_ino:x}-{found.st_size:x}"',
        modified=datetime.fromtimestamp(found.st_mtime, UTC),
    )


def _pieces(file: FileIO, folder: Path, start: int, stop: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < stop:
            with explained(folder):
                piece = file.read(min(_PIECE_BYTES, stop - start))
            if not piece:
                return
            start += len(piece)
            yield piece
