"""Runs queued work durably in this process, and takes over what lost workers left.

Everything that we ask of DBOS while it runs is in this file and in ``dispatch.py``.
"""

from __future__ import annotations

import itertools
import logging
import pickle
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from functools import partial
from typing import Generic, ParamSpec, TypeVar

import sqlalchemy as sa
from dbos import DBOS, StepOptions, WorkflowStatus
from dbos._error import (
    DBOSAwaitedWorkflowCancelledError,
    DBOSException,
    DBOSMaxStepRetriesExceeded,
    DBOSNonExistentWorkflowError,
)

from reelworks.engine.abreast import Abreast
from reelworks.engine.dispatch import Dispatcher
from reelworks.engine.failing import without_statement
from reelworks.engine.leases import RENEWAL_SECONDS, Executor, Leases, Lost
from reelworks.engine.patience import LEAVE_SECONDS, Unfit, patiently
from reelworks.engine.queue import APPLICATION, process_of
from reelworks.engine.recording import Recorded
from reelworks.engine.records import Records
from reelworks.engine.watch import Watch
from reelworks.errors import (
    ChildFailed,
    ChildHung,
    ChildKilled,
    ChildStarved,
    EngineError,
    NoSpace,
    NoThreads,
    OtherRelease,
    ReelworksError,
    Unavailable,
    WorkStopped,
)
from reelworks.model import Work
from reelworks.telemetry import instruments
from reelworks.telemetry.outage import Outage
from reelworks.telemetry.subject import about, at_stage

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

Workflow = Callable[..., None]
"""What a process does, with a file id and the number of the attempt; a part's number follows."""

# Fixed, or work queued by one release would wait for ever after an upgrade to the next.
_WORKFLOW_VERSION = "1"
ATTEMPTS = 3
MAX_TAKEOVERS = 25
_ORPHANS_EVERY = 10  # renewals of the lease
# Whoever keeps this process running kills it after a few seconds more.
_LEAVE_SECONDS_IN_ALL = 5.0
# What a second attempt may mend, and what it may when it has the machine's memory for itself.
_BREAKS = (ChildFailed, ChildHung)
_SHORT_OF_MEMORY = (ChildKilled, ChildStarved)
# What a worker may lack for a video for good: it is given up by who meets that too often.
_LACKS = {
    NoSpace: "ran out of room on its disk",
    NoThreads: "could start no more threads",
    OtherRelease: "could not read what another release had written down",
}
# How the engine begins to say that threads of it failed that do nothing for us.
_ITS_POLLING = (
    "Exception polling schedules",
    "Exception listing queues",
    "Exception taking the background_jobs lock",
    "Exception in background job",
    "Exception encountered in queue thread for _dbos_internal_queue",
    "Notification listener error",
)
# How it says, with a traceback, that a step is done again. We say so in a sentence.
_ITS_RETRYING = "Step being automatically retried"
# How work ends whose end comes too late to be written down: the worker has left. It is handed back.
_ITS_END = "accessed before DBOS was launched"
# How it ends to say that a thread of it has nothing more to do, as what it did was taken from it.
_ITS_WAITING = "recorded outcome"
# How work ends that somebody cancelled, or deleted, or that a database knows nothing of which took
# over from a lost one.
_ITS_LEAVING_OFF = (DBOSAwaitedWorkflowCancelledError, DBOSNonExistentWorkflowError)
# How it shows that a result was written down by a release with other classes.
_NOT_READ = (ImportError, AttributeError, TypeError)


# Where a step of this work may run, given whether it is to be alone: waited for, and then held.
_place: ContextVar[Callable[[bool], AbstractContextManager[None]]] = ContextVar(
    "place", default=lambda _alone: nullcontext()
)


