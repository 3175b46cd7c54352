"""What is answered to methods and bodies that nobody wrote a route for."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.api.conftest import OpenedApi

FILE_ID = "0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11"


def ask(api: OpenedApi, method: str, path: str) -> httpx.Response:
    return asyncio.run(api._request(method, path))


def paths(api: OpenedApi) -> list[str]:
    """Every path that can be got, of a video that there is not."""
    described = api.app.openapi()["paths"]
    filled = {"file_id": FILE_ID, "name": "a.mp4"}
    return [path.format(**filled) for path, methods in described.items() if "get" in methods]


def test_whatever_can_be_got_can_be_asked_for_its_head(api: OpenedApi) -> None:
    """Probes of load balancers and of monitors ask so."""
    for path in (*paths(api), "/", "/videos?client_id=me", "/openapi.json"):
        assert ask(api, "HEAD", path).status_code == ask(api, "GET", path).status_code, path
    assert ask(api, "HEAD", "/healthz/ready").status_code == 200
    assert ask(api, "HEAD", "/upload").status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/upload", "POST"),
        ("POST", "/videos", "GET, HEAD"),
        ("PUT", f"/videos/{FILE_ID}", "DELETE, GET, HEAD"),
    ],
)
def test_what_a_path_allows_is_named_in_full(
    api: OpenedApi, method: str, path: str, allowed: str
) -> None:
    answer = ask(api, method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_a_slash_at_the_end_of_a_path_means_nothing(api: OpenedApi) -> None:
    """A redirection would come before an upload's body is read, and is wrong behind a proxy."""
    for path in (*paths(api), "/openapi.json"):
        slashed = ask(api, "GET", f"{path}/?client_id=me")
        assert slashed.status_code == ask(api, "GET", f"{path}?client_id=me").status_code, path
    assert ask(api, "POST", "/upload/").status_code == 400
    assert ask(api, "GET", "/ws/").status_code == ask(api, "GET", "/ws").status_code == 426


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_ordinary_request_to_the_socket_is_told_what_it_lacks(
    api: OpenedApi, method: str
) -> None:
    """As one that came through a proxy which keeps the Upgrade header to itself."""
    answer = ask(api, method, "/ws/a%2Fb")
    assert answer.status_code == 426
    assert answer.headers["upgrade"] == "websocket"
    if method == "GET":
        assert answer.json()["detail"].startswith("This is a WebSocket; connect with ws://")


def test_an_encoded_upload_is_told_so(api: OpenedApi) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x", "content-encoding": "gzip"}
    answer = api.upload(headers=headers, content=b"\x1f\x8b")
    assert answer.status_code == 400
    assert answer.json()["detail"] == "The request is encoded as gzip; send the form as it is."
