"""A worker: the engine with both workflows, and what clears away."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

from reelworks.app.base import Base, open_base
from reelworks.app.numbers import serve_metrics
from reelworks.app.processes import at_parents_end, end
from reelworks.engine.chunks import Chunks
from reelworks.engine.executor import WorkExecutor, Workflow
from reelworks.engine.explaining import explained
from reelworks.engine.interventions import Interventions
from reelworks.engine.leases import Executor, Leases
from reelworks.engine.queue import CHUNK, JOIN, Queue
from reelworks.engine.upkeep import Upkeep
from reelworks.jobs.enhancement import Enhancement
from reelworks.jobs.extraction import Extraction
from reelworks.jobs.housekeeping import Housekeeping
from reelworks.jobs.spreading import Spreading
from reelworks.jobs.workshop import Workshop
from reelworks.model import ProcessType
from reelworks.settings import Settings
from reelworks.signals import leave_when_told, wait_hearing_signals
from reelworks.storage.room import Room
from reelworks.telemetry.logs import configure_logging

log = logging.getLogger(__name__)

# For how long an object store that is away is asked again. A worker has nothing better to do, and
# would have to do its work again.
_PATIENCE = timedelta(minutes=4)


def run_worker(settings: Settings, *, leave_with_parent: bool = False) -> None:
    """Work through the queue until a signal says to stop, or the parent is gone. Never returns.

    Where it leaves by itself, its exit status is 1: whoever keeps it running starts it anew.
    """
    configure_logging(settings.log_level, settings.log_format)
    base = open_base(settings, patience=_PATIENCE)
    leaving, unfit = threading.Event(), threading.Event()

    def give_up() -> None:
        unfit.set()
        leaving.set()

    leave_when_told(leaving.set)
    if leave_with_parent:  # which hears of Ctrl-C, too, and says when to leave
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    base.tools.children.get_ready()
    serve_metrics(settings)
    executor = create_executor(base, settings, on_unfit=give_up)
    with explained(base.engine):
        executor.start()
    housekeeping = create_housekeeping(base, settings)
    housekeeping.start()
    log.info("worker %s is ready with %d slots", executor.identity.executor_id, settings.slots)
    if leave_with_parent:
        at_parents_end(leaving.set)
    wait_hearing_signals(leaving)
    base.tools.children.stop()
    housekeeping.end()
    executor.leave()
    base.storage.clear_scratch(executor.identity.executor_id)
    log.info("worker %s has left; its work goes on elsewhere", executor.identity.executor_id)
    end(1 if unfit.is_set() else 0)


def create_executor(
    base: Base, settings: Settings, *, on_unfit: Callable[[], None]
) -> WorkExecutor:
    """The worker's engine with both workflows."""
    identity, leases = Executor.this_process(), Leases(base.engine)
    workshop = Workshop(
        records=base.records,
        storage=base.storage,
        tools=base.tools,
        owner=identity.executor_id,
        is_in_charge=lambda: leases.renew(identity),
    )
    spreading = Spreading(workshop, Chunks(base.records, Queue(base.engine)))
    workflows: dict[str, Workflow] = {
        ProcessType.VIDEO_ENHANCEMENT: Enhancement(workshop, spreading).run,
        ProcessType.METADATA_EXTRACTION: Extraction(workshop).run,
        CHUNK: spreading.encode,
        JOIN: spreading.join,
    }
    return WorkExecutor(
        base.engine,
        base.records,
        workflows,
        identity=identity,
        slots=settings.slots,
        stop_work=base.tools.children.stop_work,
        on_unfit=on_unfit,
        is_able=Room(settings.data_dir, reserve_bytes=settings.disk_reserve).is_there,
    )


def create_housekeeping(base: Base, settings: Settings) -> Housekeeping:
    """What clears away; each worker has it, one at a time does it."""
    queue = Queue(base.engine)
    return Housekeeping(
        Upkeep(base.records, queue),
        base.records,
        base.storage,
        Interventions(base.records, queue),
        keep_days=settings.keep_days,
    )
