"""Workers that are lost, stand still or are poisoned, on a service with more than one of them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.observer import ProgressObserver, decoded_frames
from tests.acceptance.test_processes import RunningApi
from tests.clips import clip, lavfi
from tests.databases import PostgresServer
from tests.family import ffmpegs
from tests.service import RunningService
from tests.waiting import wait_for

SECONDS, RATE = 16, 10


class Installation:
    """An API, and workers that are programs of their own, on PostgreSQL."""

    def __init__(self, folder: Path, database: str) -> None:
        self.database = database
        self.api = RunningApi(folder, "--database-url", database)
        self.workers: list[subprocess.Popen[bytes]] = []

    def start_worker(self) -> subprocess.Popen[bytes]:
        flags = ["--data-dir", str(self.api.data), "--database-url", self.database]
        with self.log(len(self.workers)).open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "reelworks", "worker", "--slots", "2", *flags],
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
        self.workers.append(worker)
        wait_for(lambda: "is ready" in self.said(len(self.workers) - 1), "the worker to be ready")
        return worker

    def log(self, number: int) -> Path:
        return self.api.data.parent / f"worker-{number}.log"

    def said(self, number: int) -> str:
        return self.log(number).read_text()

    def end(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait()
        self.api.stop()


@pytest.fixture
def installation(postgres: PostgresServer, tmp_path: Path) -> Iterator[Installation]:
    url = postgres.create()
    installation = Installation(tmp_path, url)
    yield installation
    installation.end()
    postgres.drop(url)


def noisy() -> Path:
    return clip(
        ".mp4",
        *lavfi(f"testsrc2=size=480x270:rate={RATE}:duration={SECONDS}"),
        *("-vf", "noise=alls=24:allf=t,format=yuv420p"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-g", "25"),
    )


def under_way(service: RunningService, file_id: str) -> None:
    wait_for(
        lambda: 0 < service.status("video-enhancement", file_id)["progress"] < 80,
        "the enhancement to be under way",
    )


def test_a_worker_that_slept_through_its_takeover_changes_nothing_and_leaves(
    installation: Installation,
) -> None:
    api = installation.api
    sleeper = installation.start_worker()
    with ProgressObserver(api, "me") as observer:
        file_id = api.accepted(noisy(), client_id="me")
        under_way(api, file_id)
        sleeper.send_signal(signal.SIGSTOP)
        heir = installation.start_worker()
        wait_for(lambda: ffmpegs(heir.pid), "the heir to encode", seconds=30)
        for status in api.finished(file_id):
            assert status["status"] == "completed", status
        result = api.enhanced(file_id)
        published = result.stat()
        document = api.metadata(file_id)
        descendants = psutil.Process(sleeper.pid).children(recursive=True)
        sleeper.send_signal(signal.SIGCONT)
        assert sleeper.wait(20) == 1  # nobody told it to leave
        _, left = psutil.wait_procs(descendants, timeout=10)
        assert not left
    now = result.stat()
    assert (now.st_ino, now.st_mtime_ns) == (published.st_ino, published.st_mtime_ns)
    assert api.metadata(file_id) == document
    assert decoded_frames(result) == SECONDS * RATE
    assert observer.steps_back == []
    assert "its work was taken over" in installation.said(0)
    assert heir.poll() is None
    unfinished = {path for path in api.files() if path.startswith(("scratch/", "chunks/"))}
    assert unfinished == set()


def test_a_poison_file_fails_after_three_attempts_and_takes_nobody_along(
    installation: Installation, clean_clip: Path
) -> None:
    """Poison is played by a hand that kills each encoder, as a crash in a decoder would."""
    api = installation.api
    worker = installation.start_worker()
    killed: set[int] = set()
    file_id = api.accepted(noisy())

    def is_failed() -> bool:
        for encoder in ffmpegs(worker.pid, "enhanced.mp4"):
            if encoder.pid not in killed:
                encoder.kill()
                killed.add(encoder.pid)
        return api.status("video-enhancement", file_id)["status"] == "failed"

    wait_for(is_failed, "the failure", seconds=90)
    assert len(killed) == 3
    error = api.status("video-enhancement", file_id)["error"]
    assert error.startswith("ffmpeg was killed by signal 9"), error
    wait_for(
        lambda: api.status("metadata-extraction", file_id)["status"] == "completed", "the rest"
    )
    healthy = api.accepted(clean_clip)
    assert {each["status"] for each in api.finished(healthy)} == {"completed"}
    assert worker.poll() is None
