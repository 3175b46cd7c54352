"""What is written down of videos and their processes: every query on them, by name."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from reelworks.engine.changes import Announcer
from reelworks.engine.database import is_sqlite, now_ms
from reelworks.engine.failing import READ_ONLY, translated
from reelworks.engine.tables import deletions, processes, videos
from reelworks.errors import EngineError, NotFound, Unavailable, WorkStopped
from reelworks.model import NewVideo, Process, ProcessType, Status, Video, Work

_FINAL = (Status.COMPLETED, Status.FAILED)
DELETED = "Deleted"
# Whoever ends a process, or deletes a video, removes what is left of it himself. This long after, a
# worker makes sure of it.
REPAIR_MS = 60_000
# So many change something at once, fewer than there are connections: whoever changes SQLite waits
# for all others who do, and what only reads must find a connection meanwhile.
_CHANGES_AT_ONCE = 10
_TURN_SECONDS = 30.0


class Records:
    """The tables of videos and processes. Safe to share between threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._announcer = Announcer()
        self._changes = threading.BoundedSemaphore(_CHANGES_AT_ONCE)

    def check(self) -> None:
        """Raises EngineError where the database does not answer, or not as it should."""
        with self.reading() as connection:
            # From a table: a database without it is none of ours.
            connection.execute(sa.select(videos.c.file_id).limit(1))
            if is_sqlite(self.engine):
                return
            if connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on":
                connection.invalidate()
                raise EngineError(READ_ONLY)

    # Videos

    def add(self, connection: sa.Connection, video: NewVideo) -> None:
        """Write a new video and its two pending processes, in the caller's transaction."""
        now = connection.execute(sa.select(now_ms())).scalar_one()
        connection.execute(videos.insert().values(**asdict(video), created_at=now))
        pending = {
            "file_id": video.file_id,
            "status": Status.PENDING,
            "progress": 0,
            "created_at": now,
            "updated_at": now,
        }
        connection.execute(
            processes.insert(), [pending | {"process_type": kind} for kind in ProcessType]
        )

    def video(self, file_id: str) -> Video:
        """One video. Raises NotFound."""
        return as_video(self._video_row(file_id))

    def is_known(self, file_id: str) -> bool:
        """Whether there is such a video."""
        with self.reading() as connection:
            query = sa.select(sa.exists().where(videos.c.file_id == file_id))
            return bool(connection.execute(query).scalar_one())

    def newest_sources(self, count: int) -> list[str]:
        """Where the uploads of the newest videos are, of so many at most."""
        query = sa.select(videos.c.source_key).order_by(videos.c.created_at.desc()).limit(count)
        with self.reading() as connection:
            return list(connection.execute(query).scalars())

    def plan(self, file_id: str) -> str | None:
        """What enhancement decided to do with a video, as JSON; None before it did."""
        plan: str | None = self._video_row(file_id).plan
        return plan

    def keep_plan(self, file_id: str, plan: str) -> str:
        """Write a plan down unless there is one; returns the one that counts."""
        with self.writing() as connection:
            connection.execute(
                videos.update()
                .where(videos.c.file_id == file_id, videos.c.plan.is_(sa.null()))
                .values(plan=plan)
            )
        return self.plan(file_id) or plan

    @contextmanager
    def describing(self, work: Work, report: str | None = None) -> Iterator[str | None]:
        """Hold a video's report while a description of the video is published.

        Two processes publish it, and each must show the newest report: so reading the report, or
        writing it down, and publishing are one. Nobody else can do either until the block ends. It
        should be short, and must not ask the database anything: others who wait to write may have
        all connections.

        Args:
            work: on whose behalf.
            report: the finished one, as JSON, which counts from the block's end on; None leaves
                the one that is there.

        Yields:
            The finished report; None as long as there is none.

        Raises:
            NotFound: there is no such video.
            WorkStopped: nobody waits for the work any more.
        """
        with self.writing() as connection:
            row = connection.execute(
                videos.update()
                .where(videos.c.file_id == work.file_id)
                .values(report=sa.func.coalesce(report, videos.c.report))
                .returning(videos.c.report)
            ).one_or_none()
            if row is None:
                raise unknown(work.file_id)
            if _over(connection, [work]):
                raise WorkStopped
            yield row.report

    def _video_row(self, file_id: str) -> Any:
        with self.reading() as connection:
            row = connection.execute(
                sa.select(videos).where(videos.c.file_id == file_id)
            ).one_or_none()
        if row is None:
            raise unknown(file_id)
        return row

    # Processes

    def process(self, file_id: str, process_type: ProcessType) -> Process:
        """One process of one video. Raises NotFound."""
        with self.reading() as connection:
            row = connection.execute(
                PROCESS.where(
                    processes.c.file_id == file_id, processes.c.process_type == process_type
                )
            ).one_or_none()
        if row is None:
            raise unknown(file_id)
        return as_process(row)

    def unfinished(self, client_ids: Collection[str]) -> list[Process]:
        """The processes of some clients' videos that are not final, oldest first."""
        return self._processes(
            PROCESS.where(
                videos.c.client_id.in_(client_ids), processes.c.status.not_in(_FINAL)
            ).order_by(processes.c.created_at, processes.c.process_type.desc())
        )

    def changed_since(self, since_ms: int) -> list[Process]:
        """The processes that changed at or after a time of the database's clock, in order.

        Of a video that was deleted too: those that were unfinished are failed.
        """
        changed = self._processes(
            PROCESS.where(processes.c.updated_at >= since_ms).order_by(
                processes.c.updated_at, processes.c.process_type.desc()
            )
        )
        return sorted(changed + self._deleted_since(since_ms), key=lambda each: each.updated_at)

    def _deleted_since(self, since_ms: int) -> list[Process]:
        query = sa.select(deletions).where(
            deletions.c.deleted_at >= since_ms,
            sa.or_(deletions.c.unfinished != "[]", deletions.c.finished != "[]"),
        )
        with self.reading() as connection:
            rows = connection.execute(query).all()
        ended = [each for row in rows for each in _of_deleted(row)]
        return [each for each in ended if each.updated_at >= as_time(since_ms)]

    def now(self) -> int:
        """The database's clock, in milliseconds since 1970."""
        with self.reading() as connection:
            return connection.execute(sa.select(now_ms())).scalar_one()

    def over(self, works: Collection[Work]) -> set[Work]:
        """Those that nobody waits for any more: final, tried anew, or deleted."""
        with self.reading() as connection:
            return _over(connection, works)

    @contextmanager
    def holding(self, file_id: str, process_type: ProcessType) -> Iterator[Status | None]:
        """Hold off whoever would cancel, retry or delete a video until the block ends.

        It should be short, and must not ask the database anything.

        Yields:
            The status of one of its processes; None where the video was deleted.
        """
        with self.writing() as connection:
            lock(connection, file_id)
            status = connection.execute(
                sa.select(processes.c.status).where(
                    processes.c.file_id == file_id, processes.c.process_type == process_type
                )
            ).scalar_one_or_none()
            yield None if status is None else Status(status)

    # A change that names an attempt leaves every other attempt alone. Without it, it is for the
    # present one.

    def begin(self, file_id: str, process_type: ProcessType, *, attempt: int | None = None) -> None:
        """Its work has begun, or begun again: progress stays where it was."""
        self._change(
            file_id,
            process_type,
            attempt,
            status=Status.PROCESSING,
            started_at=sa.func.coalesce(processes.c.started_at, now_ms()),
            # Of an earlier attempt, which knew another pace, nothing counts.
            moved_at=sa.case((_IS_PENDING, now_ms()), else_=processes.c.moved_at),
            pace_ms=sa.case((_IS_PENDING, sa.null()), else_=processes.c.pace_ms),
        )

    def advance(
        self,
        file_id: str,
        process_type: ProcessType,
        progress: int,
        *,
        attempt: int | None = None,
    ) -> None:
        """It is this far, 0 to 99 percent. Less than before is ignored: it never goes back."""
        self._change(
            file_id,
            process_type,
            attempt,
            processes.c.progress < progress,
            progress=progress,
            moved_at=now_ms(),
            pace_ms=_pace(progress),
        )

    def complete(
        self, file_id: str, process_type: ProcessType, *, attempt: int | None = None
    ) -> None:
        """Its result stands under its final name."""
        self._change(file_id, process_type, attempt, status=Status.COMPLETED, progress=100)

    def fail(
        self, file_id: str, process_type: ProcessType, error: str, *, attempt: int | None = None
    ) -> None:
        """It will have no result, for a reason that a person understands."""
        self._change(
            file_id,
            process_type,
            attempt,
            status=Status.FAILED,
            error=error,
            clear_at=now_ms() + REPAIR_MS,
        )

    def count_takeover(self, work: Work) -> int:
        """Count that a worker was lost at it; returns how often that has now happened.

        What is over is not counted: 0.
        """
        with self.writing() as connection:
            count = connection.execute(
                processes.update()
                .where(
                    processes.c.file_id == work.file_id,
                    processes.c.process_type == work.process_type,
                    processes.c.attempt == work.attempt,
                    processes.c.status.not_in(_FINAL),
                )
                .values(takeovers=processes.c.takeovers + 1)
                .returning(processes.c.takeovers)
            ).scalar_one_or_none()
        return count or 0

    def forget_takeovers(self, file_id: str, process_type: ProcessType) -> None:
        """It got somewhere: what was lost before does not count against it any more."""
        with self.writing() as connection:
            connection.execute(
                processes.update()
                .where(processes.c.file_id == file_id, processes.c.process_type == process_type)
                .values(takeovers=0)
            )

    def _change(
        self,
        file_id: str,
        process_type: ProcessType,
        attempt: int | None,
        *only_if: sa.ColumnElement[bool],
        **values: Any,
    ) -> None:
        """Change a process that is not final. A final one stays as it is, whoever comes late."""
        if attempt is not None:
            only_if += (processes.c.attempt == attempt,)
        with self.writing() as connection:
            connection.execute(
                processes.update()
                .where(
                    processes.c.file_id == file_id,
                    processes.c.process_type == process_type,
                    processes.c.status.not_in(_FINAL),
                    *only_if,
                )
                .values(updated_at=now_ms(), **values)
            )

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction. Raises EngineError where the database does not answer as it should."""
        with self._turn(), translated(), self.engine.begin() as connection:
            try:
                yield connection
            except (Unavailable, OSError):
                # It may have been waited for until the server threw us out: see ``open_database``.
                # A rollback would fail then, and hide the reason.
                connection.invalidate()
                raise
            self._announcer.announce(connection)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._changes.acquire(timeout=_TURN_SECONDS):
            raise EngineError("The database is slow, and others wait to change it; try again.")
        try:
            yield
        finally:
            self._changes.release()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read with. Raises EngineError as above."""
        with translated(), self.engine.begin() as connection:
            yield connection

    def _processes(self, query: sa.Select[Any]) -> list[Process]:
        with self.reading() as connection:
            return [as_process(row) for row in connection.execute(query)]


