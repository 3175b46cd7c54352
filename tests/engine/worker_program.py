"""A worker as a process of its own, whose work is to wait for a file to appear.

Arguments: database URL, folder. Every step that begins or ends leaves a line in ``folder/log``.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from reelworks.engine.database import open_database
from reelworks.engine.executor import WorkExecutor, step
from reelworks.engine.leases import Executor
from reelworks.engine.records import Records
from reelworks.errors import ChildFailed
from reelworks.model import ProcessType
from tests.waiting import wait_for

url, folder = sys.argv[1], Path(sys.argv[2])
engine = open_database(url)
records = Records(engine)


def note(line: str) -> None:
    with (folder / "log").open("a") as file:
        file.write(line + "\n")


def first(file_id: str) -> str:
    note(f"first {file_id}")
    return "kept"


def second(file_id: str, kept: str) -> None:
    note(f"second {file_id} {kept}")
    wait_for((folder / "go").exists, "the file 'go'", seconds=60)


def breaking(file_id: str) -> None:
    note(f"breaking {file_id}")
    raise ChildFailed("It broke.")


def enhancement(file_id: str) -> None:
    records.begin(file_id, ProcessType.VIDEO_ENHANCEMENT)
    kept = step("first", first, file_id)
    step("second", second, file_id, kept)
    records.complete(file_id, ProcessType.VIDEO_ENHANCEMENT)


def extraction(file_id: str) -> None:
    try:
        step("breaking", breaking, file_id)
    except ChildFailed as error:
        if (folder / "die").exists():
            (folder / "die").unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        records.fail(file_id, ProcessType.METADATA_EXTRACTION, str(error))


left = threading.Event()
executor = WorkExecutor(
    engine,
    records,
    {ProcessType.VIDEO_ENHANCEMENT: enhancement, ProcessType.METADATA_EXTRACTION: extraction},
    identity=Executor.this_process(),
    slots=2,
    on_unfit=left.set,
)
executor.start()
note("ready")
left.wait()
note("unfit")
