"""A worker whose every process is a timed wait in place of FFmpeg; all else is the real thing.

Arguments: database URL, an empty folder, slots, seconds that a process takes.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

from reelworks.engine.database import open_database
from reelworks.engine.executor import WorkExecutor, step
from reelworks.engine.leases import Executor
from reelworks.engine.records import Records
from reelworks.jobs.reporting import Progress, reported
from reelworks.jobs.workshop import Workshop
from reelworks.media.children.process import Children
from reelworks.media.children.tools import find_tools
from reelworks.model import ProcessType, Work
from reelworks.storage.local import LocalStorage

_FRAMES = 100


class Waiting:
    """A process with as many steps as the real one."""

    def __init__(self, workshop: Workshop, kind: ProcessType, seconds: float, steps: int) -> None:
        self._workshop = workshop
        self._kind = kind
        self._seconds = seconds
        self._steps = steps

    def run(self, file_id: str, attempt: int = 1) -> None:
        """Decide, wait, and say how far it is."""
        work = Work(file_id, self._kind, attempt)
        with reported(self._workshop, work):
            for number in range(self._steps - 1):
                step(f"decide {number}", _nothing)
            step("wait", self._wait, work)

    def _wait(self, work: Work) -> None:
        progress = Progress(self._workshop.records, work, _FRAMES)
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < self._seconds:
            progress(int(_FRAMES * passed / self._seconds))
            time.sleep(min(0.1, self._seconds / 10))


def _nothing() -> None:
    """What a step costs that does nothing."""


def main(url: str, folder: Path, slots: int, seconds: float) -> None:
    """Work until told to stop."""
    left = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: left.set())
    engine = open_database(url)
    records = Records(engine)
    identity = Executor.this_process()
    workshop = Workshop(
        records=records,
        storage=LocalStorage(folder, reserve_bytes=0),
        tools=find_tools(None, Children()),
        owner=identity.executor_id,
    )
    kinds = {ProcessType.VIDEO_ENHANCEMENT: 3, ProcessType.METADATA_EXTRACTION: 2}
    executor = WorkExecutor(
        engine,
        records,
        {kind: Waiting(workshop, kind, seconds, steps).run for kind, steps in kinds.items()},
        identity=identity,
        slots=slots,
        stop_work=lambda _: None,
        on_unfit=left.set,
    )
    executor.start()
    left.wait()
    executor.leave()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
