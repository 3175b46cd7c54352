"""What an operator is told of the queue, over the tables that the engine really writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from reelworks.engine.leases import Executor, Leases
from reelworks.engine.overview import Overview
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.errors import EngineError
from reelworks.model import ProcessType, Status
from tests.engine.workers import Workers, halfway
from tests.videos import add_video, new_video
from tests.waiting import wait_for

ENHANCEMENT, EXTRACTION = ProcessType.VIDEO_ENHANCEMENT, ProcessType.METADATA_EXTRACTION


@pytest.fixture
def workers(engine: sa.Engine, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(engine, tmp_path)
    yield workers
    workers.end()


@pytest.fixture
def overview(engine: sa.Engine) -> Overview:
    return Overview(engine)


def submit(records: Records, client_id: str | None = "me") -> str:
    video = new_video(client_id=client_id)
    Submission(records, Queue(records.engine)).submit(video)
    return video.file_id


def test_an_empty_service_is_all_zeros(overview: Overview) -> None:
    standing = overview.standing(10)
    assert set(standing.census.processes.values()) == {0}
    assert (standing.census.queued, standing.census.claimed) == (0, 0)
    assert standing.census.oldest_seconds == 0
    assert standing.workers + standing.running + standing.waiting + standing.failed == []


def test_what_waits_is_listed_and_counted(records: Records, overview: Overview) -> None:
    files = {submit(records), submit(records, None)}
    standing = overview.standing(3)
    assert standing.census.processes[ENHANCEMENT, Status.PENDING] == 2
    assert standing.census.queued == 4
    assert standing.census.oldest_seconds >= 0
    assert len(standing.waiting) == 3
    assert {job.file_id for job in overview.waiting(10)} == files
    assert {job.client_id for job in overview.waiting(10)} == {"me", None}
    assert {job.host for job in standing.waiting} == {None}


def test_what_runs_is_shown_where_it_runs(
    records: Records, overview: Overview, workers: Workers
) -> None:
    file_id, process = halfway(records, workers)
    wait_for(lambda: overview.census().claimed == 1, "the end of the other process")
    standing = overview.standing(10)
    (worker,), (job,), (failure,) = standing.workers, standing.running, standing.failed
    assert (worker.pid, worker.slots, worker.busy, worker.is_lost) == (process.pid, 2, 1, False)
    assert worker.started_at <= worker.renewed_at <= standing.at
    assert (job.file_id, job.process_type, job.part) == (file_id, ENHANCEMENT, None)
    assert (job.pid, job.host, job.begun, job.takeovers) == (process.pid, worker.host, 1, 0)
    assert (failure.process_type, failure.error) == (EXTRACTION, "It broke.")
    assert (standing.census.claimed, standing.census.workers, standing.census.slots) == (1, 1, 2)
    assert standing.failed_in_a_day == 1


def test_a_takeover_is_shown(records: Records, overview: Overview, workers: Workers) -> None:
    submit(records)
    victim = workers.start()
    wait_for(lambda: workers.count("second"), "the second step")
    heir = workers.start()
    victim.kill()
    victim.wait()
    wait_for(lambda: workers.count("second") == 2, "the takeover")
    wait_for(lambda: overview.census().claimed == 1, "the end of the other process")
    (job,) = overview.running(10)
    assert (job.pid, job.begun, job.takeovers) == (heir.pid, 2, 1)


def test_a_worker_whose_lease_has_lapsed_is_shown_as_lost_and_not_counted(
    engine: sa.Engine, overview: Overview
) -> None:
    leases, executor = Leases(engine), Executor.this_process()
    leases.take(executor, slots=3)
    assert overview.census().slots == 3
    leases.abandon(executor)
    assert [worker.is_lost for worker in overview.workers()] == [True]
    assert (overview.census().workers, overview.census().slots) == (0, 0)


def test_old_failures_are_not_listed(
    records: Records, overview: Overview, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = add_video(records)
    records.fail(file_id, ENHANCEMENT, "It broke.")
    assert [job.error for job in overview.failed(10)] == ["It broke."]
    with records.writing() as connection:
        connection.execute(sa.text("UPDATE processes SET updated_at = updated_at - 86400001"))
    assert (overview.failed(10), overview.count_failed()) == ([], 0)


def test_a_database_without_tables_is_a_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="does not answer as it should: no such table"):
        Overview(sa.create_engine(f"sqlite:///{tmp_path / 'empty.db'}")).standing(1)
