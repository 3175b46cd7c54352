"""Stores to be tested, and all that is in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from reelworks.storage.bucket import Bucket
from reelworks.storage.local import LocalStorage
from reelworks.storage.objects import ObjectStorage
from reelworks.storage.room import Room
from reelworks.storage.store import Storage
from reelworks.storage.workplace import Workplace
from tests.buckets import BucketServer, S3Server


@dataclass
class Kept:
    """A store, and a way to see all that is in it and beside it."""

    storage: Storage
    data: Path
    server: BucketServer | None = None
    url: str = ""

    def files(self) -> set[str]:
        """Keys, and files under way; not what was only fetched."""
        local = {
            str(path.relative_to(self.data)) for path in self.data.rglob("*") if path.is_file()
        }
        there = self.server.files(self.url) if self.server else set()
        return {name for name in local if not name.startswith("cache/")} | there


def know(server: BucketServer, monkeypatch: pytest.MonkeyPatch) -> BucketServer:
    """Set the variables that name a server."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


def open_objects(
    url: str, data: Path, *, cache_bytes: int = 1 << 30, patience: float = 20, links: bool = False
) -> ObjectStorage:
    """A machine's view of a bucket."""
    return ObjectStorage(
        Bucket(url, patience=timedelta(seconds=patience)),
        Workplace(data, reserve_bytes=0),
        Room(data, reserve_bytes=0),
        cache_bytes=cache_bytes,
        has_links=links,
    )


@pytest.fixture
def url(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place in a bucket with nothing in it; its server is known."""
    return know(s3, monkeypatch).create()


@pytest.fixture
def objects(url: str, tmp_path: Path) -> ObjectStorage:
    """A store there."""
    return open_objects(url, tmp_path / "data")


@pytest.fixture(params=["local", "s3", "seaweed"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """A new store of each kind."""
    data = tmp_path / "data"
    if request.param == "local":
        return Kept(LocalStorage(data, reserve_bytes=0), data)
    server = know(request.getfixturevalue(request.param), monkeypatch)
    url = server.create()
    return Kept(open_objects(url, data), data, server, url)


@pytest.fixture
def storage(kept: Kept) -> Storage:
    """A new store of each kind."""
    return kept.storage


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty folder on another disk than the test's own."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has one disk alone")
    with TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)
