"""The API over a real data folder and database, in this process; no worker runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from reelworks.app.api import create_api
from reelworks.app.base import Base, open_base
from reelworks.settings import read_settings
from tests.api.served import Served


@dataclass(frozen=True)
class OpenedApi:
    """An application, and what it stands on."""

    app: FastAPI
    base: Base
    data: Path

    def get(self, path: str) -> httpx.Response:
        """GET, as a client would."""
        return asyncio.run(self._request("GET", path))

    def post(self, path: str) -> httpx.Response:
        """POST without a body."""
        return asyncio.run(self._request("POST", path))

    def delete(self, path: str) -> httpx.Response:
        """DELETE."""
        return asyncio.run(self._request("DELETE", path))

    def upload(self, **request: Any) -> httpx.Response:
        """POST /upload, with what ``httpx`` takes."""
        return asyncio.run(self._request("POST", "/upload", **request))

    async def _request(self, method: str, path: str, **request: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.request(method, path, **request)

    def files(self) -> set[Path]:
        """Every file in the data folder but the database's."""
        return {
            path
            for path in self.data.rglob("*")
            if path.is_file() and not path.name.startswith("reelworks.db")
        }


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedApi]:
    """One for all tests of a file. The preset of uploads that name none is ``clean``."""
    data = tmp_path_factory.mktemp("api")
    settings = read_settings(data_dir=data, preset="clean", disk_reserve=0)
    base = open_base(settings)
    yield OpenedApi(create_api(base, settings), base, data)
    base.engine.dispose()


@pytest.fixture
def served(api: OpenedApi) -> Iterator[Served]:
    """The same by a real server."""
    served = Served(api)
    yield served
    served.end()
