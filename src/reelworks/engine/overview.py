"""How the service stands as a whole: what waits, what runs and where, what failed, who works.

These are the operator's questions. The engine's own table is read here, and never written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reelworks.engine.database import now_ms
from reelworks.engine.leases import LEASE_SECONDS
from reelworks.engine.queue import process_of
from reelworks.engine.records import as_time
from reelworks.engine.tables import leases, processes, videos
from reelworks.engine.workflows import is_claimed, is_queued, seeing_workflows, workflows
from reelworks.errors import EngineError
from reelworks.model import ProcessType, Status, Work

_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Census:
    """The service in numbers.

    Attributes:
        processes: how many processes of a type are in a status; every pair is there.
        queued: how many pieces of work wait for a slot, handed-back ones included.
        claimed: how many pieces of work have a slot.
        oldest_seconds: how long the oldest pending process has waited; 0 where none is pending.
        workers: how many workers hold a lease.
        slots: how many slots they have together.
    """

    processes: dict[tuple[ProcessType, Status], int]
    queued: int
    claimed: int
    oldest_seconds: float
    workers: int
    slots: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """One worker process.

    Attributes:
        slots: how many processes it runs side by side.
        busy: how many of them it runs now.
        started_at: when its process started.
        renewed_at: when it last said that it is alive.
        is_lost: its lease has lapsed; its work is being handed to others.
    """

    host: str
    pid: int
    slots: int
    busy: int
    started_at: datetime
    renewed_at: datetime
    is_lost: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One piece of work: a process of a video, or a part of one.

    Attributes:
        part: which part of the process, such as ``chunk 3``; None for the process itself.
        status, progress: of the whole process.
        begun: how often it was begun: once more after each takeover.
        takeovers: how often a worker was lost at the process since it last got somewhere.
        since: when it was queued where it waits, began to run where it runs, or failed.
        host, pid: the worker that runs it; None where none does.
    """

    file_id: str
    process_type: ProcessType
    part: str | None
    filename: str
    client_id: str | None
    size_bytes: int
    status: Status
    progress: int
    error: str | None
    begun: int
    takeovers: int
    since: datetime
    host: str | None
    pid: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How the service stands; lists are cut at a limit, numbers are not.

    Attributes:
        at: the moment, by the database's clock.
        failed_in_a_day: how many processes failed in the last day.
    """

    at: datetime
    census: Census
    workers: list[Worker]
    running: list[Job]
    waiting: list[Job]
    failed: list[Job]
    failed_in_a_day: int


class Overview:
    """Every query on the service as a whole, by name. Safe to share between threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = seeing_workflows(engine)

    def census(self) -> Census:
        """The service in numbers, at one moment."""
        with self._reading() as connection:
            counted = connection.execute(
                sa.select(
                    processes.c.process_type, processes.c.status, sa.func.count(), _oldest_ms()
                ).group_by(processes.c.process_type, processes.c.status)
            ).all()
            work = connection.execute(
                sa.select(
                    sa.func.count().filter(is_queued), sa.func.count().filter(is_claimed)
                ).where(is_queued | is_claimed)
            ).one()
            workers, slots = connection.execute(
                sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(leases.c.slots), 0)).where(
                    leases.c.expires_at >= now_ms(), leases.c.heir.is_(sa.null())
                )
            ).one()
        none = {(kind, status): 0 for kind in ProcessType for status in Status}
        waits = [row[3] for row in counted if row.status == Status.PENDING]
        return Census(
            processes=none
            | {(ProcessType(kind), Status(status)): count for kind, status, count, _ in counted},
            queued=work[0],
            claimed=work[1],
            oldest_seconds=max(0, *waits, 0) / 1000,
            workers=workers,
            slots=slots,
        )

    def workers(self) -> list[Worker]:
        """The workers that hold a lease, or held one until now; the longest running first."""
        busy = (
            sa.select(workflows.c.executor_id, sa.func.count().label("busy"))
            .where(is_claimed)
            .group_by(workflows.c.executor_id)
            .subquery()
        )
        query = (
            sa.select(leases, sa.func.coalesce(busy.c.busy, 0).label("busy"), now_ms().label("now"))
            .join(busy, busy.c.executor_id == leases.c.executor_id, isouter=True)
            .order_by(leases.c.process_started_at)
        )
        with self._reading() as connection:
            return [_worker(row) for row in connection.execute(query)]

    def standing(self, limit: int) -> Standing:
        """All of it, with at most so many pieces of work of each kind."""
        return Standing(
            census=self.census(),
            workers=self.workers(),
            running=self.running(limit),
            waiting=self.waiting(limit),
            failed=self.failed(limit),
            failed_in_a_day=self.count_failed(),
            at=self._now(),  # the last: none of that is of later than it says
        )

    def _now(self) -> datetime:
        """By the database's clock."""
        with self._reading() as connection:
            return as_time(connection.execute(sa.select(now_ms())).scalar_one())

    def waiting(self, limit: int) -> list[Job]:
        """What waits for a slot, in the order in which those of one client come."""
        query = _WORK.where(is_queued).order_by(workflows.c.priority, workflows.c.created_at)
        return self._jobs(query.limit(limit))

    def running(self, limit: int) -> list[Job]:
        """What workers are at, the longest running first."""
        query = _WORK.where(is_claimed).order_by(workflows.c.started_at_epoch_ms)
        return self._jobs(query.limit(limit))

    def failed(self, limit: int) -> list[Job]:
        """The processes that failed in the last day, the newest first."""
        query = _PROCESS.where(_has_failed).order_by(processes.c.updated_at.desc()).limit(limit)
        with self._reading() as connection:
            return [_failure(row) for row in connection.execute(query)]

    def count_failed(self) -> int:
        """How many those are."""
        query = sa.select(sa.func.count()).select_from(processes).where(_has_failed)
        with self._reading() as connection:
            count: int = connection.execute(query).scalar_one()
        return count

    def _jobs(self, query: sa.Select[Any]) -> list[Job]:
        """Pieces of work with the processes that they belong to; others than ours are left out."""
        with self._reading() as connection:
            rows = [(_named(row.workflow_uuid), row) for row in connection.execute(query)]
            files = {name[0].file_id for name, _ in rows if name}
            found = {
                (row.file_id, row.process_type): row
                for row in connection.execute(_PROCESS.where(processes.c.file_id.in_(files)))
            }
        named = [(*name, row, found.get(name[0][:2])) for name, row in rows if name]
        return [_job(part, row, process) for _, part, row, process in named if process]

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            cause = str(getattr(error, "orig", None) or error).strip()
            raise EngineError(f"The database does not answer as it should: {cause}.") from error


