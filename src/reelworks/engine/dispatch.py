"""Claims queued work for the free slots of one worker, each client in its turn.

Everything that goes around DBOS's own polling of queues is in this file; decision 0022 says why.
"""

from __future__ import annotations

import heapq
import logging
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import sqlalchemy as sa
from dbos._core import execute_dequeued_workflow
from dbos._dbos import _get_dbos_instance
from dbos._error import DBOSWorkflowFunctionNotFoundError
from dbos._queue import _INTERNAL_QUEUE_CONSTRUCTION
from dbos._queue import Queue as _Limits
from dbos._sys_db import WorkflowStatusInternal

from reelworks.engine.failing import translated
from reelworks.engine.patience import LEAVE_SECONDS
from reelworks.engine.queue import QUEUE, process_of
from reelworks.engine.workflows import in_queue, seeing_workflows, workflows
from reelworks.telemetry.outage import Outage
from reelworks.telemetry.subject import about

log = logging.getLogger(__name__)

# A median of 0.13 s from queued to started, at under 2 % of a core.
_POLLING_SECONDS = 0.25
_AWAY_SECONDS = 1.0  # on top, while nothing can be claimed
_FORGOTTEN_SECONDS = 5.0  # between two looks for what is claimed and does not run


def share(
    waiting: Sequence[str], busy: Mapping[str, int], served: Mapping[str, float], free: int
) -> Counter[str]:
    """Whose turn it is: how many of the free slots each client gets, the first one first.

    Who has the fewest slots is next; of these, who was served the longest ago, or never; of these,
    who comes first in ``waiting``.

    Args:
        waiting: the clients for whom anything waits.
        busy: how many slots of all workers each has.
        served: when each was last served.
    """
    turns: Counter[str] = Counter()
    line = [
        (busy.get(key, 0), served.get(key, 0.0), place, key) for place, key in enumerate(waiting)
    ]
    heapq.heapify(line)
    for place in range(len(waiting), len(waiting) + free if line else 0):
        slots, _, _, key = line[0]
        turns[key] += 1
        heapq.heapreplace(line, (slots + 1, float("inf"), place, key))
    return turns


def clients(engine: sa.Engine) -> sa.Select[str]:
    """Asks for whom anything waits: from one client to the next in the index, so that it costs by
    how many they are, and not by how much each has queued.

    It is asked four times a second: to be built once. The engine's own is built anew each time,
    which is two thirds of what a look costs, and waits for a database that is away.
    """
    client, queued = workflows.c.queue_partition_key, in_queue(engine, "ENQUEUED")
    first = sa.select(sa.func.min(client).label("client")).where(*queued)
    line = first.cte("line", recursive=True)
    following = sa.select(sa.func.min(client)).where(*queued, client > line.c.client)
    is_there = line.c.client.is_not(sa.null())
    line = line.union_all(sa.select(following.scalar_subquery()).where(is_there))
    return sa.select(line.c.client).where(line.c.client.is_not(sa.null()))


