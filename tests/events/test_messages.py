"""The socket's messages, word for word."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reelworks.events import messages
from reelworks.model import Process, ProcessType, Status

T0 = datetime(2026, 11, 22, 20, 15, 3, 120_000, UTC)
PENDING = Process(
    file_id="f",
    client_id="me",
    process_type=ProcessType.VIDEO_ENHANCEMENT,
    status=Status.PENDING,
    progress=0,
    error=None,
    created_at=T0,
    started_at=None,
    updated_at=T0,
)
PROCESSING = replace(
    PENDING,
    status=Status.PROCESSING,
    progress=40,
    started_at=T0 + timedelta(seconds=1),
    updated_at=T0 + timedelta(seconds=2),
)
COMPLETED = replace(
    PROCESSING, status=Status.COMPLETED, progress=100, updated_at=T0 + timedelta(seconds=3)
)


def told(last: Process, new: Process) -> list[tuple[str, int, str]]:
    return [
        (message.status, message.progress, message.timestamp[17:23])
        for message in messages.status_updates(last, new)
    ]


def sent(message: messages.Message) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(message.text)
    return body


def test_connection() -> None:
    assert sent(messages.connection("me")) == {
        "type": "connection",
        "status": "connected",
        "client_id": "me",
    }


def test_upload_status() -> None:
    assert sent(messages.upload_status(COMPLETED)) == {
        "type": "upload_status",
        "file_id": "f",
        "status": "uploaded",
        "message": "Video uploaded successfully",
        "timestamp": "2026-11-22T20:15:03.120+00:00",
    }


def test_status_update() -> None:
    failed = replace(PROCESSING, status=Status.FAILED, error="It broke.")
    assert sent(messages.status_update(failed)) == {
        "type": "status_update",
        "file_id": "f",
        "process_type": "video_enhancement",
        "status": "failed",
        "progress": 40,
        "error": "It broke.",
        "timestamp": "2026-11-22T20:15:05.120+00:00",
    }


def test_a_step_forward_is_one_message() -> None:
    assert told(PENDING, PROCESSING) == [("processing", 40, "05.120")]
    assert told(PROCESSING, COMPLETED) == [("completed", 100, "06.120")]


def test_a_begin_that_nobody_saw_is_told_with_its_time() -> None:
    assert told(PENDING, COMPLETED) == [("processing", 0, "04.120"), ("completed", 100, "06.120")]


def test_a_process_that_never_began_is_not_said_to_have() -> None:
    failed = replace(PENDING, status=Status.FAILED, error="The worker was lost.")
    assert told(PENDING, failed) == [("failed", 0, "03.120")]


def test_nothing_new_is_no_message() -> None:
    assert told(PROCESSING, PROCESSING) == []


def test_as_created_is_pending_at_its_creation() -> None:
    assert messages.as_created(COMPLETED) == PENDING


def test_a_new_attempt_begins_anew() -> None:
    pending = replace(PENDING, attempt=2)
    assert told(PROCESSING, pending) == [("pending", 0, "03.120")]
    assert [message.status for message in messages.tried_again(pending)] == ["pending"]
    begun = replace(PROCESSING, attempt=2)
    assert told(pending, begun) == [("processing", 40, "05.120")]


def test_a_new_attempt_that_was_over_between_two_looks_is_told_from_the_beginning() -> None:
    again = replace(COMPLETED, attempt=2)
    assert told(PROCESSING, again) == [
        ("pending", 0, "04.120"),
        ("processing", 0, "04.120"),
        ("completed", 100, "06.120"),
    ]


def test_what_was_not_understood_is_said_to_be() -> None:
    assert sent(messages.NOT_UNDERSTOOD)["type"] == "error"


def test_a_state_is_made_text_once_for_all_sockets() -> None:
    assert messages.status_update(PROCESSING) is messages.status_update(replace(PROCESSING))
    assert messages.status_update(PROCESSING).text is messages.status_update(PROCESSING).text
