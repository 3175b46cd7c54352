"""What a user may do to a video that was accepted: cancel, retry, delete.

Each is one transaction that holds the video, so that two of them cannot come between each other.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from reelworks.engine.database import now_ms
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records, lock, unknown
from reelworks.engine.tables import processes
from reelworks.model import ProcessType, Status, Work

CANCELLED = "Cancelled"
_UNFINISHED = (Status.PENDING, Status.PROCESSING)


class Interventions:
    """Changes what is written down of a video, and what is queued. Safe to share."""

    def __init__(self, records: Records, queue: Queue) -> None:
        self._records = records
        self._queue = queue

    def cancel(self, file_id: str) -> list[Work]:
        """Fail what is unfinished, and queue it no more. Returns it. Raises NotFound.

        Workers see it by the records, so it counts from the commit on. A crash before the queue
        hears of it costs a look: what is dequeued and nobody waits for is over at once.
        """
        with self._records.writing() as connection:
            if not lock(connection, file_id):
                raise unknown(file_id)
            cancelled = _cancelled(connection, file_id)
        self._queue.cancel(cancelled)
        return cancelled


def _cancelled(connection: sa.Connection, file_id: str) -> list[Work]:
    rows = connection.execute(
        processes.update()
        .where(processes.c.file_id == file_id, processes.c.status.in_(_UNFINISHED))
        .values(status=Status.FAILED, error=CANCELLED, updated_at=now_ms())
        .returning(processes.c.process_type, processes.c.attempt)
    )
    return [_work(file_id, row) for row in rows]


def _work(file_id: str, row: Any) -> Work:
    return Work(file_id, ProcessType(row.process_type), row.attempt)
