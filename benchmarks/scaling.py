"""What a minute of video asks of the database and of the store, and what idling does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
from tests.buckets import S3Server
from tests.chaos.relay import Relay
from tests.waiting import wait_for

from benchmarks.clips import film
from benchmarks.engine import Cost, Installation
from benchmarks.measuring import Row, processor_time

_IDLE_SECONDS = 20.0


def minute(folder: Path) -> list[Row]:
    """One minute of video through one API and one worker, on PostgreSQL and an object store."""
    folder.mkdir()
    clip = film(folder / "film.mp4", seconds=60, size="640x360")
    with ExitStack() as held:
        installation = Installation()
        held.callback(installation.end)
        server = S3Server()
        held.callback(server.end)
        there = urlsplit(server.environment["AWS_ENDPOINT_URL"])
        wire = Relay((str(there.hostname), int(there.port or 80)))
        held.callback(wire.end)
        flags = ["--database-url", installation.url, "--storage-url", server.create()]
        environment = server.environment | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{wire.port}"}
        start = partial(_running, folder, flags, environment)
        worker = held.enter_context(start("worker", "--slots", "2"))
        resting = _idle(installation)
        api = held.enter_context(start("api", "--port", "0"))
        resting_both = _idle(installation)
        begin, before, spent = time.monotonic(), installation.cost(), processor_time(worker[0])
        passed = wire.passed()
        _through(api, clip)
        seconds, own = time.monotonic() - begin, processor_time(worker[0]) - spent
        cost = installation.cost() - before
        bytes_up, bytes_down = (now - was for now, was in zip(wire.passed(), passed, strict=True))
    size = clip.stat().st_size
    return [
        Row("idle worker, PostgreSQL", _each_second(resting)),
        Row("idle worker and API, PostgreSQL", _each_second(resting_both)),
        Row(
            "a minute of 360p, chunked, PostgreSQL",
            f"{cost.transactions} transactions in {seconds:.0f} s, those of idling among them, "
            f"{cost.log_bytes / 1000:.0f} kB of log, {cost.processor_seconds:.2f} s of its "
            f"processor; {own:.0f} s of the worker's",
        ),
        Row(
            "the same, bytes to and from the store ÷ the upload's",
            f"{bytes_up / size:.1f} and {bytes_down / size:.1f}",
        ),
    ]


def _idle(installation: Installation) -> Cost:
    """What is done in a second in which nothing happens."""
    time.sleep(2.0)  # what starting asked for is over
    before, begin = installation.cost(), time.monotonic()
    time.sleep(_IDLE_SECONDS)  # the thing measured: doing nothing
    spent, seconds = installation.cost() - before, time.monotonic() - begin
    return Cost(
        transactions=round(spent.transactions / seconds),
        log_bytes=round(spent.log_bytes / seconds),
        processor_seconds=spent.processor_seconds / seconds,
    )


def _each_second(cost: Cost) -> str:
    return (
        f"{cost.transactions} transactions, {cost.log_bytes / 1000:.1f} kB of log and "
        f"{1000 * cost.processor_seconds:.0f} ms of its processor a second"
    )


@contextmanager
def _running(
    folder: Path, flags: list[str], environment: dict[str, str], program: str, *own: str
) -> Iterator[tuple[psutil.Process, Path]]:
    """One program of the service; yields it and its log."""
    log = folder / f"{program}.log"
    where = ["--data-dir", str(folder / program), *flags]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "reelworks", program, *own, *where],
            env=os.environ | environment,
            stdout=file,
            stderr=file,
        )
    try:
        said = "is ready" if program == "worker" else "serving on"
        wait_for(lambda: said in log.read_text(), program, seconds=180)
        yield psutil.Process(process.pid), log
    finally:
        process.terminate()
        process.wait()


def _through(api: tuple[psutil.Process, Path], clip: Path) -> None:
    """Upload a clip, and wait until both processes are completed."""
    said = re.search(r"serving on (\S+)", api[1].read_text())
    assert said is not None
    with clip.open("rb") as file:
        answer = httpx.post(f"{said[1]}/upload", files={"file": file}, timeout=300)
    file_id = answer.json()["file_id"]
    for process in ("video-enhancement", "metadata-extraction"):
        status = f"{said[1]}/internal/{process}-status/{file_id}"
        wait_for(partial(_is_completed, status), process, seconds=1800)


def _is_completed(status: str) -> bool:
    state = httpx.get(status, timeout=60).json()
    if state["status"] == "failed":
        raise AssertionError(state["error"])
    return bool(state["status"] == "completed")
