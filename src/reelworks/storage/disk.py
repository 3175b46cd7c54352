"""Files of the local disk that are held by whoever uses them, and names that survive a power cut.

A held file has a shared ``flock``, a claimed one an exclusive one. It tells every process of the
host that somebody is still at it, and it goes with the process, however that ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from reelworks.errors import NO_ROOM, NoSpace, ReelworksError, StorageError

NO_FILES = (errno.EMFILE, errno.ENFILE)
"""How the system says that too many files are open already."""


def no_files() -> StorageError:
    """The same in our words."""
    return StorageError(
        "No more files can be opened on this machine; raise the limit of open files of the "
        "service, or let it do less at once, and try again."
    )


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """What the system refuses in a folder, in our words: that says nothing about any video.

    Raises NoSpace, StorageError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise NoSpace(
                f"There is no room left on the disk of {folder}; make some, and try again."
            ) from error
        if error.errno in NO_FILES:
            raise no_files() from error
        if error.errno == errno.EFBIG:
            raise StorageError(
                f"The folder {folder} holds no file of this size; give the service one on a disk "
                "that does, or raise its limit of file sizes, and try again."
            ) from error
        said = error.strerror or error
        raise StorageError(
            f"The folder {folder} cannot be used: {said}; mend it, and try again."
        ) from error


@contextmanager
def still_there(path: Path) -> Iterator[None]:
    """What fails while a file is used says nothing about it where it went meanwhile: somebody has
    cleared away, or its disk is not mounted any more.

    Raises StorageError.
    """
    with explained(path.parent):
        before = path.stat()
    try:
        yield
    except ReelworksError as error:
        if _is_same(before, path):
            raise
        raise StorageError(
            f"The file {path} went away while it was used; let it stay, and try again."
        ) from error


def create_held(path: Path) -> FileIO:
    """A new, empty file that ``remove_unheld`` leaves alone for as long as it is open."""
    while True:
        file = FileIO(path, "wb")
        if hold_on(file, path):
            return file
        file.close()  # somebody removed it between the opening and the lock


def hold(path: Path) -> FileIO | None:
    """Open a file so that ``remove_unheld`` leaves it alone; None where there is none."""
    with suppress(FileNotFoundError):
        file = FileIO(path, "rb")
        if hold_on(file, path):
            return file
        file.close()
    return None


def hold_on(file: FileIO, path: Path) -> bool:
    """Hold an open file, claimed or not; whether it still has its name then."""
    fcntl.flock(file, fcntl.LOCK_SH)  # waits for a removal at most: who claims one has no such name
    return _is_at(file, path)


def claim(path: Path) -> FileIO | None:
    """Open a file to append to, made where it is missing; None while another has claimed it."""
    file = FileIO(path, "ab")
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(file, path):
            return file
    file.close()
    return None


def remove_unheld(path: Path, first: Callable[[str], None] = lambda _: None) -> bool:
    """Remove a file that nobody holds; whether it was removed.

    Args:
        first: what is done before, with its name; meanwhile nobody can hold it.
    """
    with suppress(FileNotFoundError), FileIO(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        first(path.name)
        path.unlink()
        return True
    return False


def write_all(file: FileIO, data: bytes | bytearray) -> None:
    """Append bytes, however many the system takes at once."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def is_one_disk(source: Path, target: Path) -> bool:
    """Whether files can be renamed from one folder into another. Changes nothing."""
    name = f".none-{uuid.uuid4()}"
    try:
        # Of folders that are mounted apart, as Docker's volumes may be on one disk, Linux says so
        # before it looks whether there is such a file.
        (source / name).rename(target / name)
    except OSError as error:
        # Btrfs' subvolumes are disks of their own wherever they are mounted.
        return error.errno != errno.EXDEV and source.stat().st_dev == target.stat().st_dev
    return True


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_at(file: FileIO, path: Path) -> bool:
    return _is_same(os.fstat(file.fileno()), path)


def _is_same(before: os.stat_result, path: Path) -> bool:
    try:
        return os.path.samestat(before, path.stat())
    except FileNotFoundError:
        return False
