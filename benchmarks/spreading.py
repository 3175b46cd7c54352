"""How much sooner a long video is ready when two workers share it, each pinned to a core."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
from tests.waiting import wait_for

from benchmarks.measuring import Row, in_turn, ratio, run
from reelworks.media.process import Children
from reelworks.media.tools import find_tools

_SECONDS = 120


def spread(folder: Path, runs: int) -> list[Row]:
    """A 2-minute 720p video by one worker on one core, and by two on one core each."""
    folder.mkdir()
    clip = _clip(folder / "film.mp4")
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


def _clip(path: Path) -> Path:
    picture = (
        "mandelbrot=size=1920x1080:rate=25,trim=end_frame=1,"
        f"zoompan=z='1+0.0002*on':x='on/4':y='on/8':d={_SECONDS * 25}:s=1280x720:fps=25,"
        "noise=alls=12:allf=t,format=yuv420p"
    )
    command = [str(find_tools(None, Children()).ffmpeg), "-v", "error", "-f", "lavfi"]
    command += ["-i", picture, "-f", "lavfi", "-i", "sine=frequency=440", "-t", str(_SECONDS)]
    run(
        [*command, "-c:v", "libx264", "-preset", "veryfast", "-crf", "24", "-c:a", "aac", str(path)]
    )
    return path


def _enhance(folder: Path, clip: Path, cores: Sequence[int]) -> float:
    """Seconds from the upload's answer until the enhancement is completed."""
    data = folder / f"data-{time.monotonic_ns()}"
    with _running("api", "--port", "0", data=data) as log, _workers(cores, data):
        said = wait_for(lambda: re.search(r"serving on (\S+)", log.read_text()), "the API")
        with clip.open("rb") as file:
            answer = httpx.post(f"{said[1]}/upload", files={"file": file}, timeout=120)
        begin = time.perf_counter()
        status = f"{said[1]}/internal/video-enhancement-status/{answer.json()['file_id']}"
        wait_for(lambda: _is_completed(status), "the enhancement", seconds=1800)
        return time.perf_counter() - begin


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
