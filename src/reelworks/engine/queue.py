"""Puts work on the queue, in the caller's own transaction."""

from __future__ import annotations

import sqlalchemy as sa
from dbos import DBOSClient

from reelworks.model import NewVideo, ProcessType

APPLICATION = "reelworks"
QUEUE = "processes"


class Queue:
    """The queue of processes to be run, fair between clients, small videos first."""

    def __init__(self, engine: sa.Engine) -> None:
        self._client = DBOSClient(
            system_database_engine=engine, application_name=APPLICATION, lazy=True
        )

    def put(self, connection: sa.Connection, video: NewVideo, process_type: ProcessType) -> None:
        """Queue one process of a video; it is there when the caller's transaction commits."""
        self._client.enqueue_in_transaction(
            connection,
            {
                "workflow_name": process_type.value,
                "queue_name": QUEUE,
                "workflow_id": workflow_id(video.file_id, process_type),
                "queue_partition_key": partition(video.client_id),
                "priority": priority(video.size_bytes),
            },
            video.file_id,
        )

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()


def partition(client_id: str | None) -> str:
    """Who shares a place in the queue's rota: a client's videos; those of nobody in particular."""
    return "anonymous" if client_id is None else f"client {client_id}"


def priority(size_bytes: int) -> int:
    """Which videos go first, lower before higher: the binary logarithm of the size, from 1.

    Videos of like size keep the order in which they came.
    """
    return max(1, size_bytes.bit_length())


def workflow_id(file_id: str, process_type: ProcessType) -> str:
    """The engine's name for one process of one video."""
    return f"{process_type}/{file_id}"


def process_of(workflow: str) -> tuple[str, ProcessType]:
    """The file id and process behind one of the engine's names."""
    process_type, file_id = workflow.split("/", 1)
    return file_id, ProcessType(process_type)
