"""Pages of other origins: only those that were named."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from reelworks.app.api import create_api
from reelworks.errors import SettingsError
from reelworks.settings import read_settings
from tests.api.conftest import OpenedApi


def ask(api: OpenedApi, origins: str | None, method: str, **headers: str) -> httpx.Response:
    app = create_api(api.base, read_settings(data_dir=api.data, cors_origins=origins))

    async def main() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://api"
        ) as client:
            return await client.request(method, "/videos?client_id=me", headers=headers)

    return asyncio.run(main())


ORIGIN = "https://app.example.org"


def allowed(answer: httpx.Response) -> str | None:
    return answer.headers.get("access-control-allow-origin")


def test_no_other_origin_may_use_the_api_unless_it_is_named(api: OpenedApi) -> None:
    assert allowed(ask(api, None, "GET", origin=ORIGIN)) is None
    assert allowed(ask(api, "https://other.example.org", "GET", origin=ORIGIN)) is None


@pytest.mark.parametrize("origins", [ORIGIN, f"http://localhost:3000, {ORIGIN}"])
def test_a_named_origin_may_use_the_api_and_read_what_it_needs(
    api: OpenedApi, origins: str
) -> None:
    answer = ask(api, origins, "GET", origin=ORIGIN)
    assert (answer.status_code, allowed(answer)) == (200, ORIGIN)
    assert "ETag" in answer.headers["access-control-expose-headers"]


def test_any_origin_may_where_the_operator_says_so(api: OpenedApi) -> None:
    assert allowed(ask(api, "*", "GET", origin=ORIGIN)) == "*"


def test_a_browser_that_asks_first_is_answered(api: OpenedApi) -> None:
    wish = {"access-control-request-method": "DELETE", "access-control-request-headers": "range"}
    answer = ask(api, ORIGIN, "OPTIONS", origin=ORIGIN, **wish)
    assert (answer.status_code, allowed(answer)) == (200, ORIGIN)
    assert "DELETE" in answer.headers["access-control-allow-methods"]


NO_ORIGINS = ["app.example.org", "https://a/path", "https://a,,", "ftp://a"]


@pytest.mark.parametrize("origins", NO_ORIGINS)
def test_what_is_no_origin_is_refused_at_the_start(api: OpenedApi, origins: str) -> None:
    with pytest.raises(SettingsError, match=r"CORS_ORIGINS.*is no origin"):
        read_settings(data_dir=api.data, cors_origins=origins)
