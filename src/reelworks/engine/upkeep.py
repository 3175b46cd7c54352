"""What is to be cleared away: every query on it, by name.

One worker does it for all; which one, is decided by the row of a chore. Everything may be done
twice, so it does no harm where two of them do it after all.
"""

from __future__ import annotations

import sqlalchemy as sa

from reelworks.engine.database import now_ms
from reelworks.engine.failing import translated
from reelworks.engine.interventions import DAY_MS, Deleted, is_wanted
from reelworks.engine.queue import KINDS, Queue
from reelworks.engine.records import REPAIR_MS, Records
from reelworks.engine.tables import chores, chunks, deletions, processes, videos
from reelworks.engine.workflows import seeing_workflows, workflows
from reelworks.model import ProcessType, Work

BATCH = 200
_CHORE = "upkeep"
# Who publishes something in the very moment of a deletion finds out himself, unless he is lost in
# it. So long after, nobody who is late is expected any more.
_GRACE_MS = 600_000
# The engine's record of finished work is of no use to us; for a while it may be to an operator.
_RECORD_MS = 3600_000


class Upkeep:
    """Finds what is to be cleared away, in batches. Safe to share between threads."""

    def __init__(self, records: Records, queue: Queue) -> None:
        self._records = records
        self._queue = queue
        self._engine = seeing_workflows(records.engine)

    def is_ours(self, seconds: float) -> bool:
        """Take the chore for so long, where it is due; asked again meanwhile, all others wait."""
        turn = int(seconds * 1000)
        # Nobody takes it for so long: the clock was ahead when somebody did.
        is_of_another_time = chores.c.due_at > now_ms() + 2 * turn
        with self._records.writing() as connection:
            taken = connection.execute(
                chores.update()
                .where(chores.c.name == _CHORE, (chores.c.due_at <= now_ms()) | is_of_another_time)
                .values(due_at=now_ms() + turn)
            )
            if taken.rowcount == 1:
                return True
            known = sa.select(sa.exists().where(chores.c.name == _CHORE))
            if connection.execute(known).scalar_one():
                return False
        return self._begin()

    def _begin(self) -> bool:
        """For the first time in this database: the row is due at once, for whoever comes first."""
        try:
            with self._records.writing() as connection:
                connection.execute(chores.insert().values(name=_CHORE, due_at=0))
        except sa.exc.IntegrityError:  # another worker was quicker
            pass
        return False

    def deleted(self) -> list[Deleted]:
        """Deleted videos whose files are due to be removed, once more."""
        query = sa.select(deletions).where(deletions.c.due_at <= now_ms()).limit(BATCH)
        with self._records.reading() as connection:
            rows = connection.execute(query.order_by(deletions.c.due_at)).all()
        return [
            Deleted(file_id=row.file_id, source_key=row.source_key, extension=row.extension)
            for row in rows
        ]

    def seen_to(self, deleted: Deleted) -> None:
        """The files of a deleted video are removed: forget it, or look once more later."""
        same = deletions.c.file_id == deleted.file_id
        with self._records.writing() as connection:
            connection.execute(
                deletions.delete().where(same, deletions.c.deleted_at <= now_ms() - _GRACE_MS)
            )
            connection.execute(
                deletions.update().where(same).values(due_at=deletions.c.deleted_at + _GRACE_MS)
            )

    def put_off(self, deleted: Deleted) -> None:
        """They could not be removed now: let the others go first."""
        with self._records.writing() as connection:
            connection.execute(
                deletions.update()
                .where(deletions.c.file_id == deleted.file_id)
                .values(due_at=now_ms() + REPAIR_MS)
            )

    def failed(self) -> list[Work]:
        """What failed or was cancelled, and may have left something: due to be removed, once
        more."""
        query = (
            sa.select(processes.c.file_id, processes.c.process_type, processes.c.attempt)
            .where(processes.c.clear_at <= now_ms())
            .order_by(processes.c.clear_at)
            .limit(BATCH)
        )
        with self._records.reading() as connection:
            rows = connection.execute(query).all()
        return [Work(row.file_id, ProcessType(row.process_type), row.attempt) for row in rows]

    def cleared(self, work: Work) -> None:
        """It has left nothing: forget its chunks, and look once more later, or never again. What a
        retry has begun since stays."""
        with self._records.writing() as connection:
            if work.process_type is ProcessType.VIDEO_ENHANCEMENT:
                connection.execute(
                    chunks.delete().where(
                        chunks.c.file_id == work.file_id, chunks.c.attempt == work.attempt
                    )
                )
            last_look = processes.c.updated_at + _GRACE_MS
            connection.execute(
                _clearing(work, sa.case((last_look > now_ms(), last_look), else_=sa.null()))
            )

    def put_off_clearing(self, work: Work) -> None:
        """What it left could not be removed now: let the others go first."""
        with self._records.writing() as connection:
            connection.execute(_clearing(work, now_ms() + REPAIR_MS))

    def expired(self, days: int) -> list[str]:
        """Videos of which nothing has changed for so many days, and that are finished."""
        since = now_ms() - days * DAY_MS
        query = (
            sa.select(videos.c.file_id)
            .where(videos.c.created_at <= since, ~is_wanted(videos.c.file_id, since))
            .order_by(videos.c.created_at)
            .limit(BATCH)
        )
        with self._records.reading() as connection:
            return list(connection.execute(query).scalars())

    def forget_finished_work(self) -> int:
        """Remove a batch of the engine's own records of finished work; how many those were.

        Nobody needs them: whether something is done is written in our own tables.
        """
        query = (
            sa.select(workflows.c.workflow_uuid)
            .where(
                workflows.c.completed_at <= now_ms() - _RECORD_MS,
                workflows.c.status.not_in(("ENQUEUED", "PENDING", "DELAYED")),
                workflows.c.name.in_(KINDS),
            )
            .order_by(workflows.c.completed_at)
            .limit(BATCH)
        )
        with translated():
            with self._engine.begin() as connection:
                finished = list(connection.execute(query).scalars())
            self._queue.forget(finished)
        return len(finished)


def _clearing(work: Work, at: sa.ColumnElement[int]) -> sa.Update:
    return (
        processes.update()
        .where(
            processes.c.file_id == work.file_id,
            processes.c.process_type == work.process_type,
            processes.c.attempt == work.attempt,
        )
        .values(clear_at=at)
    )
