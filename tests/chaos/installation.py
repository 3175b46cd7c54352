"""A whole service on one machine: PostgreSQL, a store, two APIs, three workers, wires to cut."""

from __future__ import annotations

import json
import random
import socket
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx
import psutil
import sqlalchemy as sa
from websockets.sync.client import ClientConnection, connect

from tests.chaos.programs import Program
from tests.chaos.relay import Relay
from tests.chaos.stores import STORES, Store
from tests.databases import PostgresServer
from tests.family import is_fork_server
from tests.waiting import wait_for

APIS, WORKERS, SLOTS = 2, 3, 2
_MARK = "CHAOS_INSTALLATION"
_RESERVE_BYTES = 20_000_000


class Installation:
    """Everything that a service consists of, and how to reach it.

    Attributes:
        wires: what connects programs to their servers.
    """

    def __init__(self, folder: Path, store: str) -> None:
        """Args:
        store: ``disk`` or ``s3``.
        """
        self._mark = uuid.uuid4().hex
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.database = PostgresServer()
        wire = Relay(_socket_of(self.database))
        self._database_url = self._through(wire)
        self.store: Store = STORES[store](folder, APIS + WORKERS)
        self.wires = [wire] if self.store.wire is None else [wire, self.store.wire]
        self.urls = [f"http://127.0.0.1:{free_port()}" for _ in range(APIS)]
        self.apis = [self._api(number) for number in range(APIS)]
        self.workers = [self._worker(number) for number in range(WORKERS)]
        self.programs = [*self.apis, *self.workers]
        for url in self.urls:
            wait_for(partial(is_ready, url), f"{url} to be ready", seconds=90)

    def _through(self, relay: Relay) -> str:
        """The URL of a new database, over a wire."""
        url = sa.make_url(self.database.create())
        url = url.set(host="127.0.0.1", port=relay.port, query={})
        return url.render_as_string(hide_password=False)

    def _api(self, number: int) -> Program:
        port = self.urls[number].rpartition(":")[2]
        return self._program(f"api {number}", number, "api", "--port", port)

    def _worker(self, number: int) -> Program:
        return self._program(f"worker {number}", APIS + number, "worker", "--slots", str(SLOTS))

    def _program(self, name: str, number: int, *arguments: str) -> Program:
        where = ["--database-url", self._database_url, *self.store.flags(number)]
        environment = self.store.environment | {
            _MARK: self._mark,
            "REELWORKS_DISK_RESERVE": str(_RESERVE_BYTES),
        }
        log = self.folder / f"{name.replace(' ', '-')}.log"
        return Program(name, [*arguments, *where], environment, log)

    @contextmanager
    def socket(self, client_id: str) -> Iterator[ClientConnection]:
        """A socket of a client on any of the APIs, after its connection message."""
        url = random.choice(self.urls).replace("http", "ws")
        with connect(f"{url}/ws/{quote(client_id)}", open_timeout=5, close_timeout=1) as opened:
            greeting = json.loads(opened.recv(timeout=10))
            assert greeting == {"type": "connection", "status": "connected", "client_id": client_id}
            yield opened

    def ends(self) -> Counter[str]:
        """How often programs ended by themselves."""
        return sum((program.ends for program in self.programs), Counter())

    def children(self) -> list[str]:
        """The commands of FFmpeg and Python children that are running."""
        return list(self._children())

    def _children(self) -> Iterator[str]:
        for process in psutil.process_iter():
            try:
                if process.environ().get(_MARK) == self._mark and _is_child(process):
                    yield " ".join(process.cmdline())
            except psutil.Error:  # ended meanwhile
                continue

    def end(self) -> None:
        """Stop all of it."""
        for program in self.programs:
            program.end()
        self.wires[0].end()
        self.database.end()
        self.store.end()


def is_ready(url: str) -> bool:
    """Whether an API answers and can work."""
    try:
        return httpx.get(f"{url}/healthz/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _socket_of(database: PostgresServer) -> Path:
    return Path(str(database.url.query["host"])) / ".s.PGSQL.5432"


def _is_child(process: psutil.Process) -> bool:
    return "reelworks" not in process.cmdline() and not is_fork_server(process)
