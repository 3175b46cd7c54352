"""How much sooner a long video is ready when two workers share it, each pinned to a core."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
from tests.waiting import wait_for
from websockets.sync.client import connect

from benchmarks.clips import film
from benchmarks.measuring import Row, in_turn, ratio

_SECONDS = 120


def spread(folder: Path, runs: int) -> list[Row]:
    """A 2-minute 720p video by one worker on one core, and by two on one core each."""
    folder.mkdir()
    clip = film(folder / "film.mp4", seconds=_SECONDS, size="1280x720")
    seconds = in_turn(
        runs,
        {
            "two workers": partial(_enhance, folder, clip, (0, 1)),
            "one worker": partial(_enhance, folder, clip, (0,)),
        },
    )
    return [
        Row(
            "2 minutes of 720p: two workers of one core ÷ one of them, enhancement",
            ratio(seconds["two workers"], seconds["one worker"]),
            "≤ 0.55",
        )
    ]


def lost(folder: Path) -> list[Row]:
    """A worker that vanishes in the middle of a film, as a machine does: without a word."""
    folder.mkdir()
    clip = film(folder / "film.mp4", seconds=60, size="320x180")
    data = folder / "data"
    with _running("api", "--port", "0", data=data) as api, _two(data) as (victim, _, log):
        status = _uploaded(api, clip)
        chunks = data / "chunks"
        wait_for(lambda: any(chunks.rglob("*.mp4")), "a chunk", seconds=600)
        wait_for(partial(_encodes, victim.pid), "the worker to be at one", seconds=600)
        before = {path.name for path in chunks.rglob("*.mp4")}
        begin = time.perf_counter()
        victim.send_signal(signal.SIGSTOP)  # its host cannot see that it is gone
        wait_for(lambda: "taking over" in log.read_text(), "the takeover", seconds=60)
        takeover = time.perf_counter() - begin
        wait_for(lambda: _is_completed(status), "the enhancement", seconds=1800)
        again = log.read_text().count("taking over chunk/")
        victim.kill()
    return [
        Row(
            "a worker vanishes in the middle of a film: until its work is taken over",
            f"{takeover:.1f} s; {again} chunk begun again, {len(before)} kept",
            "≤ 15 s and one chunk",
        )
    ]


@contextmanager
def _two(data: Path) -> Iterator[tuple[subprocess.Popen[bytes], subprocess.Popen[bytes], Path]]:
    """Two workers of one slot; yields both, and the second one's log."""
    with ExitStack() as held:
        workers = []
        for number in range(2):
            log = data.with_name(f"worker-{number}.log")
            file = held.enter_context(log.open("wb"))
            command = [sys.executable, "-m", "reelworks", "worker", "--slots", "1"]
            worker = subprocess.Popen([*command, "--data-dir", str(data)], stdout=file, stderr=file)
            held.callback(worker.wait)
            held.callback(worker.kill)
            workers.append(worker)
            wait_for(partial(_is_said, "is ready", log), "a worker", seconds=60)
        yield workers[0], workers[1], log


def _encodes(pid: int) -> bool:
    """Whether a worker has an FFmpeg at work; its fork server is always there."""
    children = psutil.Process(pid).children(recursive=True)
    return any("ffmpeg" in child.name() for child in children)


def _is_said(words: str, log: Path) -> bool:
    return words in log.read_text()


def _enhance(folder: Path, clip: Path, cores: Sequence[int]) -> float:
    """Seconds from the upload's answer until the enhancement is completed."""
    data = folder / f"data-{time.monotonic_ns()}"
    with _running("api", "--port", "0", data=data) as log, _workers(cores, data):
        address = _address(log)
        # Told, not asked: a program that keeps asking takes from the cores that are measured.
        with connect(f"{address.replace('http', 'ws')}/ws/bench") as socket:
            _uploaded(log, clip)
            begin = time.perf_counter()
            while not _says_completed(json.loads(socket.recv(timeout=1800))):
                pass
            return time.perf_counter() - begin


def _says_completed(message: dict[str, Any]) -> bool:
    if message.get("process_type") != "video_enhancement":
        return False
    if message["status"] == "failed":
        raise AssertionError(message["error"])
    return bool(message["status"] == "completed")


def _address(log: Path) -> str:
    said = wait_for(lambda: re.search(r"serving on (\S+)", log.read_text()), "the API")
    return str(said[1])


def _uploaded(log: Path, clip: Path) -> str:
    """Where the enhancement's status is, once the API has taken the clip."""
    address, fields = _address(log), {"client_id": "bench"}
    with clip.open("rb") as file:
        answer = httpx.post(f"{address}/upload", files={"file": file}, data=fields, timeout=120)
    return f"{address}/internal/video-enhancement-status/{answer.json()['file_id']}"


def _is_completed(status: str) -> bool:
    state = httpx.get(status).json()
    if state["status"] == "failed":
        raise AssertionError(state["error"])
    return bool(state["status"] == "completed")


@contextmanager
def _workers(cores: Sequence[int], data: Path) -> Iterator[None]:
    if not cores:
        yield
        return
    with _running("worker", "--slots", "1", data=data, core=cores[0]) as log:
        wait_for(lambda: "is ready" in log.read_text(), "a worker", seconds=60)
        with _workers(cores[1:], data):
            yield


@contextmanager
def _running(program: str, *flags: str, data: Path, core: int | None = None) -> Iterator[Path]:
    """One program of the service, pinned to a core where one is given; yields its log."""
    path = data.with_name(f"{data.name}-{program}-{core}.log")
    with path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "reelworks", program, *flags, "--data-dir", str(data)],
            stdout=log,
            stderr=log,
        )
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        try:
            yield path
        finally:
            process.terminate()
            process.wait()
