"""What ``deploy/compose.yaml`` describes works together, with real programs in all places."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests import clips
from tests.databases import PostgresServer
from tests.deploy.site import Site
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[Site]:
    """Everything, with a folder for each program and nothing shared but the database and S3."""
    if sys.platform != "linux":
        pytest.skip("only Linux has more addresses of its own, of which SeaweedFS gets one")
    url = postgres.create()
    with Site(tmp_path_factory.mktemp("site"), url) as running:
        yield running
    postgres.drop(url)


def final(site: Site, file_id: str) -> list[dict[str, Any]] | None:
    """Both statuses of a video, once they are final."""
    statuses = [
        httpx.get(f"{site.url}/internal/{process}-status/{file_id}").json()
        for process in ("video-enhancement", "metadata-extraction")
    ]
    done = all(status["status"] in ("completed", "failed") for status in statuses)
    return statuses if done else None


def uploaded(site: Site, path: Path, **fields: str) -> str:
    """Upload a file through the balancer; its file id."""
    with path.open("rb") as file:
        answer = httpx.post(f"{site.url}/upload", files={"file": file}, data=fields, timeout=60)
    assert answer.status_code == 200, answer.text
    file_id: str = answer.json()["file_id"]
    return file_id


def test_an_upload_is_followed_and_fetched_through_the_balancer(site: Site) -> None:
    with connect(f"{site.url.replace('http', 'ws')}/ws/me") as following:
        assert json.loads(following.recv(timeout=20))["type"] == "connection"
        file_id = uploaded(site, clips.plain(), client_id="me")
        ended: set[str] = set()
        while len(ended) < 2:
            message = json.loads(following.recv(timeout=60))
            if message.get("status") == "completed":
                ended.add(message["process_type"])
    wait_for(lambda: final(site, file_id), "both to be final")
    result = f"{site.url}/processed_videos/enhanced_{file_id}.mp4"
    part = httpx.get(result, headers={"Range": "bytes=0-99"})
    assert (part.status_code, len(part.content)) == (206, 100)


def test_no_api_gets_all_sockets(site: Site) -> None:
    with ExitStack() as sockets:
        for _ in range(4):
            sockets.enter_context(connect(f"{site.url.replace('http', 'ws')}/ws/me"))
        for url in site.api_urls:
            text = httpx.get(f"{url}/metrics").text
            assert re.search(r"^reelworks_open_sockets 2\.0$", text, re.MULTILINE)


def test_an_upload_reaches_an_api_while_it_is_being_sent(site: Site, tmp_path: Path) -> None:
    """Nothing is kept by the balancer: half of an upload is with an API before the rest exists."""
    address = httpx.URL(site.url)
    half = b"x" * (8 << 20)
    head = (
        "POST /upload HTTP/1.1\r\nHost: x\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {2 * len(half)}\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    )
    with socket.create_connection((address.host, address.port or 80)) as client:
        client.sendall(head.encode() + half)
        wait_for(
            lambda: sum(path.stat().st_size for path in site.arriving()) > len(half) // 2,
            "half of the upload to be there",
        )
    wait_for(lambda: not site.arriving(), "the upload that broke off to be removed")


def test_the_service_refuses_not_the_balancer(site: Site, tmp_path: Path) -> None:
    text = tmp_path / "clip.mp4"
    text.write_bytes(b"This is text. " * 500_000)
    with text.open("rb") as file:
        answer = httpx.post(f"{site.url}/upload", files={"file": file}, timeout=60)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "text" in answer.json()["detail"]


def test_metrics_stay_inside(site: Site) -> None:
    assert httpx.get(f"{site.url}/metrics").status_code == 404
    assert all(httpx.get(f"{url}/metrics").status_code == 200 for url in site.api_urls)


def test_a_lost_api_and_a_lost_worker_are_not_missed(site: Site) -> None:
    site.apis[0].kill()
    site.workers[0].kill()
    answers = [httpx.get(f"{site.url}/healthz/ready").status_code for _ in range(10)]
    assert answers == [200] * 10
    with connect(f"{site.url.replace('http', 'ws')}/ws/me") as following:
        assert json.loads(following.recv(timeout=20))["type"] == "connection"
    file_id = uploaded(site, clips.plain())
    statuses = wait_for(lambda: final(site, file_id), "both to be final")
    assert [status["status"] for status in statuses] == ["completed"] * 2
