"""Clients that begin an upload and then say nothing more."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from reelworks.api import body
from tests.api.conftest import OpenedApi
from tests.api.served import Served
from tests.waiting import wait_for

BEGIN = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + bytes(
    3 << 20
)


@pytest.fixture
def served(api: OpenedApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(body, "SILENT_SECONDS", 0.5)
    served = Served(api)
    yield served
    served.end()


def begun(served: Served, sent: bytes) -> socket.socket:
    """A connection on which an upload has begun."""
    opened = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    opened.sendall(
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n" + sent
    )
    return opened


def answer(opened: socket.socket) -> tuple[int, dict[str, object]]:
    """Status and body, once the server has ended the connection."""
    received = b""
    while piece := opened.recv(4096):
        received += piece
    head, _, document = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(document)


@pytest.mark.parametrize("sent", [b"", b"--x\r\nContent-Dis", BEGIN])
def test_an_upload_that_falls_silent_is_given_up(served: Served, sent: bytes) -> None:
    with begun(served, sent) as opened:
        status, document = answer(opened)
    assert status == 408
    assert document["detail"] == (
        "Nothing of the upload came for 0.5 seconds; nothing of it was kept, send it again."
    )
    assert served.api.files() == set()


def test_a_refused_client_that_falls_silent_is_let_go(served: Served) -> None:
    with begun(served, b"--x\r\nno header at all\r\n\r\n") as opened:
        status, _ = answer(opened)
    assert status == 400


def test_a_slow_upload_is_no_silent_one(served: Served) -> None:
    with begun(served, BEGIN) as opened:
        for _ in range(5):
            opened.settimeout(0.2)
            with pytest.raises(TimeoutError):  # no answer: it is still listened to
                opened.recv(1)
            opened.sendall(b"more")
        assert served.api.files() != set()
    wait_for(lambda: served.api.files() == set(), "the upload to be cleared away")


@pytest.mark.parametrize("sent", [b"", BEGIN])
def test_what_is_too_long_by_its_own_word_is_refused_at_once(
    served: Served, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Whatever is sent of it, and however long its client is silent then."""
    monkeypatch.setattr(body, "SILENT_SECONDS", 600)
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as opened:
        opened.sendall(
            b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n" + sent
        )
        received = b""
        while not received.endswith(b"}"):
            received += opened.recv(4096)
    assert received.startswith(b"HTTP/1.1 413 ")
    wait_for(lambda: served.connections() == 0, "the connection to be let go")
