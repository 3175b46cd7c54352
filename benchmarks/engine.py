"""What the engine carries on PostgreSQL, with a timed wait in place of FFmpeg."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import sqlalchemy as sa
from tests.databases import PostgresServer
from tests.waiting import wait_for
from websockets.asyncio.client import connect

from benchmarks.measuring import Row
from reelworks.engine.database import migrate, open_database
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.engine.tables import processes
from reelworks.model import NewVideo

# As an operator would run it: every commit is on the disk before it counts.
_SETTINGS = "max_connections = 300\nshared_buffers = 256MB\n"
_CLIENTS = 20


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a server has done so far."""

    transactions: int
    log_bytes: int
    processor_seconds: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(
            transactions=self.transactions - other.transactions,
            log_bytes=self.log_bytes - other.log_bytes,
            processor_seconds=self.processor_seconds - other.processor_seconds,
        )


class Installation:
    """A PostgreSQL with an empty database of ours, and what is asked of it."""

    def __init__(self) -> None:
        self.server = PostgresServer(_SETTINGS)
        self.url = self.server.create()
        self.engine = open_database(self.url)
        migrate(self.engine)
        self.records = Records(self.engine)

    def submit(self, videos: int) -> None:
        """Queue both processes of so many videos, of several clients."""
        submission = Submission(self.records, Queue(self.engine))
        for number in range(videos):
            submission.submit(_video(number))

    def left(self) -> int:
        """How many processes are not completed."""
        with self.engine.connect() as connection:
            query = sa.select(sa.func.count()).where(processes.c.status != "completed")
            return connection.execute(query.select_from(processes)).scalar_one()

    def cost(self) -> Cost:
        """What the server has done so far, for everybody."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
            name = self.engine.url.database
            count = sa.text("SELECT xact_commit FROM pg_stat_database WHERE datname = :name")
            wal = sa.text("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
            return Cost(
                transactions=connection.execute(count, {"name": name}).scalar_one(),
                log_bytes=int(connection.execute(wal).scalar_one()),
                processor_seconds=self._processor_seconds(),
            )

    def _processor_seconds(self) -> float:
        postmaster = psutil.Process(self.server.pid)
        spent = sum(postmaster.cpu_times()[:4])  # those that ended are in it
        for process in postmaster.children():
            spent += sum(process.cpu_times()[:2])
        return spent

    @contextmanager
    def workers(self, count: int, slots: int, seconds: float) -> Iterator[list[psutil.Process]]:
        """Workers with so many slots each, whose every process takes so long."""
        command = [sys.executable, "-m", "benchmarks.tiny_worker", self.url]
        command.append(str(self.server.folder / "data"))
        running = [
            subprocess.Popen([*command, str(slots), str(seconds)], cwd=Path(__file__).parents[1])
            for _ in range(count)
        ]
        try:
            yield [psutil.Process(process.pid) for process in running]
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait()

    def end(self) -> None:
        """Remove it."""
        self.engine.dispose()
        self.server.end()


def _video(number: int) -> NewVideo:
    file_id = str(uuid.uuid4())
    return NewVideo(
        file_id=file_id,
        client_id=f"client-{number % _CLIENTS}",
        filename="tiny.mp4",
        source_key=f"uploads/{file_id}",
        size_bytes=1000,
        sha256="0" * 64,
        preset="auto",
        options="{}",
    )


@contextmanager
def _installation() -> Iterator[Installation]:
    installation = Installation()
    try:
        yield installation
    finally:
        installation.end()


def carried(jobs: int, *, workers: int, slots: int) -> list[Row]:
    """How many processes a second go through, when each takes no time."""
    with _installation() as installation:
        installation.submit(jobs // 2)
        seconds, cost, _ = _worked_off(installation, jobs, workers, slots, 0.0)
        return [
            Row(
                f"{jobs} processes that take no time, {workers} workers",
                f"{jobs / seconds:.0f} a second; {_each(cost, jobs)}",
                "≥ 100 a second",
            )
        ]


def thousands(jobs: int, *, workers: int, slots: int, seconds: float) -> list[Row]:
    """Many waiting, many slots: how busy the slots are, and what it costs."""
    with _installation() as installation:
        installation.submit(jobs // 2)
        took, cost, own = _worked_off(installation, jobs, workers, slots, seconds)
        busy = jobs * seconds / (workers * slots * took)
        return [
            Row(
                f"{jobs} processes of {seconds:g} s, {workers * slots} slots of {workers} workers",
                f"{took:.0f} s: {jobs / took:.0f} a second, slots busy for {busy:.0%}; "
                f"{_each(cost, jobs)}, {1000 * own / jobs:.1f} ms in the workers",
            )
        ]


def _each(cost: Cost, jobs: int) -> str:
    return (
        f"each {cost.transactions / jobs:.1f} transactions, {cost.log_bytes / jobs / 1000:.1f} kB "
        f"of log, {1000 * cost.processor_seconds / jobs:.1f} ms of PostgreSQL's processor"
    )


def _worked_off(
    installation: Installation, jobs: int, workers: int, slots: int, seconds: float
) -> tuple[float, Cost, float]:
    """Seconds from the first completed process to the last, the server's cost, the workers'."""
    with installation.workers(workers, slots, seconds) as running:
        wait_for(lambda: installation.left() < jobs, "the first to be completed", seconds=180)
        begin, before, own = time.monotonic(), installation.cost(), _spent(running)
        wait_for(lambda: installation.left() == 0, "the last to be completed", seconds=1800)
        took = time.monotonic() - begin + seconds
        return took, installation.cost() - before, _spent(running) - own


def _spent(running: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in running)


def told(*, running: int, workers: int, seconds: float) -> list[Row]:
    """How long after it was written down progress is told on a socket."""
    with ExitStack() as held:
        installation = held.enter_context(_installation())
        url = held.enter_context(_api(installation))
        installation.submit(running // 2)
        held.enter_context(installation.workers(workers, running // workers, seconds))
        before, begin = installation.cost(), time.monotonic()
        delays = sorted(asyncio.run(_listen(url, seconds + 30, running)))
        cost, took = installation.cost() - before, time.monotonic() - begin
        late = delays[int(0.99 * len(delays))]
        return [
            Row(
                f"progress of {running} running processes: written down until told on the socket",
                f"median {statistics.median(delays):.2f} s, 99th percentile {late:.2f} s of "
                f"{len(delays)} messages",
                "≤ 0.5 s at the 99th percentile",
            ),
            Row(
                f"the same, what it asks of PostgreSQL, with {_CLIENTS} sockets",
                f"{cost.transactions / took:.0f} transactions and "
                f"{1000 * cost.processor_seconds / took:.0f} ms of its processor a second",
            ),
        ]


@contextmanager
def _api(installation: Installation) -> Iterator[str]:
    folder = Path(installation.server.folder) / "api"
    log = Path(installation.server.folder) / "api.log"
    command = [sys.executable, "-m", "reelworks", "api", "--port", "0"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "--database-url", installation.url, "--data-dir", str(folder)],
            stdout=file,
            stderr=file,
        )
    try:
        said = wait_for(lambda: re.search(r"serving on (\S+)", log.read_text()), "the API")
        wait_for(lambda: httpx.get(f"{said[1]}/healthz/ready").status_code == 200, "the API")
        yield said[1].replace("http", "ws")
    finally:
        process.terminate()
        process.wait()


async def _listen(url: str, seconds: float, expected: int) -> list[float]:
    """The delays of all progress that every client is told of, until all is completed."""
    delays: list[float] = []
    completed: set[tuple[str, str]] = set()
    tasks = [
        asyncio.create_task(_client(f"{url}/ws/client-{number}", delays, completed))
        for number in range(_CLIENTS)
    ]
    deadline = time.monotonic() + seconds + 120
    while len(completed) < expected and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(completed) == expected, f"{len(completed)} of {expected} were completed"
    return delays


async def _client(url: str, delays: list[float], completed: set[tuple[str, str]]) -> None:
    async with connect(url) as socket:
        async for text in socket:
            now = datetime.now(UTC)
            message = json.loads(text)
            if message.get("status") == "processing" and message["progress"] > 0:
                written = datetime.fromisoformat(message["timestamp"])
                delays.append((now - written).total_seconds())
            elif message.get("status") == "completed":
                completed.add((message["file_id"], message["process_type"]))
