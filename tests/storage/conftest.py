"""Stores to be tested, and all that is in them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from reelworks.storage.bucket import Bucket
from reelworks.storage.objects import ObjectStorage
from reelworks.storage.room import Room
from reelworks.storage.workplace import Workplace
from tests.buckets import S3Server


@pytest.fixture
def known_server(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The S3 server, with its variables set."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture
def url(known_server: S3Server) -> str:
    """A place in a bucket with nothing in it."""
    return known_server.create()


@pytest.fixture
def bucket(url: str) -> Bucket:
    """The same, opened."""
    return Bucket(url, patience=timedelta(seconds=20))


@pytest.fixture
def objects(bucket: Bucket, tmp_path: Path) -> ObjectStorage:
    """A store there."""
    workplace = Workplace(tmp_path / "data", reserve_bytes=0)
    room = Room(workplace.root, reserve_bytes=0)
    return ObjectStorage(bucket, workplace, room, cache_bytes=1 << 30)