_WORK = sa.select(workflows, leases.c.host, leases.c.pid).join(
    leases, leases.c.executor_id == workflows.c.executor_id, isouter=True
)
_PROCESS = sa.select(processes, videos.c.filename, videos.c.client_id, videos.c.size_bytes).join(
    videos
)
_has_failed = sa.and_(
    processes.c.status == Status.FAILED, processes.c.updated_at >= now_ms() - _DAY_MS
)


def _oldest_ms() -> sa.ColumnElement[int]:
    # Asked of the pending, which last changed when they were queued: at the upload, or by a retry.
    return now_ms() - sa.func.min(processes.c.updated_at)


def _worker(row: Any) -> Worker:
    return Worker(
        host=row.host,
        pid=row.pid,
        slots=row.slots,
        busy=row.busy,
        started_at=as_time(row.process_started_at),
        renewed_at=as_time(max(0, row.expires_at - int(LEASE_SECONDS * 1000))),
        is_lost=row.expires_at < row.now or row.heir is not None,
    )


def _named(workflow: str) -> tuple[Work, str | None] | None:
    """The process that an engine's name belongs to, and the part of it; None: none of ours."""
    try:
        work = process_of(workflow)
    except ValueError:
        return None
    kind, _, *rest = workflow.split("/")
    return work, None if kind == work.process_type else " ".join([kind, *rest[1:]])


def _job(part: str | None, work: Any, process: Any) -> Job:
    runs = work.status == "PENDING"
    return Job(
        **_of_process(process),
        part=part,
        begun=work.recovery_attempts or 0,
        since=as_time(work.started_at_epoch_ms if runs else work.created_at),
        host=work.host if runs else None,
        pid=work.pid if runs else None,
    )


def _failure(row: Any) -> Job:
    since = as_time(row.updated_at)
    return Job(**_of_process(row), part=None, begun=0, since=since, host=None, pid=None)


def _of_process(row: Any) -> dict[str, Any]:
    same = ("file_id", "filename", "client_id", "size_bytes", "progress", "error", "takeovers")
    return {name: getattr(row, name) for name in same} | {
        "process_type": ProcessType(row.process_type),
        "status": Status(row.status),
    }
