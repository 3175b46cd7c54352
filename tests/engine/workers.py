"""Worker processes over one database, and what they left in the engine's tables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import sqlalchemy as sa

from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.engine.tables import leases
from tests.videos import new_video
from tests.waiting import wait_for


class Workers:
    """Worker processes over one database."""

    def __init__(self, engine: sa.Engine, folder: Path) -> None:
        self._engine = engine
        self._url = engine.url.render_as_string(hide_password=False)
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, *, slots: int = 2, **variables: str) -> subprocess.Popen[bytes]:
        """Start one, and wait until it is ready; ``variables``: what the program knows."""
        before = self.count("ready")
        program = [sys.executable, "-m", "tests.engine.worker_program"]
        process = subprocess.Popen(
            [*program, self._url, str(self._folder), str(slots)], env=os.environ | variables
        )
        self._processes.append(process)
        wait_for(lambda: self.count("ready") > before, "a worker to be ready")
        return process

    def lines(self) -> list[str]:
        log = self._folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    def count(self, line: str) -> int:
        return sum(found.startswith(line) for found in self.lines())

    def children(self) -> list[int]:
        return [int(line.split()[1]) for line in self.lines() if line.startswith("child")]

    def begun(self) -> list[str]:
        """The file ids of work that was begun, in that order; each of a process's own."""
        return [line.split()[1] for line in self.lines() if line.startswith(("first", "begun"))]

    def die_after_the_error(self) -> None:
        (self._folder / "die").touch()

    def pause(self, worker: subprocess.Popen[bytes]) -> None:
        """Stop one where it stands, but not within a transaction: SQLite lets nobody else write
        for as long as one is held open."""
        with self._engine.begin() as connection:
            connection.execute(leases.update().where(sa.false()).values(slots=0))
            worker.send_signal(signal.SIGSTOP)
            stopped = psutil.Process(worker.pid)
            wait_for(lambda: stopped.status() == psutil.STATUS_STOPPED, "it to stand still")

    def let_go(self) -> None:
        (self._folder / "go").touch()

    def be_impatient(self) -> None:
        (self._folder / "impatient").touch()

    @contextmanager
    def without(self, needed: str) -> Iterator[None]:
        """What work needs is missing, in the shape of an error of that name."""
        (self._folder / needed).touch()
        yield
        (self._folder / needed).unlink()

    def end(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
                process.kill()
            process.wait()


def of_engine(connection: sa.Connection, table: str) -> str:
    """A table of the engine underneath, by its full name."""
    return table if connection.dialect.name == "sqlite" else f"dbos.{table}"


def submit(records: Records) -> str:
    video = new_video()
    Submission(records, Queue(records.engine)).submit(video)
    return video.file_id


def halfway(
    records: Records, workers: Workers, **variables: str
) -> tuple[str, subprocess.Popen[bytes]]:
    """The file id of work that is at its second step, and the process of the worker that is."""
    file_id = submit(records)
    process = workers.start(**variables)
    wait_for(lambda: workers.count("second"), "the second step")
    return file_id, process


def waiting(records: Records) -> int:
    return in_state(records, "ENQUEUED")


def claimed(records: Records) -> int:
    return in_state(records, "PENDING")


def in_state(records: Records, state: str) -> int:
    """How many workflows the engine holds in a state."""
    with records.engine.connect() as connection:
        table = of_engine(connection, "workflow_status")
        query = sa.text(f"SELECT count(*) FROM {table} WHERE status = :state")
        count: int = connection.execute(query, {"state": state}).scalar_one()
    return count
