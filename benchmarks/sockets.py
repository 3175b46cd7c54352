"""How soon progress reaches a thousand sockets of one API process, and what they cost it.

A process of its own plays the workers, and another the clients; both note times of the clock that
all processes of a machine share. A message counts for every commit that it made known: state is
sent, not history.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import time
from base64 import b64encode
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import psutil
import uvloop
from tests.databases import PostgresServer
from tests.videos import new_video
from tests.waiting import wait_for

from benchmarks.measuring import Row
from reelworks.engine.database import migrate, open_database
from reelworks.engine.records import Records
from reelworks.model import ProcessType

_TYPE = ProcessType.VIDEO_ENHANCEMENT
_EVERY_SECONDS = 0.3
_UPDATES = 90
_ANSWER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Load:
    """So many sockets, spread evenly over the clients of so many videos that are being enhanced."""

    sockets: int = 1000
    videos: int = 50


def sockets(folder: Path, load: Load = Load()) -> list[Row]:
    """Over each of the two databases."""
    folder.mkdir()
    rows = _measured(f"sqlite:///{folder}/data/reelworks.db", folder, "SQLite", load)
    server = PostgresServer("max_connections = 200\n")
    try:
        rows += _measured(server.create(), folder, "PostgreSQL", load)
    finally:
        server.end()
    return rows


def _measured(url: str, folder: Path, database: str, load: Load) -> list[Row]:
    with ExitStack() as held:
        address, api = held.enter_context(_api(url, folder, database))
        files = _videos(url, load.videos)
        before = api.memory_info().rss
        spread = [f"client-{number % load.videos}" for number in range(load.sockets)]
        listening, heard = held.enter_context(_beside(_listen, address, spread))
        assert listening.poll(_ANSWER_SECONDS), "the sockets did not open"
        assert listening.recv() == load.sockets
        used = api.cpu_times()
        begin = time.monotonic()
        _, told = held.enter_context(_beside(_work, url, files))
        commits: dict[str, list[tuple[float, int]]] = told()
        seconds = time.monotonic() - begin
        delays = sorted(_delays(commits, heard()))
        busy, peak = sum(api.cpu_times()[:2]) - sum(used[:2]), _peak(api)
    what = f"{load.sockets:,} sockets, {load.videos} active videos, {database}"
    print(f"  {what}: {len(delays):,} deliveries in {seconds:.0f} s", flush=True)
    return [
        Row(
            f"{what}: from a worker's commit to the socket",
            f"median {statistics.median(delays):.2f} s, "
            f"99th percentile {delays[len(delays) * 99 // 100]:.2f} s",
            "99th percentile < 0.5 s",
        ),
        Row(
            f"{what}: the API's memory (before the sockets), and processor",
            f"{peak / 1e6:.0f} MB ({before / 1e6:.0f} MB), {busy / seconds:.0%} of a core",
            "< 300 MB",
        ),
    ]


def _delays(
    commits: dict[str, list[tuple[float, int]]], heard: list[dict[str, list[tuple[float, int]]]]
) -> Iterator[float]:
    """For every socket and commit, how long it took until a message said so much or more."""
    for of_socket in heard:
        for file_id, messages in of_socket.items():
            told = [progress for _, progress in messages]
            for at, progress in commits[file_id]:
                yield messages[bisect_left(told, progress)][0] - at


@contextmanager
def _api(url: str, folder: Path, name: str) -> Iterator[tuple[tuple[str, int], psutil.Process]]:
    """``reelworks api`` over a database; yields where it listens."""
    log = folder / f"{name}.log"
    flags = ["--port", "0", "--data-dir", str(folder / "data"), "--database-url", url]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "reelworks", "api", *flags], stdout=file, stderr=file
        )
        try:
            said = wait_for(
                lambda: re.search(r"serving on http://\S+:(\d+)", log.read_text()), "the API"
            )
            yield ("127.0.0.1", int(said[1])), psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


def _peak(process: psutil.Process) -> int:
    """The most memory that it ever had, in bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


