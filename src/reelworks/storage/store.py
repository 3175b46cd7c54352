"""What every store of files can do. Files have keys: relative paths with forward slashes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from reelworks.errors import NotFound, StorageError

MARKS = "arriving"
"""Below it, a mark for each upload that no video may have got yet, by the upload's name."""

UPLOADS = "uploads"
RESULTS = "processed_videos"

# Neither a zero nor half of a character.
_NAMEABLE = re.compile(r"[^\0\ud800-\udfff]*", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stat:
    """What is known of a key's bytes without reading them.

    Attributes:
        etag: as in HTTP, its quotes included; another one for other bytes.
        modified: when they got their key, in UTC.
    """

    size_bytes: int
    etag: str
    modified: datetime

    def is_of_the_same_bytes(self, other: Stat) -> bool:
        """Whether both are of one key's same bytes."""
        return (self.etag, self.size_bytes) == (other.etag, other.size_bytes)


class Replaced(StorageError):
    """A key's bytes are not those any more that were asked about."""


class Incoming(Protocol):
    """An upload on its way in: written once, hashed on the way, then kept or discarded."""

    @property
    def path(self) -> Path:
        """A local file with what was written so far."""

    @property
    def size_bytes(self) -> int:
        """How much was written so far."""

    @property
    def sha256(self) -> str:
        """Of what was written so far, 64 hexadecimal digits."""

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes. Raises NoSpace where the disk would fall under its reserve."""

    def keep(self) -> None:
        """Give it its key; it is safe then. No sweep touches it until ``close``."""

    def settle(self) -> None:
        """What was kept belongs to a video now: no sweep need look at it any more."""

    def discard(self) -> None:
        """Leave nothing behind, kept or not; what cannot be removed now is left to a sweep."""

    def close(self) -> None:
        """Let go of it, settled, discarded, or neither: then a sweep asks whose it is."""


class Storage(Protocol):
    """Files by key. Every call may raise StorageError where the store does not answer.

    A key that leads out of the store, or that it could not hold, is one that is not there.
    """

    def incoming(self, key: str) -> Incoming:
        """A new upload on its way in, which gets its key when it is kept."""

    def fetched(self, key: str) -> AbstractContextManager[Path]:
        """A local file with a key's bytes, not to be changed. Raises NotFound, NoSpace."""

    def read(self, key: str) -> bytes:
        """The bytes of a small file. Raises NotFound."""

    def publish(self, path: Path, key: str) -> None:
        """Move a finished file of scratch under its key, whole, replacing what was there."""

    def stat(self, key: str) -> Stat:
        """What is known of a key's bytes. Raises NotFound."""

    def stream(self, key: str, stat: Stat, start: int, stop: int) -> Iterator[bytes]:
        """A key's bytes from ``start`` up to ``stop``, in pieces; reading has begun on return.

        Raises Replaced where they are not those of ``stat`` any more; NotFound.
        """

    def link(self, key: str, method: str) -> str | None:
        """A URL that lets a client GET or HEAD a key from the store itself for some minutes.

        None where clients are to be sent the bytes by us.
        """

    def exists(self, key: str) -> bool:
        """Whether there are bytes under a key."""

    def delete(self, key: str) -> None:
        """Remove a key's bytes; nothing happens where there are none."""

    def delete_prefix(self, prefix: str) -> None:
        """Remove every key below a folder; nothing happens where there are none."""

    def scratch(self, owner: str) -> AbstractContextManager[Path]:
        """A new local folder for unfinished results, removed in the end."""

    def clear_scratch(self, owner: str) -> None:
        """Remove what a worker that leaves has not finished."""

    def check_room(self, coming_bytes: int) -> None:
        """Raises NoSpace where so many bytes more would eat into the local disk's reserve."""

    def check(self) -> None:
        """Raises StorageError where the store does not answer at once."""

    def sweep(self, *, is_known: Callable[[str], bool], owners: Callable[[], set[str]]) -> None:
        """Remove what processes that died left behind; what live ones hold is left alone.

        Args:
            is_known: whether the upload of a file id belongs to a video.
            owners: the workers whose scratch folders are in use; asked after these were listed.
        """


def try_out(storage: Storage) -> None:
    """Write, read and remove a small file. Raises StorageError, NoSpace."""
    name = f"try-{uuid.uuid4()}"
    incoming = storage.incoming(f"{UPLOADS}/{name}")
    try:
        incoming.write(name.encode())
        incoming.keep()
        if storage.read(f"{UPLOADS}/{name}") != name.encode():
            raise StorageError("The store of files does not give back what it was given.")
        storage.delete(f"{UPLOADS}/{name}")
    finally:
        incoming.discard()
        incoming.close()


def parts_of(key: str) -> list[str]:
    """The names that a key is made of. Raises NotFound for a key that leads out of a store."""
    parts = key.split("/")
    if not _NAMEABLE.fullmatch(key) or any(part in ("", ".", "..") for part in parts):
        raise NotFound("There is no such file.")
    return parts
