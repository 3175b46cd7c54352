"""What a user may do to a video that was accepted: cancel, retry, delete.

Each is one transaction that holds the video, so that two of them cannot come between each other.
Workers see it by the records, so it counts from the commit on. A crash before the engine's queue
hears of it costs a look: what is dequeued and nobody waits for is over at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from reelworks.engine.database import now_ms
from reelworks.engine.queue import Queue
from reelworks.engine.records import REPAIR_MS, Records, lock, unknown
from reelworks.engine.tables import chunks, deletions, processes, videos
from reelworks.errors import Conflict, NotFound
from reelworks.model import ProcessType, Status, Work

CANCELLED = "Cancelled"
_UNFINISHED = (Status.PENDING, Status.PROCESSING)
DAY_MS = 24 * 3600_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Deleted:
    """A video of which nothing is left in the tables, and whose files are to go.

    Attributes:
        source_key: where its upload is.
        extension: its result's, by the plan; None where there was no plan.
    """

    file_id: str
    source_key: str
    extension: str | None


class Interventions:
    """Changes what is written down of a video, and what is queued. Safe to share."""

    def __init__(self, records: Records, queue: Queue) -> None:
        self._records = records
        self._queue = queue

    def cancel(self, file_id: str) -> list[Work]:
        """Fail what is unfinished, and queue it no more.

        Returns what is cancelled then, and what was before: whoever did that may not have come to
        an end with it, as when the answer to his commit was lost.

        Raises NotFound.
        """
        with self._records.writing() as connection:
            if not lock(connection, file_id):
                raise unknown(file_id)
            cancelled = _cancelled(connection, file_id)
        self._queue.cancel(cancelled)
        return cancelled

    def retry(self, file_id: str) -> list[Work]:
        """Queue what has failed anew, each as its next attempt, from the beginning. Returns it.

        What is being tried anew already stays as it is: whoever asks a second time may not have
        heard that he was answered.

        Raises:
            NotFound: there is no such video.
            Conflict: nothing of it has failed.
        """
        video = self._records.video(file_id)
        with self._records.writing() as connection:
            if not lock(connection, file_id):
                raise unknown(file_id)
            again = _tried_again(connection, file_id)
            if not again and not _is_being_tried_again(connection, file_id):
                raise Conflict(f"Nothing of file {file_id} has failed: there is nothing to retry.")
            for work in again:
                self._queue.put(connection, video, work.process_type, attempt=work.attempt)
        return again

    def delete(self, file_id: str, extension_of: Callable[[str | None], str | None]) -> Deleted:
        """Forget a video and all that is written down of it; its files are to be removed then.

        What is to be removed stays written down until ``Upkeep`` has seen to it.

        Args:
            extension_of: reads a result's extension from a plan, which may be None.

        Raises NotFound.
        """
        return self._delete(file_id, extension_of)

    def expire(
        self, file_id: str, days: int, extension_of: Callable[[str | None], str | None]
    ) -> Deleted | None:
        """The same where it has been finished for so many days; None where somebody tried it anew,
        or deleted it.
        """
        try:
            return self._delete(file_id, extension_of, since=now_ms() - days * DAY_MS)
        except (Conflict, NotFound):
            return None

    def _delete(
        self,
        file_id: str,
        extension_of: Callable[[str | None], str | None],
        *,
        since: sa.ColumnElement[int] | None = None,
    ) -> Deleted:
        with self._records.writing() as connection:
            if not lock(connection, file_id):
                raise unknown(file_id)
            if since is not None and _holds(connection, is_wanted(file_id, since)):
                raise Conflict(f"File {file_id} is not finished for so long.")
            row = connection.execute(sa.select(videos).where(videos.c.file_id == file_id)).one()
            deleted = Deleted(
                file_id=file_id, source_key=row.source_key, extension=extension_of(row.plan)
            )
            unfinished, finished = _as_they_stand(connection, file_id)
            connection.execute(
                deletions.insert().values(
                    file_id=file_id,
                    source_key=deleted.source_key,
                    extension=deleted.extension,
                    deleted_at=now_ms(),
                    due_at=now_ms() + REPAIR_MS,
                    client_id=row.client_id,
                    unfinished=json.dumps(unfinished),
                    # What has been finished for days was told then.
                    finished=json.dumps(finished if since is None else []),
                )
            )
            connection.execute(videos.delete().where(videos.c.file_id == file_id))
        self._queue.cancel(
            Work(file_id, ProcessType(each["process_type"]), each["attempt"]) for each in unfinished
        )
        return deleted


def _cancelled(connection: sa.Connection, file_id: str) -> list[Work]:
    connection.execute(
        processes.update()
        .where(processes.c.file_id == file_id, processes.c.status.in_(_UNFINISHED))
        .values(
            status=Status.FAILED,
            error=CANCELLED,
            updated_at=now_ms(),
            clear_at=now_ms() + REPAIR_MS,
        )
    )
    rows = connection.execute(
        sa.select(processes.c.process_type, processes.c.attempt).where(
            processes.c.file_id == file_id,
            processes.c.status == Status.FAILED,
            processes.c.error == CANCELLED,
        )
    )
    return [_work(file_id, row) for row in rows]


def _tried_again(connection: sa.Connection, file_id: str) -> list[Work]:
    rows = connection.execute(
        processes.update()
        .where(processes.c.file_id == file_id, processes.c.status == Status.FAILED)
        .values(
            status=Status.PENDING,
            progress=0,
            error=None,
            attempt=processes.c.attempt + 1,
            takeovers=0,
            started_at=None,
            moved_at=None,
            pace_ms=None,
            clear_at=None,
            updated_at=now_ms(),
        )
        .returning(processes.c.process_type, processes.c.attempt)
    )
    again = [_work(file_id, row) for row in rows]
    for work in again:
        if work.process_type is ProcessType.VIDEO_ENHANCEMENT:
            connection.execute(chunks.delete().where(chunks.c.file_id == file_id))
    return again


def _is_being_tried_again(connection: sa.Connection, file_id: str) -> bool:
    again = sa.exists().where(
        processes.c.file_id == file_id,
        processes.c.attempt > 1,
        processes.c.status.in_(_UNFINISHED),
    )
    return _holds(connection, again)


def _as_they_stand(
    connection: sa.Connection, file_id: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The unfinished processes, and the final ones, as ``Records.changed_since`` reads them."""
    query = sa.select(processes).where(processes.c.file_id == file_id)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    unfinished = [row for row in rows if row["status"] in _UNFINISHED]
    return unfinished, [row for row in rows if row not in unfinished]


def is_wanted(
    file_id: str | sa.ColumnElement[str], since: sa.ColumnElement[int]
) -> sa.ColumnElement[bool]:
    """Whether any of a video's processes is unfinished, or was finished after a time."""
    return sa.exists().where(
        processes.c.file_id == file_id,
        sa.or_(processes.c.status.in_(_UNFINISHED), processes.c.updated_at > since),
    )


def _holds(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> bool:
    return bool(connection.execute(sa.select(condition)).scalar_one())


def _work(file_id: str, row: Any) -> Work:
    return Work(file_id, ProcessType(row.process_type), row.attempt)
