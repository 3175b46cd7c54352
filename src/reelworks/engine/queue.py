"""Puts work on the queue, in the caller's own transaction."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from dbos import DBOSClient

from reelworks.engine.database import now_ms
from reelworks.model import NewVideo, ProcessType, Video, Work

APPLICATION = "reelworks"
QUEUE = "processes"
# What workflows are called that do a part of a process, and which process that is.
CHUNK, JOIN = "chunk", "join"
_PARTS = {CHUNK: ProcessType.VIDEO_ENHANCEMENT, JOIN: ProcessType.VIDEO_ENHANCEMENT}
KINDS = (*ProcessType, *_PARTS)


class Queue:
    """The queue of work, fair between clients, small videos sooner than large ones."""

    def __init__(self, engine: sa.Engine) -> None:
        self._client = DBOSClient(
            system_database_engine=engine, application_name=APPLICATION, lazy=True
        )

    def put(
        self,
        connection: sa.Connection,
        video: NewVideo,
        process_type: ProcessType,
        *,
        attempt: int = 1,
    ) -> None:
        """Queue one process of a video; it is there when the caller's transaction commits."""
        now = connection.execute(sa.select(now_ms())).scalar_one()
        self._put(connection, video, now, process_type.value, attempt)

    def put_part(
        self, connection: sa.Connection, video: Video, part: str, attempt: int, *number: int
    ) -> None:
        """Queue a part of an enhancement in the same way.

        It has the priority that the video had, so that a short one does not wait for a film's
        chunks, nor a film that is nearly done for new films.

        Args:
            part: ``CHUNK`` or ``JOIN``.
            number: of the chunk.
        """
        came = round(video.created_at.timestamp() * 1000)
        self._put(connection, video, came, part, attempt, *number)

    def _put(
        self,
        connection: sa.Connection,
        video: NewVideo,
        came_ms: int,
        kind: str,
        attempt: int,
        *number: int,
    ) -> None:
        self._client.enqueue_in_transaction(
            connection,
            {
                "workflow_name": kind,
                "queue_name": QUEUE,
                "workflow_id": "/".join(map(str, (kind, video.file_id, attempt, *number))),
                "queue_partition_key": partition(video.client_id),
                "priority": priority(video.size_bytes, came_ms),
            },
            video.file_id,
            attempt,
            *number,
        )

    def cancel(self, works: Iterable[Work]) -> None:
        """Take work out of the queue, and everything that it queued; what is over stays as it is.

        What runs is not stopped by this: it is not run again, that is all.
        """
        self._client.cancel_workflows([workflow_id(work) for work in works], cancel_children=True)

    def forget(self, names: list[str]) -> None:
        """Remove the engine's records of finished work."""
        if names:
            self._client.delete_workflows(names)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()


def partition(client_id: str | None) -> str:
    """Who shares a place in the queue's rota: a client's videos; those of nobody in particular."""
    return "anonymous" if client_id is None else f"client {client_id}"


_MINUTE_MS = 60_000


def priority(size_bytes: int, came_ms: int) -> int:
    """Which work of a client goes first, lower before higher: the minute in which it came, and one
    minute more for each doubling of the size.

    So a clip of a megabyte goes before a film of a gigabyte that came up to ten minutes earlier,
    and yet no film waits for ever, however many clips keep coming. What is alike keeps the order in
    which it came.

    Args:
        came_ms: milliseconds since 1970.
    """
    return came_ms // _MINUTE_MS + size_bytes.bit_length()


def workflow_id(work: Work) -> str:
    """The engine's name for one attempt at a process."""
    return f"{work.process_type}/{work.file_id}/{work.attempt}"


def process_of(workflow: str) -> Work:
    """The work that one of the engine's names belongs to: ``kind/file id/attempt`` and more.

    A name without an attempt was given by a release that knew of no second one.
    """
    kind, file_id, *rest = workflow.split("/")
    return Work(file_id, _PARTS.get(kind) or ProcessType(kind), int(rest[0]) if rest else 1)