@contextmanager
def _beside(work: Any, *arguments: Any) -> Iterator[tuple[Connection, Any]]:
    """A process of its own; yields a line to it, and what waits for its result."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=work, args=(theirs, *arguments), daemon=True
    )
    process.start()
    theirs.close()
    try:
        yield ours, ours.recv
    finally:
        process.kill()
        process.join()


# The workers


def _videos(url: str, count: int) -> list[str]:
    """So many videos, each of a client of its own, whose enhancement has begun."""
    engine = open_database(url)
    migrate(engine)
    records = Records(engine)
    files = []
    for number in range(count):
        video = new_video(client_id=f"client-{number}")
        with records.writing() as connection:
            records.add(connection, video)
        records.begin(video.file_id, _TYPE)
        files.append(video.file_id)
    engine.dispose()
    return files


def _work(line: Connection, url: str, files: list[str]) -> None:
    """Let each video get on by a percent every third of a second, at times of its own."""
    engine = open_database(url)
    records = Records(engine)
    commits: dict[str, list[tuple[float, int]]] = {file_id: [] for file_id in files}

    def advance(number: int) -> None:
        begin = time.monotonic() + _EVERY_SECONDS * number / len(files)
        for progress in range(1, _UPDATES + 1):
            time.sleep(max(0.0, begin + progress * _EVERY_SECONDS - time.monotonic()))
            records.advance(files[number], _TYPE, progress)
            commits[files[number]].append((time.monotonic(), progress))

    with ThreadPoolExecutor(len(files)) as pool:
        list(pool.map(advance, range(len(files))))
    line.send(commits)


# The clients


class _Socket(asyncio.Protocol):
    """The socket of a client with one video: notes each progress, and when it came."""

    def __init__(self, client_id: str, opened: asyncio.Event) -> None:
        self.heard: dict[str, list[tuple[float, int]]] = {}
        self.told_all = asyncio.Event()
        self._client_id = client_id
        self._opened = opened
        self._buffer = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Of uvloop's own kind, which is none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)
        key = b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /ws/{self._client_id} HTTP/1.1\r\nHost: api\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._buffer += data
        if not self._is_open:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._is_open, self._buffer = True, rest
        while (frame := self._frame()) is not None:
            self._take(*frame, now)

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame of the buffer: its kind and its payload."""
        if len(self._buffer) < 4:
            return None
        size, begin = self._buffer[1], 2
        if size == 126:
            size, begin = int.from_bytes(self._buffer[2:4]), 4
        if len(self._buffer) < begin + size:
            return None
        kind, payload = self._buffer[0] & 0xF, self._buffer[begin : begin + size]
        self._buffer = self._buffer[begin + size :]
        return kind, payload

    def _take(self, kind: int, payload: bytes, now: float) -> None:
        if kind == 0x9:
            self._transport.write(bytes([0x8A, 0x80 | len(payload), 0, 0, 0, 0]) + payload)
        if kind != 0x1:
            return
        message = json.loads(payload)
        if message["type"] == "connection":
            self._opened.set()
        elif message["process_type"] == _TYPE:
            self.heard.setdefault(message["file_id"], []).append((now, message["progress"]))
            if message["progress"] == _UPDATES:
                self.told_all.set()


def _listen(line: Connection, address: tuple[str, int], clients: list[str]) -> None:
    uvloop.run(_hear(line, address, clients))


async def _hear(line: Connection, address: tuple[str, int], clients: list[str]) -> None:
    loop = asyncio.get_running_loop()
    opened: list[_Socket] = []
    for client in clients:
        greeted = asyncio.Event()
        _, socket = await loop.create_connection(lambda: _Socket(client, greeted), *address)  # noqa: B023
        await asyncio.wait_for(greeted.wait(), _ANSWER_SECONDS)
        opened.append(socket)
    line.send(len(opened))
    for socket in opened:
        await asyncio.wait_for(socket.told_all.wait(), 2 * _EVERY_SECONDS * _UPDATES)
    line.send([socket.heard for socket in opened])
