"""Keeps files in a bucket. What is under way, and what was fetched, is in the local data dir.

    uploads/           the videos as they were uploaded, named by their file id
    processed_videos/  the results, by the contract's names
    arriving/          a mark for each upload that no video may have got yet

A key gets its bytes by one request, or by the last one of several: whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path, PurePosixPath

from reelworks.errors import NotFound
from reelworks.storage.arriving import ArrivingObject
from reelworks.storage.bucket import Bucket
from reelworks.storage.cache import Cache
from reelworks.storage.disk import write_all
from reelworks.storage.room import Room
from reelworks.storage.store import MARKS, UPLOADS, Replaced
from reelworks.storage.workplace import Workplace

_DELETED_AT_ONCE = 1000
_LINK_LIFETIME = timedelta(minutes=15)
# No process takes so long from an upload's key to its video's row, however it is held up.
_ABANDONED = timedelta(days=1)


class ObjectStorage:
    """A store in a bucket."""

    def __init__(
        self,
        bucket: Bucket,
        workplace: Workplace,
        room: Room,
        *,
        cache_bytes: int,
        has_links: bool = False,
    ) -> None:
        """Args:
        room: for what is fetched.
        cache_bytes: how much of what was fetched is kept on the local disk.
        has_links: whether clients fetch results from the bucket itself.
        """
        self._bucket = bucket
        self._workplace = workplace
        self._has_links = has_links
        self._cache = Cache(workplace.root / "cache", max_bytes=cache_bytes, has_room=room.has)
        self.stat = bucket.stat
        self.read = bucket.read
        self.stream = bucket.stream
        self.check = bucket.glance

    def scratch(self, owner: str) -> AbstractContextManager[Path]:
        """A new local folder for unfinished results, removed in the end."""
        self._cache.relieve()
        return self._workplace.scratch(owner)

    def clear_scratch(self, owner: str) -> None:
        """Remove what a worker that leaves has not finished."""
        self._workplace.clear_scratch(owner)

    def check_room(self, coming_bytes: int) -> None:
        """Raises NoSpace where so many bytes more would eat into the local disk's reserve."""
        if self._workplace.lacking(coming_bytes):
            self._cache.relieve()
        self._workplace.check_room(coming_bytes)

    def incoming(self, key: str) -> ArrivingObject:
        """A new upload on its way in."""
        name = PurePosixPath(key).name
        return ArrivingObject(self._bucket, self._workplace.spool(name), key, f"{MARKS}/{name}")

    @contextmanager
    def fetched(self, key: str) -> Iterator[Path]:
        """A copy in the cache."""
        with ExitStack() as held:
            try:
                path = held.enter_context(self._held(key))
            except Replaced:  # between looking and fetching; not often enough for a third try
                path = held.enter_context(self._held(key))
            yield path

    def publish(self, path: Path, key: str) -> None:
        """Send a finished file, replacing what was there."""
        etag = self._bucket.send(key, path)
        if etag is not None:  # whoever works on with it is most likely here
            self._cache.adopt(path, self._name(key, etag))

    def link(self, key: str, method: str) -> str | None:
        """A signed URL, where clients are to use them."""
        return self._bucket.sign(key, method, _LINK_LIFETIME) if self._has_links else None

    def exists(self, key: str) -> bool:
        """Whether there are bytes under a key."""
        try:
            self.stat(key)
        except NotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        """Remove a key; nothing happens where there is none."""
        self._bucket.delete(key)

    def delete_prefix(self, prefix: str) -> None:
        """Remove every key below a folder."""
        keys = [key for key, _ in self._bucket.list(prefix)]
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            self._bucket.delete(*keys[start : start + _DELETED_AT_ONCE])

    def sweep(self, *, is_known: Callable[[str], bool], owners: Callable[[], set[str]]) -> None:
        """Remove what died here, and uploads that nobody anywhere can still be busy with."""
        self._workplace.sweep(owners)
        self._cache.sweep()
        for mark, since in self._bucket.list(MARKS):
            if datetime.now(UTC) - since > _ABANDONED:
                name = PurePosixPath(mark).name
                if not is_known(name):
                    self._bucket.delete(f"{UPLOADS}/{name}")
                self._bucket.delete(mark)

    def _held(self, key: str) -> AbstractContextManager[Path]:
        stat = self.stat(key)

        def fetch(file: FileIO) -> None:
            for piece in self.stream(key, stat, 0, stat.size_bytes):
                write_all(file, piece)

        return self._cache.held(self._name(key, stat.etag), stat.size_bytes, fetch)

    def _name(self, key: str, etag: str) -> str:
        """What a key's present bytes are called in the cache."""
        digest = hashlib.sha256(f"{self._bucket.url}\n{key}\n{etag}".encode()).hexdigest()
        return f"{digest[:40]}{PurePosixPath(key).suffix}"
