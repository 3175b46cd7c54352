"""How the service stands as a whole: what waits, what runs and where, what failed, who works.

These are the operator's questions. The engine's own table is read here, and never written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from reelworks.engine.database import now_ms
from reelworks.engine.leases import LEASE_SECONDS
from reelworks.engine.tables import leases, processes, videos
from reelworks.errors import EngineError
from reelworks.model import ProcessType, Status

_DAY_MS = 24 * 3600 * 1000

# DBOS's table, as far as it is read: in a schema of its own on PostgreSQL, in ours on SQLite.
_workflows = sa.Table(
    "workflow_status",
    sa.MetaData(),
    sa.Column("workflow_uuid", sa.Text),
    sa.Column("status", sa.Text),
    sa.Column("executor_id", sa.Text),
    sa.Column("priority", sa.Integer),
    sa.Column("created_at", sa.BigInteger),
    sa.Column("started_at_epoch_ms", sa.BigInteger),
    sa.Column("recovery_attempts", sa.BigInteger),
    schema="dbos",
)
_is_queued = _workflows.c.status == "ENQUEUED"
_is_claimed = _workflows.c.status == "PENDING"


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
    """One process of one video, as the queue sees it.

    Attributes:
        runs: how often it was begun: once more after each takeover.
        takeovers: how often a worker was lost at it since it last got somewhere.
        since: when it was queued where it waits, began to run where it runs, or failed.
        host, pid: the worker that runs it; None where none does.
    """

    file_id: str
    process_type: ProcessType
    filename: str
    client_id: str | None
    size_bytes: int
    status: Status
    progress: int
    error: str | None
    runs: int
    takeovers: int
    since: datetime
    host: str | None
    pid: int | None


class Overview:
    """Every query on the service as a whole, by name. Safe to share between threads."""

    def __init__(self, engine: sa.Engine) -> None:
        schema = None if engine.dialect.name == "sqlite" else "dbos"
        self._engine = engine.execution_options(schema_translate_map={"dbos": schema})

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
                    sa.func.count().filter(_is_queued), sa.func.count().filter(_is_claimed)
                ).where(_is_queued | _is_claimed)
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
            sa.select(_workflows.c.executor_id, sa.func.count().label("busy"))
            .where(_is_claimed)
            .group_by(_workflows.c.executor_id)
            .subquery()
        )
        query = (
            sa.select(leases, sa.func.coalesce(busy.c.busy, 0).label("busy"), now_ms().label("now"))
            .join(busy, busy.c.executor_id == leases.c.executor_id, isouter=True)
            .order_by(leases.c.process_started_at)
        )
        with self._reading() as connection:
            return [_worker(row) for row in connection.execute(query)]

    def waiting(self, limit: int) -> list[Job]:
        """What waits for a slot, in the order in which one client's would come."""
        query = _JOBS.where(_is_queued).order_by(
            _workflows.c.priority, _workflows.c.created_at, processes.c.process_type
        )
        return self._jobs(query.limit(limit))

    def running(self, limit: int) -> list[Job]:
        """What workers are at, the longest running first."""
        query = _JOBS.where(_is_claimed).order_by(_workflows.c.started_at_epoch_ms)
        return self._jobs(query.limit(limit))

    def failed(self, limit: int) -> list[Job]:
        """What failed in the last day, the newest first."""
        query = _JOBS.where(
            processes.c.status == Status.FAILED, processes.c.updated_at >= now_ms() - _DAY_MS
        ).order_by(processes.c.updated_at.desc())
        return self._jobs(query.limit(limit))

    def runs(self, workflow: str) -> int:
        """How often a workflow was begun."""
        query = sa.select(_workflows.c.recovery_attempts).where(
            _workflows.c.workflow_uuid == workflow
        )
        with self._reading() as connection:
            runs: int = connection.execute(query).scalar_one()
        return runs

    def _jobs(self, query: sa.Select[Any]) -> list[Job]:
        with self._reading() as connection:
            return [_job(row) for row in connection.execute(query)]

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
            raise EngineError("The database does not answer; try again.") from error


_JOBS = (
    sa.select(
        processes,
        videos.c.filename,
        videos.c.client_id,
        videos.c.size_bytes,
        leases.c.host,
        leases.c.pid,
        _workflows.c.status.label("stands"),
        _workflows.c.created_at.label("queued_at"),
        _workflows.c.started_at_epoch_ms.label("claimed_at"),
        sa.func.coalesce(_workflows.c.recovery_attempts, 0).label("runs"),
    )
    .select_from(processes)
    .join(videos)
    .join(
        _workflows,
        # As ``workflow_id`` makes it.
        _workflows.c.workflow_uuid
        == processes.c.process_type
        + "/"
        + processes.c.file_id
        + "/"
        + sa.cast(processes.c.attempt, sa.Text),
        isouter=True,
    )
    .join(leases, leases.c.executor_id == _workflows.c.executor_id, isouter=True)
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
        started_at=_time(row.process_started_at),
        renewed_at=_time(max(0, row.expires_at - int(LEASE_SECONDS * 1000))),
        is_lost=row.expires_at < row.now or row.heir is not None,
    )


def _job(row: Any) -> Job:
    is_claimed = row.stands == "PENDING"
    if row.status == Status.FAILED:
        since = row.updated_at
    else:
        since = row.claimed_at if is_claimed else row.queued_at
    return Job(
        file_id=row.file_id,
        process_type=ProcessType(row.process_type),
        filename=row.filename,
        client_id=row.client_id,
        size_bytes=row.size_bytes,
        status=Status(row.status),
        progress=row.progress,
        error=row.error,
        runs=row.runs,
        takeovers=row.takeovers,
        since=_time(since),
        host=row.host if is_claimed else None,
        pid=row.pid if is_claimed else None,
    )


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
