"""Runs the real service as a user would, and talks to it as the contract says: nothing else."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psutil
from websockets.sync.client import ClientConnection, connect

from tests.family import fork_servers
from tests.waiting import wait_for

PROCESSES = ("video-enhancement", "metadata-extraction")


class RunningService:
    """``reelworks serve`` in a process group of its own."""

    command = "serve"

    def __init__(
        self,
        folder: Path,
        *flags: str,
        kept: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Args:
        kept: the folder in which its store has its files; None for the data folder.
        environment: variables that it gets on top of this process's own.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.kept = kept or self.data
        self.environment = environment or {}
        self.log = folder / "service.log"
        self._flags = flags
        self._port = "0"
        self.url = ""
        # One client: making one takes longer than most answers do.
        self._http = httpx.Client(timeout=120)
        self.start()

    def start(self, *, is_ready: bool = True) -> None:
        """Start it, on the same port as before where there was one, and wait until it is ready.

        With ``is_ready`` false it must answer, and say that it is not ready.
        """
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "reelworks", self.command, *self._flags),
                    *("--port", self._port, "--data-dir", str(self.data)),
                ],
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        said = wait_for(lambda: self._address(begin), f"the service; see {self.log}", seconds=60)
        self._port = said.rpartition(":")[2]
        self.url = f"http://127.0.0.1:{self._port}"
        wait_for(lambda: self._answer() is not None, "the service to answer")
        wait_for(lambda: self.is_ready() is is_ready, f"the service's readiness to be {is_ready}")

    def _address(self, begin: int) -> str:
        if self.process.poll() is not None:
            raise AssertionError(f"the service ended: {self.log.read_text()[begin:]}")
        found = re.search(r"serving on http://(\S+)", self.log.read_text()[begin:])
        return found[1] if found else ""

    def is_ready(self) -> bool:
        """Whether it answers and can work."""
        return self._answer() == 200

    def _answer(self) -> int | None:
        try:
            return self._http.get(f"{self.url}/healthz/ready").status_code
        except httpx.TransportError:
            return None

    def kill(self) -> None:
        """SIGKILL to the API, the worker and every FFmpeg at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, as an operator would; fails where it hangs: grace and kills take 10 s or so, and
        longer where the machine is busy."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def worker_pids(self) -> list[int]:
        """The worker processes that it runs."""
        servers = {server.pid for server in fork_servers(self.process.pid)}
        children = psutil.Process(self.process.pid).children()
        return [child.pid for child in children if child.pid not in servers]

    @contextmanager
    def socket(self, client_id: str) -> Iterator[ClientConnection]:
        """A socket of a client, after its connection message."""
        with connect(f"{self.url.replace('http', 'ws')}/ws/{quote(client_id)}") as socket:
            greeting = json.loads(socket.recv(timeout=20))
            expected = {"type": "connection", "status": "connected", "client_id": client_id}
            assert greeting == expected
            yield socket

    def upload(
        self,
        path: Path,
        *,
        client_id: str | None = None,
        content_type: str | None = "application/octet-stream",
        **wishes: str,
    ) -> httpx.Response:
        """POST /upload; ``content_type`` None sends the part without one.

        ``wishes``: the fields ``preset`` and ``options``.
        """
        fields = wishes if client_id is None else wishes | {"client_id": client_id}
        with path.open("rb") as file:
            part = (path.name, file, content_type) if content_type else (path.name, file)
            return self._http.post(f"{self.url}/upload", files={"file": part}, data=fields)

    def accepted(self, path: Path, *, client_id: str | None = None, **wishes: str) -> str:
        """Upload a file that must be accepted; returns its file id."""
        response = self.upload(path, client_id=client_id, **wishes)
        assert response.status_code == 200, response.text
        file_id: str = response.json()["file_id"]
        return file_id

    def status(self, process: str, file_id: str) -> dict[str, Any]:
        """One of the two status endpoints; ``process`` as in its path."""
        response = self._http.get(f"{self.url}/internal/{process}-status/{file_id}")
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def videos(self, client_id: str) -> list[dict[str, Any]]:
        """The newest videos of a client."""
        response = self._http.get(f"{self.url}/videos", params={"client_id": client_id})
        assert response.status_code == 200, response.text
        videos: list[dict[str, Any]] = response.json()["videos"]
        return videos

    def delete(self, file_id: str) -> None:
        """Delete a video that is there."""
        response = self._http.delete(f"{self.url}/videos/{file_id}")
        assert response.status_code == 204, response.text

    def finished(self, file_id: str, *, seconds: float = 120) -> tuple[dict[str, Any], ...]:
        """Both statuses once both are final: enhancement, then extraction."""

        def final() -> tuple[dict[str, Any], ...] | None:
            statuses = tuple(self.status(process, file_id) for process in PROCESSES)
            done = all(status["status"] in ("completed", "failed") for status in statuses)
            return statuses if done else None

        return wait_for(final, f"both processes of {file_id}", seconds=seconds)

    def enhanced(self, file_id: str) -> Path:
        """The enhanced file on the disk, of which there must be exactly one."""
        (path,) = (self.kept / "processed_videos").glob(f"enhanced_{file_id}.*")
        return path

    def metadata(self, file_id: str) -> dict[str, Any]:
        """The metadata document, over HTTP."""
        url = f"{self.url}/processed_videos/metadata/{file_id}_metadata.json"
        response = self._http.get(url)
        assert response.status_code == 200, response.text
        document: dict[str, Any] = response.json()
        return document

    def files(self) -> set[str]:
        """Every file in the data folder and the store, but the database's and what was fetched."""
        return {
            str(path.relative_to(folder))
            for folder in {self.data, self.kept}
            for path in folder.rglob("*")
            if path.is_file()
            and not path.name.startswith("reelworks.db")
            and not path.is_relative_to(self.data / "cache")
        }


def messages_until_final(
    socket: ClientConnection, file_id: str, *, seconds: float = 120
) -> list[dict[str, Any]]:
    """The messages about a file, until both of its processes are final."""
    return list(_until_final(socket, file_id, time.monotonic() + seconds))


def _until_final(
    socket: ClientConnection, file_id: str, deadline: float
) -> Iterator[dict[str, Any]]:
    final: set[str] = set()
    while len(final) < 2:
        message = json.loads(socket.recv(timeout=max(0.1, deadline - time.monotonic())))
        if message.get("file_id") == file_id:
            if message.get("status") in ("completed", "failed"):
                final.add(message["process_type"])
            yield message
