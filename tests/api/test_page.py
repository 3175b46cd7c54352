"""How the page and its files are served."""

from __future__ import annotations

import asyncio
import gzip
import re
from importlib.resources import files

import httpx
import pytest

from tests.api.conftest import OpenedApi

FIRST_PAINT_BYTES = 150_000


def ask(api: OpenedApi, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    """A request with headers; ``accept_encoding`` is sent as ``accept-encoding``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.request(method, path, headers=named)

    return asyncio.run(asked())


def assets(api: OpenedApi) -> list[str]:
    """The paths of all files that the page names."""
    return [f"/{path}" for path in re.findall(r'"(assets/[^"]+)"', api.get("/").text)]


def test_the_page_may_do_nothing_but_what_it_needs(api: OpenedApi) -> None:
    for path in ("/", assets(api)[0]):
        headers = api.get(path).headers
        policy = dict(
            part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_nothing_in_the_page_is_inline_or_from_elsewhere(api: OpenedApi) -> None:
    page = api.get("/").text
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"<style|\bstyle=|\bon\w+=", page) == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", page) == []


def test_every_file_of_the_page_is_there_and_kept_for_good(api: OpenedApi) -> None:
    paths = assets(api)
    assert len(paths) > 30
    for path in paths:
        response = api.get(path)
        assert response.status_code == 200, path
        assert "immutable" in response.headers["cache-control"]


def test_every_module_is_asked_for_at_once(api: OpenedApi) -> None:
    folder = files("reelworks").joinpath("web", "js")
    inside = [entry.name for entry in folder.iterdir() if entry.name.endswith(".js")]
    inside += [f"views/{entry.name}" for entry in folder.joinpath("views").iterdir()]
    preloads = re.findall(r'modulepreload" href="assets/\w+/js/([^"]+)"', api.get("/").text)
    assert sorted(preloads) == sorted(inside)


@pytest.mark.parametrize("which", ["page", "asset"])
def test_a_file_that_the_browser_has_is_not_sent_again(api: OpenedApi, which: str) -> None:
    path = "/" if which == "page" else assets(api)[0]
    etag = api.get(path).headers["etag"]
    again = ask(api, path, if_none_match=f'"other", {etag}')
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    assert ask(api, path, if_none_match='"other"').status_code == 200


def test_the_page_itself_is_always_asked_for(api: OpenedApi) -> None:
    assert api.get("/").headers["cache-control"] == "no-cache"


def test_files_are_packed_for_who_can_unpack_them(api: OpenedApi) -> None:
    plain = ask(api, "/", accept_encoding="identity")
    packed = ask(api, "/", accept_encoding="gzip, br")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert packed.headers["vary"] == "accept-encoding"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])


def test_a_head_is_answered_like_a_get_without_a_body(api: OpenedApi) -> None:
    response = ask(api, "/", "HEAD")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["etag"] == api.get("/").headers["etag"]


@pytest.mark.parametrize("name", ["js/main.js", "js/none.js", "index.html"])
def test_another_versions_files_are_not_there(api: OpenedApi, name: str) -> None:
    response = api.get(f"/assets/0123456789abcdef/{name}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_all_files_together_are_small(api: OpenedApi) -> None:
    bodies = [api.get(path).content for path in ["/", *assets(api)]]
    assert sum(len(gzip.compress(body, 9)) for body in bodies) < FIRST_PAINT_BYTES