def step(name: str, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do a part of a workflow and write down its result; once written, it is not done again.

    It may run twice where a process dies in between. What breaks the child process of a step is
    tried ``ATTEMPTS`` times; the last of their errors is raised. Where the system killed the child,
    or had no memory for it, it is tried again alone: see ``abreast.py``. An error, too, is written
    down and raised again when the workflow is run again. What another release wrote down and this
    one cannot read is done anew.

    Raises:
        Unfit: what the work needs was missing for too long; nothing was written down.
        EngineError: the engine itself could not go on; nothing was written down.
    """
    attempt = _Attempts(name, work)
    options: StepOptions = {
        "name": name,
        "retries_allowed": True,
        "max_attempts": ATTEMPTS,
        "interval_seconds": 0.5,
        "should_retry": lambda error: isinstance(error, _BREAKS),
    }
    try:
        return attempt.whole(DBOS.run_step(options, attempt, *args, **kwargs))
    except DBOSMaxStepRetriesExceeded as error:
        raise error.errors[-1] from None
    except ReelworksError:
        raise
    except _NOT_READ as error:
        if attempt.has_begun:
            raise
        log.warning("what another release wrote down of %s is not understood: %s", name, error)
        return attempt.anew(*args, **kwargs)
    except Exception as error:
        if attempt.last is not None or not isinstance(
            error, DBOSException | sa.exc.SQLAlchemyError
        ):
            raise
        raise EngineError(f"The engine could not go on: {without_statement(error)}") from error


class WorkExecutor:
    """Works through the queue from a process of its own, holding a lease while it does."""

    def __init__(
        self,
        engine: sa.Engine,
        records: Records,
        workflows: Mapping[str, Workflow],
        *,
        identity: Executor,
        slots: int,
        stop_work: Callable[[Work], None],
        on_unfit: Callable[[], None],
        is_able: Callable[[], bool] = lambda: True,
    ) -> None:
        """Args:
        workflows: what each process, and each part of one, does.
        identity: this process; its executor id was never used before.
        slots: how many processes run side by side.
        stop_work: makes what runs of a work unwind with ``WorkStopped``: it was cancelled, deleted
            or tried anew. May be called again for the same work.
        on_unfit: called when this process must end: another worker has taken over, or the engine
            has failed, or what the work needs is missing.
        is_able: asked before work is begun; False leaves it to others for the time being.
        """
        self.identity = identity
        self._engine = engine
        self._records = records
        self._leases = Leases(engine)
        self._watch = Watch(records, stop_work)
        self._workflows = workflows
        self._slots = slots
        self._on_unfit = on_unfit
        self._abreast = Abreast()
        self._leaving = threading.Event()
        self._dispatcher = Dispatcher(
            engine,
            executor_id=identity.executor_id,
            version=_WORKFLOW_VERSION,
            slots=slots,
            # What could not begin here is left to others.
            is_able=lambda: is_able() and not self._abreast.is_reserved,
            on_unfit=on_unfit,
        )
        self._keeper = threading.Thread(target=self._keep_lease, name="lease", daemon=True)
        # In a thread of its own: nobody knows when a database answers that stands still. Of those
        # that are started at first: a worker may leave because it can start no more of them.
        self._leaver = threading.Thread(target=self._leave, name="leaving", daemon=True)

    def start(self) -> None:
        """Take a lease, take over what is left from the lost, and begin to work."""
        self._leases.take(self.identity, slots=self._slots)
        for kind, workflow in self._workflows.items():
            # Attempts are counted by us, per cause: see ``step`` and ``_take_over``.
            DBOS.workflow(name=str(kind), max_recovery_attempts=None)(self._guarded(workflow))
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_engine": self._engine,
                "system_database_url": self._engine.url.render_as_string(hide_password=False),
                "executor_id": self.identity.executor_id,
                "application_version": _WORKFLOW_VERSION,
                "log_level": "WARNING",
                "run_migrations": False,
                # It looks that often for events to tell of, by itself a hundred times a second.
                # Nothing here waits for one.
                "notification_coalesce_sec": 1.0,
            }
        )
        logging.getLogger("dbos").addFilter(is_news)
        DBOS.listen_queues([])  # the dispatcher does
        DBOS.launch()
        self._take_over_lost()
        self._keeper.start()
        self._watch.start()
        self._dispatcher.start()
        self._leaver.start()

    def leave(self) -> None:
        """Take no more work, and let others have at once what was begun.

        The caller stops the children of running work first: it unwinds with ``WorkStopped``. With a
        database that is away, or stands still, others have it when the lease has lapsed.
        """
        self._leaving.set()
        self._leaver.join(_LEAVE_SECONDS_IN_ALL)
        if self._leaver.is_alive():
            log.warning("not all could be left in good order; the lease will lapse")

    def _leave(self) -> None:
        self._leaving.wait()
        self._dispatcher.end()
        self._keeper.join(LEAVE_SECONDS)
        self._watch.end()
        DBOS.destroy()
        try:
            self._leases.abandon(self.identity)
        except EngineError as error:
            log.warning("the lease could not be given up, and will lapse: %s", error)

    def _guarded(self, workflow: Workflow) -> Workflow:
        # The default: work that was queued by a release that knew of no second attempt.
        def run(file_id: str, attempt: int = 1, *number: int) -> None:
            if self._leaving.is_set():
                raise WorkStopped
            work = process_of(DBOS.workflow_id or "")
            _place.set(partial(self._abreast.place, partial(self._is_over, work)))
            with about(*work):
                self._see_through(work, partial(workflow, file_id, attempt, *number))

        return run

    def _see_through(self, work: Work, run: Callable[[], None]) -> None:
        """Run a workflow of a work. Leave where what it needs is missing."""
        try:
            self._run(work, run)
        except (Unavailable, Unfit) as error:
            # No outcome is written down: the next worker goes on with it. This one is of no
            # use without what it needs, and a fresh start costs little.
            if self._leaving.is_set():  # and the engine with it
                raise WorkStopped from error
            log.error(  # noqa: TRY400  (the sentence says all)
                "this worker leaves, and its work goes on elsewhere: %s", error
            )
            self._count_lack(work, error)
            self._on_unfit()
            raise WorkStopped from error

    def _run(self, work: Work, run: Callable[[], None]) -> None:
        """Run a workflow of a work that somebody waits for.

        When nobody does, it returns: that is an outcome, and the engine writes it down. Unwinding
        would leave the workflow claimed by a worker that lives, for ever.
        """
        if patiently(self._records.over, [work]):
            return
        try:
            with self._watch.over(work):
                run()
        except WorkStopped:
            if self._leaving.is_set() or not patiently(self._records.over, [work]):
                raise
            log.info("stopped: nobody waits for it")

    def _is_over(self, work: Work) -> bool:
        return self._leaving.is_set() or bool(patiently(self._records.over, [work]))

    def _keep_lease(self) -> None:
        outage = Outage(log, "the lease cannot be renewed", "the lease can be renewed again")
        for tick in itertools.count(1):
            if self._leaving.wait(RENEWAL_SECONDS):
                return
            try:
                if not self._leases.renew(self.identity):
                    log.error("this worker's lease lapsed and its work was taken over; leaving")
                    self._on_unfit()
                    return
                self._take_over_lost()
                if tick % _ORPHANS_EVERY == 0:
                    self._take_over_orphans()
                outage.succeeded()
            except Exception as error:
                # The database is away for a while. If for too long, the lease tells us. Whatever
                # else it may be: without this thread nobody would see that the lease is lost.
                outage.failed(error)

    def _take_over_lost(self) -> None:
        for lost in self._leases.lost():
            if lost.executor_id != self.identity.executor_id and self._leases.inherit(
                lost, self.identity
            ):
                self._take_over(lost)

    def _take_over_orphans(self) -> None:
        """A worker that slept through its lease may claim one more job before it notices."""
        owners = {status.executor_id for status in _running()}
        for executor_id in owners - self._leases.held():
            if executor_id:
                self._take_over(Lost(executor_id, in_good_order=False))

    def _take_over(self, lost: Lost) -> None:
        """Make a lost worker's work claimable again. Doing this twice does no harm."""
        for status in _running(lost.executor_id):
            log.warning("taking over %s", status.workflow_id)
            if not lost.in_good_order:
                instruments.takeovers.inc()
                work = process_of(status.workflow_id)
                if self._count_loss(work, "was lost"):
                    DBOS.cancel_workflow(status.workflow_id)
        DBOS._recover_pending_workflows([lost.executor_id])
        self._leases.release(lost.executor_id)

    def _count_lack(self, work: Work, error: BaseException) -> None:
        """A machine that is too small for a video is found out sooner or later."""
        for kind, what in _LACKS.items():
            if kind in (type(error), type(error.__cause__)):
                try:
                    self._count_loss(work, what)
                except EngineError as away:
                    log.warning("it was not counted that this machine is too small: %s", away)

    def _count_loss(self, work: Work, what: str) -> bool:
        """A worker could not go on with a work. True: that was once too often, and it is over."""
        if self._records.count_takeover(work) <= MAX_TAKEOVERS:
            return False
        self._records.fail(
            work.file_id,
            work.process_type,
            f"The worker {what} more than {MAX_TAKEOVERS} times while it worked on this video.",
            attempt=work.attempt,
        )
        return True


def is_news(record: logging.LogRecord) -> bool:
    """Whether the engine tells more than that work ended which nobody waits for any more, or
    what we say ourselves: that a step is tried again, and, once, that a database is away."""
    said = record.getMessage()
    if said.startswith((*_ITS_POLLING, _ITS_RETRYING)) or said.endswith(_ITS_WAITING):
        return False
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, _ITS_LEAVING_OFF) or _ITS_END in str(error))