class Dispatcher:
    """Fills the slots of this worker for as long as it is able to work."""

    def __init__(
        self,
        engine: sa.Engine,
        *,
        executor_id: str,
        version: str,
        slots: int,
        is_able: Callable[[], bool],
        on_unfit: Callable[[], None],
    ) -> None:
        """Args:
        version: which work it takes.
        is_able: asked before anything is claimed; False leaves it to others for the time being.
        on_unfit: called where work was claimed and could not be begun: this process must end.
        """
        self._engine = seeing_workflows(engine)
        self._clients = clients(engine)
        self._executor_id = executor_id
        self._version = version
        self._slots = slots
        self._is_able = is_able
        self._on_unfit = on_unfit
        self._running: dict[Future[Any], str] = {}
        self._unknown: set[str] = set()
        self._looked_at = time.monotonic()
        self._served: dict[str, float] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._dispatch, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Begin to claim work. The engine is launched."""
        self._thread.start()

    def end(self) -> None:
        """Claim no more; what runs goes on. A claim under way is waited for, within reason."""
        self._ended.set()
        self._wake.set()
        self._thread.join(LEAVE_SECONDS)

    def _dispatch(self) -> None:
        outage = Outage(log, "no work can be claimed", "work can be claimed again")
        while not self._ended.is_set():
            # At once when a slot is free again; otherwise not all workers at the same moment.
            self._wake.wait(_POLLING_SECONDS * random.uniform(0.9, 1.1))
            self._wake.clear()
            try:
                with translated():
                    while not self._ended.is_set() and self._is_able() and self._fill():
                        pass
                outage.succeeded()
            except Exception as error:
                # The database is away for a while, or the data folder. If the database is for too
                # long, the lease tells us. Whatever else it may be: without this thread a worker
                # that looks alive would never work again.
                outage.failed(error)
                self._ended.wait(_AWAY_SECONDS)

    def _fill(self) -> int:
        """Claim work for the slots that are free now; how much there was."""
        self._hand_back_forgotten()
        free = self._slots - len(self._running)
        waiting = self._waiting() if free > 0 else []
        if not waiting:
            return 0
        random.shuffle(waiting)
        self._served = {key: at for key, at in self._served.items() if key in set(waiting)}
        turns = share(waiting, self._slots_by_client(), self._served, free)
        return sum(self._claim(client, count) for client, count in turns.items())

    def _waiting(self) -> list[str]:
        with self._engine.begin() as connection:
            return list(connection.execute(self._clients).scalars())

    def _hand_back_forgotten(self) -> None:
        """Queue anew what is ours by the tables and does not run here: nobody else takes it, and it
        counts as running. The answer to a claim was lost; or a database that took over from a lost
        one lacks its last seconds, and with them that it was done."""
        if time.monotonic() < self._looked_at + _FORGOTTEN_SECONDS:
            return
        self._looked_at = time.monotonic()
        with self._lock:
            running = set(self._running.values())  # before: what ends meanwhile was written down
        query = sa.select(workflows.c.workflow_uuid).where(
            *in_queue(self._engine, "PENDING"), workflows.c.executor_id == self._executor_id
        )
        with self._engine.begin() as connection:
            claimed = set(connection.execute(query).scalars())
        for workflow_id in claimed - running - self._unknown:
            with about(*process_of(workflow_id)):
                log.warning("it does not run here, as the tables say, and is queued anew")
            _sys_db().reenqueue_for_recovery(workflow_id, [self._executor_id], QUEUE)

    def _slots_by_client(self) -> dict[str, int]:
        """Of all workers."""
        client = workflows.c.queue_partition_key
        query = sa.select(client, sa.func.count()).where(*in_queue(self._engine, "PENDING"))
        with self._engine.begin() as connection:
            rows = connection.execute(query.group_by(client)).all()
        return {row[0]: row[1] for row in rows}

    def _claim(self, client: str, count: int) -> int:
        """Claim and begin at most so many pieces of work of a client; how many there were."""
        claim = str(uuid.uuid4())
        claimed, _ = _sys_db().start_queued_workflows(
            _at_most(count),
            self._executor_id,
            self._version,
            client,
            owner_xid=claim,
            is_latest_version=True,  # there is but one: asking for it is a query each time
        )
        if claimed:
            self._served[client] = time.monotonic()
            self._begin(claimed, claim)
        return len(claimed)

    def _begin(self, claimed: list[str], claim: str) -> None:
        try:
            found = _sys_db().get_workflow_statuses(claimed)
        except Exception as error:
            self._give_up(error)
            return
        for status in found:  # one that is missing was deleted meanwhile
            self._run(status, claim)

    def _run(self, status: WorkflowStatusInternal, claim: str) -> None:
        try:
            handle = execute_dequeued_workflow(_get_dbos_instance(), status, claim)
        except DBOSWorkflowFunctionNotFoundError:
            # A kind of work that this release does not know: it is handed back when we leave.
            log.exception("%s could not be begun", status["workflow_uuid"])
            self._unknown.add(status["workflow_uuid"])
            return
        except Exception as error:  # no thread to be had, say
            self._give_up(error)
            return
        future: Future[Any] | None = getattr(handle, "future", None)
        if future is not None:  # None: it was cancelled between the claim and here
            with self._lock:
                self._running[future] = status["workflow_uuid"]
            future.add_done_callback(self._finished)

    def _give_up(self, error: Exception) -> None:
        """Leave: nobody else takes what is claimed, as long as this worker lives."""
        log.error("claimed work could not be begun; this worker leaves", exc_info=error)
        self._ended.set()
        self._on_unfit()

    def _finished(self, future: Future[Any]) -> None:
        with self._lock:
            del self._running[future]
        self._wake.set()


def _sys_db() -> Any:
    return _get_dbos_instance()._sys_db


def _at_most(count: int) -> _Limits:
    """Limits of one claim, in the engine's words."""
    return _Limits(QUEUE, worker_concurrency=count, token=_INTERNAL_QUEUE_CONSTRUCTION)
