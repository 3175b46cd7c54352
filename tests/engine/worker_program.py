"""A worker as a process of its own, whose work is to wait for a file to appear.

Arguments: database URL, folder, slots. Steps that begin or end leave lines in ``folder/log``.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos._sys_db import SystemDatabase

from reelworks.engine import executor as module
from reelworks.engine import patience
from reelworks.engine.database import open_database
from reelworks.engine.executor import WorkExecutor, step
from reelworks.engine.leases import Executor
from reelworks.engine.records import Records
from reelworks.engine.tables import processes
from reelworks.errors import (
    ChildFailed,
    ChildStarved,
    EngineError,
    NoSpace,
    StorageError,
    WorkStopped,
)
from reelworks.media.children.process import Children
from reelworks.model import ProcessType, Work

url, folder = sys.argv[1], Path(sys.argv[2])
engine = open_database(url)
records = Records(engine)
children = Children(stall_seconds=float(os.environ.get("STALL", "60")))
WAIT = """
import os, sys, time
os.write(1, str(os.getpid()).encode())
while not os.path.exists(sys.argv[1]):
    time.sleep(0.02)
"""


def note(line: str) -> None:
    with (folder / "log").open("a") as file:
        file.write(line + "\n")


if (folder / "impatient").exists():
    patience.PATIENCE_SECONDS = 0.0
if "HASTE" in os.environ:
    module._LEAVE_SECONDS_IN_ALL = 0.5


def first(file_id: str) -> str:
    note(f"first {file_id}")
    for name, error in ((e.__name__, e) for e in (EngineError, StorageError, NoSpace)):
        if (folder / name).exists():
            note(f"missing {name}")
            raise error("It is away.")
    return "kept"


def second(work: Work, kept: str) -> None:
    """Wait in a child process, as all real work does."""
    note(f"second {work.file_id} {kept} {work.attempt}")
    if os.environ.pop("FREEZE", None):  # once: the step may be tried again before anybody notices
        stand_still_within_a_transaction(work)
    children.of(work).run([sys.executable, "-c", WAIT, str(folder / "go")], told)
    note(f"done {work.file_id}")


def stand_still_within_a_transaction(work: Work) -> None:
    """As when the machine sleeps, or its network is cut, at the wrong moment."""
    with records.writing() as connection:
        connection.execute(
            processes.update().where(processes.c.file_id == work.file_id).values(progress=1)
        )
        note("frozen")
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)  # this thread at once


def told(data: bytes) -> bool:
    note(f"child {data.decode().strip()}")
    return True


def breaking(file_id: str) -> None:
    note(f"breaking {file_id}")
    raise (ChildStarved if "STARVE" in os.environ else ChildFailed)("It broke.")


def enhancement(file_id: str, attempt: int) -> None:
    work = Work(file_id, ProcessType.VIDEO_ENHANCEMENT, attempt)
    kept_in_hand = children.of(work)
    records.begin(*work[:2], attempt=attempt)
    kept = step("first", first, file_id)
    try:
        step("second", second, work, kept)
    except WorkStopped:
        note(f"stopped {file_id}")
        raise
    records.complete(*work[:2], attempt=attempt)
    del kept_in_hand


def extraction(file_id: str, attempt: int) -> None:
    note(f"begun {file_id}")
    try:
        step("breaking", breaking, file_id)
    except ChildFailed as error:
        if (folder / "die").exists():
            (folder / "die").unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        records.fail(file_id, ProcessType.METADATA_EXTRACTION, str(error), attempt=attempt)


def lose_the_answer(claims: Callable[..., tuple[list[str], object]]) -> Callable[..., Any]:
    """Claim, and do not hear of it, once: of the claim with that number."""
    left_to_hear = itertools.count(int(os.environ["LOSE_AN_ANSWER"]) - 1, -1)

    def claim(*args: Any, **kwargs: Any) -> tuple[list[str], object]:
        claimed = claims(*args, **kwargs)
        if claimed[0] and next(left_to_hear) == 0:
            raise sa.exc.OperationalError("COMMIT", {}, Exception("the connection broke"))
        return claimed

    return claim


if "LOSE_AN_ANSWER" in os.environ:
    SystemDatabase.start_queued_workflows = lose_the_answer(  # type: ignore[method-assign]
        SystemDatabase.start_queued_workflows
    )
left, asked = threading.Event(), threading.Event()
signal.signal(signal.SIGTERM, lambda *_: (asked.set(), left.set()))
identity = Executor.this_process()
# Nobody can see from another machine whether its process is gone.
identity = replace(identity, host=os.environ.get("HOST", identity.host))
executor = WorkExecutor(
    engine,
    records,
    {ProcessType.VIDEO_ENHANCEMENT: enhancement, ProcessType.METADATA_EXTRACTION: extraction},
    identity=identity,
    slots=int(sys.argv[3]),
    stop_work=children.stop_work,
    on_unfit=left.set,
)
executor.start()
if "NO_THREADS" in os.environ:
    threading.stack_size(1 << 46)  # more than there is: no other thread can be started
note("ready")
left.wait()
if asked.is_set():
    executor.leave()
    note("left")
    os._exit(0)
note("unfit")