def _running(executor_id: str | None = None) -> list[WorkflowStatus]:
    """The workflows that are claimed by an executor, or by any."""
    return DBOS.list_workflows(
        status="PENDING", executor_id=executor_id, load_input=False, load_output=False
    )


class _Attempts(Generic[P, R]):
    """Calls a step's work, counts and times each attempt, and remembers the last error.

    The engine raises an error of its own when attempts are used up; ours says what went wrong.
    """

    def __init__(self, stage: str, work: Callable[P, R]) -> None:
        self._stage = stage
        self._work = work
        self._begun = 0
        self.last: Exception | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the work was called at all; otherwise the engine knew how it ended."""
        return self._begun > 0

    def whole(self, result: R | Recorded[R]) -> R:
        """A result. Raises AttributeError where another release wrote it down without a field."""
        if isinstance(result, Recorded):  # just made
            return result.result
        if not self.has_begun:
            pickle.dumps(result)  # reads every field of it
        return result

    def anew(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do the work without writing its result down: the engine has one already."""
        while True:
            try:
                return self(*args, **kwargs).result
            except _BREAKS:
                if self._begun == ATTEMPTS:
                    raise

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Recorded[R]:
        self._begun += 1
        try:
            with (
                at_stage(self._stage, self._begun),
                _place.get()(self._lacks_memory()),
                instruments.timed(self._stage),
            ):
                return Recorded(patiently(self._work, *args, **kwargs))
        except Exception as error:
            self.last = error
            if isinstance(error, _BREAKS) and self._begun < ATTEMPTS:
                how = "again, when nothing else runs here" if self._lacks_memory() else "again"
                log.warning("the step %s is tried %s: %s", self._stage, how, error)
            raise

    def _lacks_memory(self) -> bool:
        return isinstance(self.last, _SHORT_OF_MEMORY)