PROCESS = sa.select(processes, videos.c.client_id).join(videos)
"""Processes, each with the client of its video."""


_IS_PENDING = processes.c.status == Status.PENDING
# The percents that a pace is smoothed over, and how much slower one may be than the last: what
# takes longer was an interruption.
_SMOOTHED_PERCENT = 10
_SLOWEST = 5


def _pace(progress: int) -> sa.ColumnElement[int | None]:
    """How long a percent takes, in milliseconds, when a process comes to be this far.

    None at its first percent, until which it was prepared.
    """
    gained = progress - processes.c.progress
    elapsed = now_ms() - processes.c.moved_at
    known = processes.c.pace_ms
    bounded = sa.case(
        (elapsed > _SLOWEST * known * gained, _SLOWEST * known * gained), else_=elapsed
    )
    smoothed = (known * _SMOOTHED_PERCENT + bounded) // (_SMOOTHED_PERCENT + gained)
    return sa.case(
        (processes.c.progress == 0, sa.null()),
        (known.is_(sa.null()), elapsed // gained),
        else_=smoothed,
    )


def _over(connection: sa.Connection, works: Collection[Work]) -> set[Work]:
    rows = connection.execute(
        sa.select(processes.c.file_id, processes.c.process_type, processes.c.attempt).where(
            processes.c.file_id.in_({work.file_id for work in works}),
            processes.c.status.not_in(_FINAL),
        )
    )
    return set(works) - {
        Work(row.file_id, ProcessType(row.process_type), row.attempt) for row in rows
    }


def knows_videos(engine: sa.Engine) -> bool:
    """Whether a database, which may have no tables yet, has any video."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(videos.name):
            return False
        return bool(connection.execute(sa.select(sa.exists().select_from(videos))).scalar_one())


def lock(connection: sa.Connection, file_id: str) -> bool:
    """Hold a video until the transaction ends: nobody else can then cancel, retry, delete or
    describe it. False: there is no such video."""
    # Written, not only read: that is a lock in every database.
    held = connection.execute(
        videos.update().where(videos.c.file_id == file_id).values(file_id=file_id)
    )
    return held.rowcount == 1


def lock_for(connection: sa.Connection, work: Work) -> None:
    """Hold a video on behalf of a work.

    Raises WorkStopped where nobody waits for it any more.
    """
    lock(connection, work.file_id)
    if _over(connection, [work]):
        raise WorkStopped


def unknown(file_id: str) -> NotFound:
    """The error for a file id that no video has."""
    return NotFound(f"There is no file {file_id}; check the file_id that the upload gave.")


def as_video(row: Any) -> Video:
    """A video of a row of its table."""
    return Video(
        file_id=row.file_id,
        client_id=row.client_id,
        filename=row.filename,
        source_key=row.source_key,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        preset=row.preset,
        options=row.options,
        container=row.container,
        created_at=as_time(row.created_at),
    )


def as_process(row: Any) -> Process:
    """A process of a row of ``PROCESS``."""
    return Process(
        file_id=row.file_id,
        client_id=row.client_id,
        process_type=ProcessType(row.process_type),
        status=Status(row.status),
        progress=row.progress,
        error=row.error,
        attempt=row.attempt,
        created_at=as_time(row.created_at),
        started_at=_time_or_none(row.started_at),
        moved_at=_time_or_none(row.moved_at),
        pace_ms=row.pace_ms,
        updated_at=as_time(row.updated_at),
    )


def _of_deleted(row: Any) -> Iterator[Process]:
    """The processes of a deleted video: what was final is as it was."""
    for finished in json.loads(row.finished):
        yield as_process(SimpleNamespace(client_id=row.client_id, **finished))
    for unfinished in json.loads(row.unfinished):
        yield _given_up(row, unfinished)


def _given_up(row: Any, unfinished: dict[str, Any]) -> Process:
    """A process that a deletion ended, from how it stood."""
    return Process(
        file_id=row.file_id,
        client_id=row.client_id,
        process_type=ProcessType(unfinished["process_type"]),
        status=Status.FAILED,
        progress=unfinished["progress"],
        error=DELETED,
        attempt=unfinished["attempt"],
        created_at=as_time(unfinished["created_at"]),
        started_at=_time_or_none(unfinished["started_at"]),
        updated_at=as_time(row.deleted_at),
    )


def as_time(milliseconds: int) -> datetime:
    """A time of the database."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _time_or_none(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else as_time(milliseconds)
