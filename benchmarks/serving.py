"""How quickly uploads are taken, work begins, and how little an idle service costs."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import psutil
from tests.clips import make_clip
from tests.service import RunningService
from tests.waiting import wait_for

from benchmarks import clips
from benchmarks.measuring import Row, in_turn, ratio, run
from benchmarks.services import KINDS, MANY_MACHINES, serving

_IDLE_SECONDS = 30
_TUTORIAL = "tutorial UploadFile"


def uploads(folder: Path, size_bytes: int, runs: int) -> list[Row]:
    """One large upload, by curl, to each kind of service and to the tutorial's handler."""
    small = _small(folder)
    large = clips.large(folder / "large.mp4", small, size_bytes)
    return [row for kind in KINDS for row in _uploads(kind, folder / kind, small, large, runs)]


def _uploads(kind: str, folder: Path, small: Path, large: Path, runs: int) -> list[Row]:
    folder.mkdir()
    with (
        serving(kind, folder) as service,
        closing(_Tutorial(folder, service.environment)) as tutorial,
    ):
        api = psutil.Process(service.process.pid)
        service.accepted(small)  # everything is loaded then
        before, tutorial_before = api.memory_info().rss, tutorial.process.memory_info().rss
        works: dict[str, Callable[[], float | None]] = {
            "service": lambda: _send(large, service),
            _TUTORIAL: lambda: run(_curl(large, tutorial.url)),
        }
        if kind == MANY_MACHINES:
            works[f"{_TUTORIAL} into the same bucket"] = lambda: run(
                _curl(large, f"{tutorial.url}/bucket")
            )
        seconds = in_turn(runs, works)
        rise, tutorial_rise = _peak(api) - before, _peak(tutorial.process) - tutorial_before
    what = f"{large.stat().st_size / 1e9:.0f} GB upload, {kind}"
    own = seconds.pop("service")
    ratios = [
        Row(f"{what}: throughput ÷ {other}", ratio(theirs, own), "≥ 0.8")
        for other, theirs in seconds.items()
    ]
    figure = f"{rise / 1e6:.0f} MB ({tutorial_rise / 1e6:.0f} MB)"
    return [*ratios, Row(f"{what}: rise of the API's memory (tutorial's)", figure, "< 64 MB")]


def _send(large: Path, service: RunningService) -> float:
    """Seconds of one upload. It is deleted then: work on it would slow what is measured next."""
    begin = time.perf_counter()
    answer = subprocess.run(_curl(large, service.url), check=True, capture_output=True).stdout
    seconds = time.perf_counter() - begin
    service.delete(json.loads(answer)["file_id"])
    return seconds


class _Tutorial:
    """The tutorial's handler, served."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.url = "http://127.0.0.1:8999"
        command = [sys.executable, "-m", "uvicorn", "benchmarks.references:app"]
        self._server = subprocess.Popen(
            [*command, "--port", "8999", "--log-level", "error"],
            cwd=Path(__file__).parents[1],
            env={
                **environment,
                "PYTHONPATH": str(Path(__file__).parents[1]),
                "TMPDIR": str(folder),
            },
        )
        self.process = psutil.Process(self._server.pid)
        wait_for(self._answers, "the tutorial's server")

    def _answers(self) -> bool:
        ended = subprocess.run(["curl", "-s", "-o", "/dev/null", self.url], check=False)
        return ended.returncode == 0

    def close(self) -> None:
        self._server.kill()
        self._server.wait()


def latency(folder: Path, count: int) -> list[Row]:
    """From the upload's answer to the message that work has begun; and the cost of idling."""
    small = _small(folder)
    return [row for kind in KINDS for row in _latency(kind, folder / f"{kind}-l", small, count)]


def _latency(kind: str, folder: Path, small: Path, count: int) -> list[Row]:
    with serving(kind, folder) as service:
        waits = [_start_latency(service, small, f"client-{number}") for number in range(count)]
        idle = _idle_share(service)
    ordered = sorted(waits)
    return [
        Row(
            f"{kind}: from the upload's answer to «processing» on the socket",
            f"median {statistics.median(ordered):.2f} s, 90th percentile "
            f"{ordered[int(0.9 * len(ordered))]:.2f} s",
            "≤ 0.3 s median",
        ),
        Row(f"{kind}: idle service, all its processes", f"{idle:.1%} of a core", "< 3 %"),
    ]


def _start_latency(service: RunningService, clip: Path, client_id: str) -> float:
    with service.socket(client_id) as socket:
        file_id = service.accepted(clip, client_id=client_id)
        begin = time.perf_counter()
        while True:
            message = json.loads(socket.recv(timeout=30))
            if message.get("status") == "processing":
                wait = time.perf_counter() - begin
                break
    service.finished(file_id)
    return wait


def _idle_share(service: RunningService) -> float:
    api = psutil.Process(service.process.pid)
    family = [api, *api.children(recursive=True)]

    def spent() -> float:
        return sum(sum(process.cpu_times()[:2]) for process in family)

    before, begin = spent(), time.perf_counter()
    time.sleep(_IDLE_SECONDS)  # the thing measured: doing nothing
    return (spent() - before) / (time.perf_counter() - begin)


def _small(folder: Path) -> Path:
    return make_clip(
        folder / "small.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1"),
        *("-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p"),
    )


def _curl(path: Path, url: str) -> list[str]:
    return ["curl", "-sf", "-F", f"file=@{path}", f"{url}/upload"]


def _peak(process: psutil.Process) -> int:
    """The most memory that it ever had, in bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
