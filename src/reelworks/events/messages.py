"""The messages of the socket, word for word as the contract has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from reelworks.model import Process, Status

Message = dict[str, Any]


def connection(client_id: str) -> Message:
    """The first message on every socket."""
    return {"type": "connection", "status": "connected", "client_id": client_id}


def upload_status(process: Process) -> Message:
    """A video of this client was accepted."""
    return {
        "type": "upload_status",
        "file_id": process.file_id,
        "status": "uploaded",
        "message": "Video uploaded successfully",
        "timestamp": timestamp(process.created_at),
    }


def status_update(process: Process) -> Message:
    """Where a process stands."""
    return {
        "type": "status_update",
        "file_id": process.file_id,
        "process_type": process.process_type.value,
        "status": process.status.value,
        "progress": process.progress,
        "error": process.error,
        "timestamp": timestamp(process.updated_at),
    }


def error(text: str) -> Message:
    """The answer to a message from the client that was not understood."""
    return {"type": "error", "message": text}


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
    """What to tell a client that knew of an earlier attempt at most."""
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
    """A process as it was when its video was accepted: pending."""
    return replace(
        process,
        status=Status.PENDING,
        progress=0,
        error=None,
        started_at=None,
        updated_at=process.created_at,
    )


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC, with its offset and milliseconds."""
    return moment.isoformat(timespec="milliseconds")
