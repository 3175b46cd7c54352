"""A database that another program holds: what only reads is not held up by what changes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import httpx
from sqlalchemy.pool import QueuePool

from tests.api.conftest import OpenedApi
from tests.api.served import Served
from tests.clips import plain
from tests.videos import add_video
from tests.waiting import wait_for

_USUAL_THREADS = 40
"""As many as a server has for routes where nobody says otherwise."""

_FEW_SECONDS = 15
"""SQLite lets who would change it wait for 30."""


@contextmanager
def _held(api: OpenedApi) -> Iterator[None]:
    """As by a program that makes a copy, or packs it."""
    with closing(sqlite3.connect(api.data / "reelworks.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def _status(served: Served, file_id: str) -> str:
    url = f"http://127.0.0.1:{served.port}/internal/video-enhancement-status/{file_id}"
    status: str = httpx.get(url, timeout=_FEW_SECONDS).json()["status"]
    return status


def _kept(api: OpenedApi) -> int:
    return len(list((api.data / "uploads").iterdir()))


def _at_the_database(api: OpenedApi) -> int:
    pool = api.base.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


def test_how_a_video_stands_is_told_while_uploads_wait_to_be_written_down(served: Served) -> None:
    file_id, video = add_video(served.api.base.records), plain().read_bytes()
    before = _kept(served.api)

    def upload() -> int:
        files = {"file": ("a.mp4", video, "video/mp4")}
        url = f"http://127.0.0.1:{served.port}/upload"
        return httpx.post(url, files=files, timeout=120).status_code

    with ThreadPoolExecutor(_USUAL_THREADS + 5) as clients:
        with _held(served.api):
            waiting = [clients.submit(upload) for _ in range(_USUAL_THREADS + 5)]
            wait_for(lambda: _kept(served.api) == before + len(waiting), "all to be kept")
            assert _status(served, file_id) == "pending"
        assert {each.result() for each in waiting} == {200}


def test_how_a_video_stands_is_told_while_many_are_deleted(served: Served) -> None:
    records = served.api.base.records
    file_id, others = add_video(records), [add_video(records) for _ in range(_USUAL_THREADS)]

    def delete(other: str) -> int:
        url = f"http://127.0.0.1:{served.port}/videos/{other}"
        return httpx.delete(url, timeout=120).status_code

    with ThreadPoolExecutor(_USUAL_THREADS) as clients:
        with _held(served.api):
            waiting = [clients.submit(delete, other) for other in others]
            wait_for(lambda: served.connections() >= len(others), "all to be asked for")
            wait_for(lambda: _at_the_database(served.api) >= 10, "some to be at the database")
            assert _status(served, file_id) == "pending"
        assert {each.result() for each in waiting} == {204}
