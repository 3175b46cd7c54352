"""A store of files that stands still: what does not need it is not held up."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from reelworks.api.service import MOST_CHECKS
from reelworks.app.api import create_api
from reelworks.app.base import open_base
from reelworks.settings import read_settings
from tests.api.conftest import OpenedApi
from tests.api.served import Served
from tests.buckets import S3Server
from tests.chaos.relay import Relay
from tests.clips import plain
from tests.storage.conftest import know
from tests.videos import add_video
from tests.waiting import wait_for

_USUAL_THREADS = 40
"""As many as a server has for routes where nobody says otherwise."""


@dataclass
class Slow:
    """An API whose store stands still from now on."""

    url: str
    file_id: str
    wire: Relay

    def get(self, path: str, *, seconds: float = 60) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=seconds)

    def upload(self, content: bytes, *, seconds: float = 60) -> httpx.Response:
        files = {"file": ("a.mp4", content, "video/mp4")}
        return httpx.post(f"{self.url}/upload", files=files, timeout=seconds)


@pytest.fixture
def slow(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    there = urlsplit(know(s3, monkeypatch).environment["AWS_ENDPOINT_URL"])
    wire = Relay((str(there.hostname), int(there.port or 80)))
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{wire.port}")
    settings = read_settings(data_dir=tmp_path, storage_url=s3.create())
    base = open_base(settings)
    served = Served(OpenedApi(create_api(base, settings), base, tmp_path))
    try:
        wire.silence()
        yield Slow(f"http://127.0.0.1:{served.port}", add_video(base.records), wire)
    finally:
        wire.resume()
        served.end()
        base.engine.dispose()
        wire.end()


def test_how_a_video_stands_is_told_while_downloads_wait_for_the_store(slow: Slow) -> None:
    with ThreadPoolExecutor(_USUAL_THREADS) as clients:
        path = f"/videos/{slow.file_id}/original"
        waiting = [clients.submit(slow.get, path) for _ in range(_USUAL_THREADS)]
        wait_for(lambda: slow.wire.waiting() >= _USUAL_THREADS - 1, "the downloads")
        status = slow.get(f"/internal/video-enhancement-status/{slow.file_id}", seconds=15)
        assert status.json()["status"] == "pending"
        slow.wire.resume()
        # Of the upload nothing was kept: the store is asked again, and says so.
        assert {each.result().status_code for each in waiting} == {404}


def test_an_upload_is_checked_while_others_wait_for_the_store(slow: Slow) -> None:
    with ThreadPoolExecutor(MOST_CHECKS) as clients:
        video = plain().read_bytes()
        waiting = [clients.submit(slow.upload, video) for _ in range(MOST_CHECKS)]
        wait_for(lambda: slow.wire.waiting() >= MOST_CHECKS - 1, "the uploads")
        assert slow.upload(b"Dear reader,\n", seconds=15).status_code == 400
        slow.wire.resume()
        assert {each.result().status_code for each in waiting} == {200}
