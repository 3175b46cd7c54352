"""Which workers are alive: each holds a lease that it renews, on the database's clock."""

from __future__ import annotations

import os
import socket
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa

from reelworks.engine.database import now_ms
from reelworks.engine.failing import translated
from reelworks.engine.tables import leases
from reelworks.engine.vigil import Vigil

LEASE_SECONDS = 10.0
RENEWAL_SECONDS = 1.0
_LEASE_MS = int(LEASE_SECONDS * 1000)
_ABANDONED = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Executor:
    """A worker process, told apart from every other that ever ran.

    Attributes:
        executor_id: unique; part of no other process, before or after.
        host: the machine, and the space of process numbers on it.
        pid: its process number there.
        process_started_at: when that process started, milliseconds since 1970; shown.
        start_mark: the same by a clock that nobody sets. Process numbers are used again, a number
            together with its start is not. None for one of an earlier release.
    """

    executor_id: str
    host: str
    pid: int
    process_started_at: int
    start_mark: int | None

    @classmethod
    def this_process(cls) -> Executor:
        """The running process, as an executor with a fresh id."""
        host = _host()
        return cls(
            executor_id=f"{host}:{os.getpid()}:{uuid.uuid4()}",
            host=host,
            pid=os.getpid(),
            process_started_at=int(psutil.Process().create_time() * 1000),
            start_mark=_start_mark(os.getpid()),
        )

    def is_gone(self) -> bool:
        """Whether it ran on this very host and its process is there no more."""
        is_known_here = self.host == _host() and self.start_mark is not None
        return is_known_here and _start_mark(self.pid) != self.start_mark


@dataclass(frozen=True, slots=True)
class Lost:
    """An executor that does not work any more.

    Attributes:
        in_good_order: it said so itself; otherwise it was found to be gone.
        expires_at: what its lease said then; one that was renewed since, or inherited, is another.
    """

    executor_id: str
    in_good_order: bool
    expires_at: int = _ABANDONED


class Leases:
    """The table of leases. Safe to share between threads, of which one asks for the lost."""

    def __init__(self, engine: sa.Engine, vigil: Vigil | None = None) -> None:
        """Args:
        vigil: over the leases of others; None begins one.
        """
        self._engine = engine
        self._vigil = vigil or Vigil(_LEASE_MS)

    def take(self, executor: Executor, *, slots: int = 0) -> None:
        """Say that this worker is alive, for the first time, and how much it does side by side."""
        with self._engine.begin() as connection:
            connection.execute(
                leases.insert().values(
                    executor_id=executor.executor_id,
                    host=executor.host,
                    pid=executor.pid,
                    process_started_at=executor.process_started_at,
                    start_mark=executor.start_mark,
                    expires_at=_expiry(),
                    slots=slots,
                )
            )

    def renew(self, executor: Executor) -> bool:
        """Say so again. False: the lease lapsed and was taken over; this worker must leave.

        Raises EngineError where the database does not answer.
        """
        with translated(), self._engine.begin() as connection:
            renewed = connection.execute(
                leases.update()
                .where(leases.c.executor_id == executor.executor_id, leases.c.heir.is_(sa.null()))
                .values(expires_at=_expiry())
            )
            return renewed.rowcount == 1

    def abandon(self, executor: Executor) -> None:
        """This worker leaves in good order: whoever sees it may take over at once.

        Raises EngineError where the database does not answer.
        """
        with translated(), self._engine.begin() as connection:
            connection.execute(
                leases.update()
                .where(leases.c.executor_id == executor.executor_id)
                .values(expires_at=_ABANDONED)
            )

    def lost(self) -> list[Lost]:
        """The executors that left or whose process on this host is gone, and those whose lease has
        lapsed, as far as that says anything.

        A database that was away, or stood still, let everybody's lease lapse, and so did a machine
        that slept for whoever runs on it: all renew in the next moments. So a lease that has merely
        lapsed counts for him alone who has watched for as long as one lasts, without a gap. The
        same goes for one of a clock that was ahead then: it would not lapse before that time comes.
        """
        with self._engine.begin() as connection:
            now = connection.execute(sa.select(now_ms())).scalar_one()
            rows = connection.execute(sa.select(leases)).all()
        is_sure = self._vigil.look(now)
        return [
            Lost(
                row.executor_id,
                in_good_order=row.expires_at == _ABANDONED,
                expires_at=row.expires_at,
            )
            for row in rows
            if _is_over(row, now) or (is_sure and not _is_held(row, now))
        ]

    def inherit(self, lost: Lost, heir: Executor) -> bool:
        """Claim a lost executor's work, for as long as a lease lasts. False: another one did, or it
        has renewed its lease since.

        The lease stays until ``release``, so that an heir who dies on the way has heirs himself.
        """
        with self._engine.begin() as connection:
            inherited = connection.execute(
                leases.update()
                .where(
                    leases.c.executor_id == lost.executor_id,
                    leases.c.expires_at == lost.expires_at,
                )
                .values(heir=heir.executor_id, expires_at=_expiry())
            )
            return inherited.rowcount == 1

    def release(self, executor_id: str) -> None:
        """Nothing of this executor's work is left to hand back."""
        with self._engine.begin() as connection:
            connection.execute(leases.delete().where(leases.c.executor_id == executor_id))

    def held(self) -> set[str]:
        """The executors that have a lease, lapsed or not."""
        with self._engine.begin() as connection:
            return set(connection.execute(sa.select(leases.c.executor_id)).scalars())

    def at_work(self) -> set[str]:
        """Those of them that may still be at work: the others' process on this host is gone."""
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(leases)).all()
        return {row.executor_id for row in rows if not _executor(row).is_gone()}


def _is_over(row: sa.Row[Any], now: int) -> bool:
    """Whether nobody will renew a lease any more, nor is an heir at it."""
    if row.expires_at == _ABANDONED:
        return True
    return (row.heir is None or row.expires_at < now) and _executor(row).is_gone()


def _is_held(row: sa.Row[Any], now: int) -> bool:
    """Whether somebody has renewed a lease of late. A clock may be set a little meanwhile."""
    held: bool = now <= row.expires_at <= now + 2 * _LEASE_MS
    return held


def _executor(row: sa.Row[tuple[object, ...]]) -> Executor:
    return Executor(
        executor_id=row.executor_id,
        host=row.host,
        pid=row.pid,
        process_started_at=row.process_started_at,
        start_mark=row.start_mark,
    )


def _expiry() -> sa.ColumnElement[int]:
    return now_ms() + _LEASE_MS


def _host() -> str:
    """The machine since its last start, and the space of process numbers on it."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    space = Path("/proc/self/ns/pid")
    parts = [socket.gethostname()]
    if boot.exists() and space.is_symlink():  # Linux; elsewhere the name alone must do
        parts += [boot.read_text().strip()[:8], str(space.readlink()).strip("pid:[]")]
    return "-".join(parts)


def _start_mark(pid: int) -> int | None:
    """When a process started, in milliseconds; None where there is none, or a zombie.

    On Linux since the machine's start: as a time of day it would change, for every process that
    runs, whenever somebody sets the clock. Elsewhere that is written down once.
    """
    if sys.platform == "linux":
        return _start_on_linux(pid)
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return int(process.create_time() * 1000)
    except psutil.NoSuchProcess:
        return None


def _start_on_linux(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name before it, in brackets, may hold anything: proc_pid_stat(5).
    fields = stat.rpartition(b")")[2].split()
    state, ticks = fields[0], int(fields[19])
    return None if state in (b"Z", b"X") else ticks * 1000 // os.sysconf("SC_CLK_TCK")
