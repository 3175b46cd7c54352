"""The messages of the socket, word for word as the contract has them.

Each is sent to many sockets, so it is made, and made text, once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from reelworks.model import Process, ProcessType, Status

# The newest states: of more processes than change between two looks, or each socket makes its own.
_remembered = lru_cache(maxsize=4096)

FileId = Annotated[str, Field(description="The video.", json_schema_extra={"format": "uuid"})]
Timestamp = Annotated[
    str,
    Field(
        description="When this became so: ISO 8601, UTC, with offset.",
        json_schema_extra={"format": "date-time"},
    ),
]


class Message(BaseModel):
    """A message of ours. Immutable."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_serialization_defaults_required=True
    )

    @cached_property
    def text(self) -> str:
        """As it is sent."""
        return self.model_dump_json()


class Connection(Message):
    """The first message on every socket: from now on nothing is missed."""

    type: Literal["connection"] = "connection"
    status: Literal["connected"] = "connected"
    client_id: str = Field(description="Whose videos this socket tells of.")


class UploadStatus(Message):
    """A video of this client was accepted."""

    type: Literal["upload_status"] = "upload_status"
    file_id: FileId
    status: Literal["uploaded"] = "uploaded"
    message: str = Field(description="For a person.")
    timestamp: Timestamp


class StatusUpdate(Message):
    """How one process of a video stands."""

    type: Literal["status_update"] = "status_update"
    file_id: FileId
    process_type: ProcessType = Field(description="Which of a video's two processes it is.")
    status: Status = Field(description="The last two are final, unless it is tried again.")
    progress: int = Field(
        ge=0, le=100, description="Percent of the work really done; 100 only with completed."
    )
    error: str | None = Field(description="Why it failed, in one sentence; else null.")
    timestamp: Timestamp


class Error(Message):
    """The answer to a message from the client that was not understood."""

    type: Literal["error"] = "error"
    message: str = Field(description="What was wrong, in one sentence.")


NOT_UNDERSTOOD = Error(
    message="This socket only reports; it understands no messages from the client."
)


def connection(client_id: str) -> Connection:
    """The first message on every socket."""
    return Connection(client_id=client_id)


@_remembered
def upload_status(process: Process) -> UploadStatus:
    """A video of this client was accepted."""
    return UploadStatus(
        file_id=process.file_id,
        message="Video uploaded successfully",
        timestamp=timestamp(process.created_at),
    )


@_remembered
def status_update(process: Process) -> StatusUpdate:
    """Where a process stands."""
    return StatusUpdate(
        file_id=process.file_id,
        process_type=process.process_type,
        status=process.status,
        progress=process.progress,
        error=process.error,
        timestamp=timestamp(process.updated_at),
    )


def status_updates(last: Process, new: Process) -> Iterator[Message]:
    """What to tell a client that knew ``last`` of a process that is now ``new``.

    Updates are states, and between two of them a quick process may have begun and ended. Its
    begin is told too, with its time, so that every client sees every process pending, then
    processing, then at its end.
    """
    if new.attempt > last.attempt:
        yield from tried_again(new)
        return
    if last.status is Status.PENDING and new.status.is_final:
        yield from _as_begun(new)
    if new != last:
        yield status_update(new)


def tried_again(process: Process) -> Iterator[Message]:
    """What to tell a client that knew of an earlier attempt at most: all from the beginning."""
    if process.status is not Status.PENDING:
        # It was asked for by then; that is all we know.
        yield status_update(_pending(process, process.started_at or process.updated_at))
    if process.status.is_final:
        yield from _as_begun(process)
    yield status_update(process)


def _as_begun(process: Process) -> Iterator[Message]:
    """A process as it was when its work began; nothing where it never did."""
    started_at = process.started_at
    if started_at is not None:
        yield status_update(
            replace(
                process, status=Status.PROCESSING, progress=0, error=None, updated_at=started_at
            )
        )


def as_created(process: Process) -> Process:
    """A process as it was when its video was accepted: pending, at its first attempt."""
    return replace(_pending(process, process.created_at), attempt=1)


def _pending(process: Process, since: datetime) -> Process:
    return replace(
        process,
        status=Status.PENDING,
        progress=0,
        error=None,
        started_at=None,
        moved_at=None,
        pace_ms=None,
        updated_at=since,
    )


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC, with its offset and milliseconds."""
    return moment.isoformat(timespec="milliseconds")
