"""Every number that this process counts for Prometheus.

What all processes share (how long the queue is, who works on it) is not counted here but read from
the database: see ``reelworks.api.metrics``. Label values come from short lists; a file id is none.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

# Names the folder where processes that serve one port keep what they count.
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"


def _keep_folder() -> None:
    """Make that folder where it is missing: somebody may have cleared it away, and without it no
    process can start, nor be read from."""
    if folder := os.environ.get(MULTIPROCESS):
        Path(folder).mkdir(parents=True, exist_ok=True)


_keep_folder()
# A second series for each, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]
_here = CollectorRegistry()
ProcessCollector(registry=_here)

stage_seconds = Histogram(
    "reelworks_stage_seconds",
    "How long stages of the work took, each attempt for itself.",
    ["stage"],
    registry=_here,
    buckets=(0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000),
)
attempts = Counter(
    "reelworks_attempts_total",
    "Attempts at stages of the work: completed, failed, or stopped and handed back.",
    ["stage", "outcome"],
    registry=_here,
)
frames = Counter(
    "reelworks_frames_total",
    "Video frames that stages of the work went through.",
    ["stage"],
    registry=_here,
)
takeovers = Counter(
    "reelworks_takeovers_total",
    "Processes of lost workers that this worker handed back.",
    registry=_here,
)
received_bytes = Counter(
    "reelworks_received_bytes_total",
    "Bytes of uploads that were received, refused ones included.",
    registry=_here,
)
uploads = Counter(
    "reelworks_uploads_total",
    "Uploads by how they ended: accepted, refused, aborted by the client, without room, or failed.",
    ["outcome"],
    registry=_here,
)
open_sockets = Gauge(
    "reelworks_open_sockets",
    "WebSockets that are open.",
    # Where several processes serve one port, their numbers are added up; the dead have none.
    multiprocess_mode="livesum",
    registry=_here,
)


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """Count one attempt at a stage, how long it took and how it ended."""
    began, outcome = time.monotonic(), "stopped"
    try:
        yield
        outcome = "completed"
    except Exception:
        outcome = "failed"
        raise
    finally:
        stage_seconds.labels(stage).observe(time.monotonic() - began)
        attempts.labels(stage, outcome).inc()


def registry() -> CollectorRegistry:
    """Where all of it is read from: this process, or all that serve one port together."""
    if MULTIPROCESS not in os.environ:
        return _here
    _keep_folder()
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together


@contextmanager
def counting_in(folder: Path) -> Iterator[Path]:
    """A new folder for the processes that serve one port, removed in the end.

    Not among the temporary files: a system clears those away that nobody has touched for days, and
    without its folder no process can start.
    """
    shutil.rmtree(folder, ignore_errors=True)  # of a program that was killed
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forget_process(pid: int, *, folder: Path) -> None:
    """A process that served with others has ended: what it had open is closed.

    Args:
        folder: theirs.
    """
    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
