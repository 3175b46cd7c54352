"""Requests that are under way when the server stops."""

from __future__ import annotations

import json
import socket

import pytest

from tests.api.conftest import OpenedApi
from tests.api.served import Served
from tests.waiting import wait_for

UPLOAD = (
    b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n"
    b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
) + bytes(3 << 20)


def test_an_upload_that_the_server_gives_up_is_told_so_and_leaves_nothing(
    api: OpenedApi, caplog: pytest.LogCaptureFixture
) -> None:
    served = Served(api)
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as opened:
        opened.sendall(UPLOAD)
        wait_for(lambda: api.files() != set(), "the upload to begin")
        served.end()
        received = b""
        while piece := opened.recv(4096):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 500")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["detail"].startswith("The service stops, and")
    assert api.files() == set()
    assert [record for record in caplog.records if record.exc_info] == []
