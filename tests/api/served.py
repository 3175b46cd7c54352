"""The API of a test on a port of its own, by the real server."""

from __future__ import annotations

import json
import os
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from websockets.sync.client import ClientConnection, connect

from reelworks.api.server import server_config
from reelworks.app.api import create_api
from reelworks.settings import read_settings
from tests.waiting import wait_for

if TYPE_CHECKING:
    from tests.api.conftest import OpenedApi


class Served:
    """The API on a port of its own, in a thread of its own."""

    def __init__(self, api: OpenedApi, ping_seconds: float = 20) -> None:
        self.api = api
        # One of its own: an application belongs to one event loop.
        self.app = create_api(api.base, read_settings(data_dir=api.data))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        config = server_config(
            self.app, access_log=False, grace_seconds=1, ping_seconds=ping_seconds
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True
        )
        self._thread.start()
        wait_for(lambda: self._server.started, "the server")

    def end(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def connections(self) -> int:
        """How many there are, sockets and others."""
        return len(self._server.server_state.connections)

    def protocols(self) -> list[Any]:
        """The server's own ends of connections."""
        return [*self._server.server_state.connections]

    @contextmanager
    def client(self, client_id: str) -> Iterator[ClientConnection]:
        """A well-behaved client, after its connection message."""
        with connect(f"ws://127.0.0.1:{self.port}/ws/{client_id}") as opened:
            assert json.loads(opened.recv(timeout=20))["type"] == "connection"
            yield opened

    @contextmanager
    def raw(self, client_id: str) -> Iterator[socket.socket]:
        """A connection whose handshake is done, and nothing else: no pong, no reading."""
        with socket.socket() as opened:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            opened.settimeout(20)
            opened.connect(("127.0.0.1", self.port))
            key = b64encode(os.urandom(16)).decode()
            opened.sendall(
                f"GET /ws/{client_id} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
            )
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += opened.recv(1)
            assert head.startswith(b"HTTP/1.1 101")
            assert b"permessage-deflate" not in head
            yield opened

    def subscriptions(self, client_id: str) -> int:
        return len(self.app.state.service.hub._subscriptions.get(client_id, ()))
