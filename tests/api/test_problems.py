"""Which status an error of ours is answered with."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import httpx
import pytest
from anyio import to_thread
from fastapi import FastAPI, HTTPException

from reelworks.api.problems import install, status_of
from reelworks.errors import DatabaseFull, EngineError, NoSpace, ReelworksError
from tests.limits import without_files, without_threads


@pytest.mark.parametrize("error", [NoSpace("full"), DatabaseFull("full")])
def test_whatever_disk_is_full_the_answer_is_507(error: ReelworksError) -> None:
    assert status_of(error) == 507


def test_a_database_that_does_not_answer_is_500() -> None:
    assert status_of(EngineError("away")) == 500


def ask(method: str, path: str) -> httpx.Response:
    app = FastAPI()
    install(app)

    @app.get("/there")
    def there() -> None:
        raise HTTPException(404, "No such thing.")

    @app.get("/file")
    def file() -> None:
        with without_files():
            Path(__file__).read_bytes()

    @app.get("/thread")
    async def thread() -> None:
        with without_threads():
            await to_thread.run_sync(int)

    @app.get("/wrong")
    def wrong() -> None:
        raise RuntimeError("It is wrong.")

    async def main() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://reel.example"
        ) as client:
            return await client.request(method, path)

    return asyncio.run(main())


def test_a_machine_that_opens_no_more_files_is_said_to_be_one() -> None:
    answer = ask("GET", "/file")
    assert answer.status_code == 500
    assert "raise the limit of open files" in answer.json()["detail"]


def test_a_machine_that_starts_no_more_threads_is_said_to_be_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = ask("GET", "/thread")
    assert answer.status_code == 500
    assert "No more threads can be started on this machine; raise" in answer.json()["detail"]
    assert [each.exc_info for each in caplog.records if each.levelno >= logging.ERROR] == [None]


def test_any_other_error_of_python_is_ours(caplog: pytest.LogCaptureFixture) -> None:
    assert ask("GET", "/wrong").json()["detail"].startswith("An internal error stopped")
    assert "It is wrong." in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "detail"),
    [
        ("GET", "/api/videos", "There is nothing at /api/videos; http://reel.example/openapi.json"),
        ("POST", "/there", "POST is not allowed at /there; http://reel.example/openapi.json"),
        ("GET", "/there", "No such thing."),
    ],
)
def test_a_path_that_leads_nowhere_is_said_to(method: str, path: str, detail: str) -> None:
    answer = ask(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(detail)
