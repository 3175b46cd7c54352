"""How long a process will take yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reelworks.jobs.outlook import seconds_left
from reelworks.model import Process, ProcessType, Status

MOVED = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)
PROCESS = Process(
    file_id="x",
    client_id=None,
    process_type=ProcessType.VIDEO_ENHANCEMENT,
    status=Status.PROCESSING,
    progress=40,
    error=None,
    created_at=MOVED,
    started_at=MOVED,
    moved_at=MOVED,
    pace_ms=500,
    updated_at=MOVED,
)


def left(after_ms: int, **changes: object) -> int | None:
    return seconds_left(replace(PROCESS, **changes), MOVED + timedelta(milliseconds=after_ms))  # type: ignore[arg-type]


def test_the_rest_takes_as_long_as_it_would_at_the_pace_of_late() -> None:
    assert left(0) == 30
    assert left(0, progress=98) == 1


def test_it_counts_down_between_two_percents() -> None:
    assert left(3000, pace_ms=10_000) == 597


def test_a_percent_that_takes_longer_is_the_pace_from_now_on() -> None:
    assert left(1000) == 59
    assert left(20_000, pace_ms=10_000) == 1180


def test_how_long_what_stands_still_will_take_nobody_knows() -> None:
    assert left(5_001) is None
    assert left(50_000, pace_ms=10_000) is not None
    assert left(50_001, pace_ms=10_000) is None


def test_a_clock_that_is_behind_is_no_reason_for_more() -> None:
    assert left(-5000) == 30


@pytest.mark.parametrize(
    "changes",
    [
        {"status": Status.PENDING},
        {"status": Status.COMPLETED, "progress": 100},
        {"status": Status.FAILED},
        {"pace_ms": None},
        {"moved_at": None},
        {"progress": 99},
    ],
)
def test_where_nobody_knows_it_says_so(changes: dict[str, object]) -> None:
    assert left(0, **changes) is None
