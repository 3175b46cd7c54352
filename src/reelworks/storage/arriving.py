"""An upload on its way into a bucket: it is sent on while it arrives.

It is written to the local disk, too: the check needs a file, and what could not be sent while it
arrived is sent again from there. So nothing is kept in memory but the parts under way.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakSet

from reelworks.errors import StorageError
from reelworks.storage.bucket import Bucket
from reelworks.storage.workplace import Spool

log = logging.getLogger(__name__)

# What is shorter fits into one request, which is sent when all is there.
_SHORT_BYTES = 8 << 20
_PIECE_BYTES = 1 << 20
# So long a program that ends waits until what was dropped is gone: a slow line takes minutes.
_LEAVE_SECONDS = 3.0


class ArrivingObject:
    """An upload that gets its key when it is kept.

    A mark stands in the bucket from before it gets its key until it is settled: that is how a
    sweep finds what a process left that died in between.
    """

    def __init__(self, bucket: Bucket, spool: Spool, key: str, mark: str) -> None:
        self._bucket = bucket
        self._spool = spool
        self._key = key
        self._mark = mark
        self._is_marked = False
        self._sending: _Sending | None = None

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

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes. Raises NoSpace."""
        self._spool.write(data)
        if self._sending is None and self.size_bytes > _SHORT_BYTES:
            self._sending = _Sending(self._bucket, self.path, self._key)
        if self._sending is not None:
            self._sending.grow(self.size_bytes)

    def keep(self) -> None:
        """Give it its key. Raises StorageError."""
        self._bucket.put(self._mark, b"")
        self._is_marked = True
        if self._sending is None or not self._sending.finish():
            self._bucket.send(self._key, self.path)

    def settle(self) -> None:
        """Take the mark away; one that stays does no harm."""
        self._remove(self._mark)
        self._is_marked = False

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._sending is not None:
            self._sending.drop()
        if self._is_marked and self._remove(self._key):
            self.settle()

    def close(self) -> None:
        """Let go of it."""
        if self._sending is not None:
            self._sending.drop()
        self._spool.discard()
        self._spool.close()

    def _remove(self, key: str) -> bool:
        try:
            self._bucket.delete(key)
        except StorageError as error:
            log.warning("%s is left to a sweep: %s", key, error)
            return False
        return True


class _Dropped(Exception):
    """Nobody wants the rest."""


_under_way: WeakSet[threading.Thread] = WeakSet()


@atexit.register
def see_off() -> None:
    """Wait a little until what was dropped is gone from its store.

    Happens by itself, but in a process that ends with ``os._exit``.
    """
    deadline = time.monotonic() + _LEAVE_SECONDS
    for thread in list(_under_way):
        thread.join(max(0.0, deadline - time.monotonic()))


class _Sending:
    """A thread that sends a file while it grows."""

    def __init__(self, bucket: Bucket, path: Path, key: str) -> None:
        self._bucket = bucket
        self._file = path.open("rb")  # now: the path may be gone before the thread runs
        self._key = key
        self._news = threading.Condition()
        self._size = 0
        self._is_whole = False
        self._is_dropped = False
        self._is_sent = False
        self._thread = threading.Thread(target=self._send, name="sending", daemon=True)
        self._thread.start()
        _under_way.add(self._thread)

    def grow(self, size_bytes: int) -> None:
        """So much of the file is there."""
        with self._news:
            self._size = size_bytes
            self._news.notify()

    def finish(self) -> bool:
        """The file is whole: wait for the rest to be sent. Whether all of it was."""
        with self._news:
            self._is_whole = True
            self._news.notify()
        self._thread.join()
        return self._is_sent

    def drop(self) -> None:
        """Stop, and leave nothing of it, soon or later; nothing happens once it has ended.

        Nobody waits for that: the store may stand still.
        """
        with self._news:
            self._is_dropped = True
            self._news.notify()

    def _send(self) -> None:
        try:
            self._bucket.send_pieces(self._key, self._pieces())
            self._is_sent = True
        except _Dropped:
            pass
        except StorageError as error:  # it is sent again, from the disk
            log.warning("what arrives could not be sent on at once: %s", error)
        except Exception:
            log.warning("what arrives could not be sent on at once", exc_info=True)

    def _pieces(self) -> Iterator[bytes]:
        with self._file as file:
            while there := self._wait(file.tell()):
                yield file.read(min(there, _PIECE_BYTES))

    def _wait(self, sent: int) -> int:
        """How much more is there; 0 at the end."""
        with self._news:
            self._news.wait_for(lambda: self._size > sent or self._is_whole or self._is_dropped)
            if self._is_dropped:
                raise _Dropped
            return self._size - sent
