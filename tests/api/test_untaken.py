"""Clients that ask for a film and then take nothing of it, or little at a time."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from reelworks.api import connection
from tests.api.conftest import OpenedApi
from tests.api.served import Served
from tests.videos import add_video
from tests.waiting import wait_for

SIZE = 64 << 20  # more than the buffers of a connection hold

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux limits how long nothing is taken"
)


@pytest.fixture
def served(api: OpenedApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(connection, "UNTAKEN_SECONDS", 1.0)
    served = Served(api)
    yield served
    served.end()


@pytest.fixture
def film(api: OpenedApi) -> str:
    """The path of a film."""
    file_id = add_video(api.base.records)
    with (api.data / "uploads" / file_id).open("wb") as file:
        file.truncate(SIZE)
    return f"/videos/{file_id}/original"


def asked(served: Served, path: str) -> socket.socket:
    """A connection on which a film has begun to come."""
    opened = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    opened.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert opened.recv(12) == b"HTTP/1.1 200"
    return opened


def test_a_film_that_nobody_takes_is_given_up(served: Served, film: str) -> None:
    with asked(served, film):
        assert served.connections() == 1
        wait_for(lambda: served.connections() == 0, "its end", seconds=20)


def test_a_film_that_is_taken_slowly_comes_whole(served: Served, film: str) -> None:
    with asked(served, film) as opened:
        received = b""
        for _ in range(10):
            time.sleep(0.3)
            received += opened.recv(128 << 10)
        while piece := opened.recv(1 << 20):
            received += piece
    assert len(received.partition(b"\r\n\r\n")[2]) == SIZE
