"""What is to be cleared away is found, and nothing else."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from reelworks.engine.chunks import Chunks, NewChunk
from reelworks.engine.interventions import Interventions
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.engine.tables import chores, deletions, processes, videos
from reelworks.engine.upkeep import Upkeep
from reelworks.engine.workflows import seeing_workflows, workflows
from reelworks.model import ProcessType, Work
from tests.engine.workers import Workers, submit
from tests.videos import add_video
from tests.waiting import wait_for

ENHANCEMENT, EXTRACTION = ProcessType.VIDEO_ENHANCEMENT, ProcessType.METADATA_EXTRACTION
DAY_MS = 24 * 3600_000


@pytest.fixture
def upkeep(records: Records) -> Upkeep:
    return Upkeep(records, Queue(records.engine))


@pytest.fixture
def interventions(records: Records) -> Interventions:
    return Interventions(records, Queue(records.engine))


def finished(records: Records, *, days_ago: float) -> str:
    file_id = add_video(records)
    records.complete(file_id, ENHANCEMENT)
    records.fail(file_id, EXTRACTION, "It broke.")
    age(records, file_id, days_ago)
    return file_id


def age(records: Records, file_id: str, days: float) -> None:
    """Let it have happened so long ago."""
    by = int(days * DAY_MS)
    with records.engine.begin() as connection:
        connection.execute(
            videos.update()
            .where(videos.c.file_id == file_id)
            .values(created_at=videos.c.created_at - by)
        )
        connection.execute(
            processes.update()
            .where(processes.c.file_id == file_id)
            .values(updated_at=processes.c.updated_at - by, clear_at=processes.c.clear_at - by)
        )


def test_one_worker_at_a_time_has_the_chore(records: Records, upkeep: Upkeep) -> None:
    assert not upkeep.is_ours(60)  # the first question ever makes it due
    taken = []
    threads = [threading.Thread(target=lambda: taken.append(upkeep.is_ours(60))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 5 + [True]
    with records.engine.begin() as connection:  # its time is over, or who had it died
        connection.execute(chores.update().values(due_at=0))
    assert upkeep.is_ours(60)
    with records.engine.begin() as connection:  # the clock was years ahead when somebody took it
        connection.execute(chores.update().values(due_at=4_000_000_000_000))
    assert upkeep.is_ours(60)
    assert not upkeep.is_ours(60)


def test_what_was_finished_long_ago_is_expired(records: Records, upkeep: Upkeep) -> None:
    old = finished(records, days_ago=8)
    finished(records, days_ago=6)
    unfinished = add_video(records)
    records.complete(unfinished, ENHANCEMENT)
    age(records, unfinished, 8)
    assert upkeep.expired(7) == [old]


def test_what_was_tried_anew_meanwhile_does_not_expire(
    records: Records, upkeep: Upkeep, interventions: Interventions
) -> None:
    file_id = finished(records, days_ago=8)
    assert upkeep.expired(7) == [file_id]
    interventions.retry(file_id)
    assert upkeep.expired(7) == []
    assert interventions.expire(file_id, 7, lambda _plan: None) is None
    assert records.is_known(file_id)
    records.fail(file_id, EXTRACTION, "It broke again.")
    assert interventions.expire(file_id, 7, lambda _plan: None) is None
    age(records, file_id, 8)
    assert interventions.expire(file_id, 7, lambda _plan: None) is not None
    assert interventions.expire(file_id, 7, lambda _plan: None) is None
    assert not records.is_known(file_id)


def test_a_deletion_is_seen_to_once_more_and_then_forgotten(
    records: Records, upkeep: Upkeep, interventions: Interventions
) -> None:
    deleted = interventions.delete(add_video(records), lambda _plan: "mp4")
    assert upkeep.deleted() == []
    make_due(records)
    assert upkeep.deleted() == [deleted]
    upkeep.put_off(deleted)
    assert upkeep.deleted() == []
    make_due(records)
    upkeep.seen_to(deleted)
    assert upkeep.deleted() == []
    make_due(records, deleted_at=0)
    assert upkeep.deleted() == [deleted]
    upkeep.seen_to(deleted)
    with records.engine.connect() as connection:
        assert connection.execute(sa.select(deletions)).all() == []


def make_due(records: Records, **values: int) -> None:
    with records.engine.begin() as connection:
        connection.execute(deletions.update().values(due_at=0, **values))


def test_what_failed_is_seen_to_once_more_and_then_never_again(
    records: Records, upkeep: Upkeep
) -> None:
    file_id = add_video(records)
    work = Work(file_id, EXTRACTION, 1)
    records.fail(file_id, EXTRACTION, "It broke.")
    make_clearing_due(records)
    assert upkeep.failed() == [work]
    upkeep.put_off_clearing(work)
    assert upkeep.failed() == []
    make_clearing_due(records)
    upkeep.cleared(work)
    assert upkeep.failed() == []
    make_clearing_due(records, updated_at=0)
    assert upkeep.failed() == [work]
    upkeep.cleared(work)
    with records.engine.connect() as connection:
        query = sa.select(sa.func.count()).where(processes.c.clear_at.is_not(sa.null()))
        assert connection.execute(query).scalar_one() == 0


def make_clearing_due(records: Records, **values: int) -> None:
    with records.engine.begin() as connection:
        connection.execute(
            processes.update().where(processes.c.clear_at > 0).values(clear_at=0, **values)
        )


def test_chunks_of_what_failed_go_and_those_of_its_retry_are_kept(
    records: Records, upkeep: Upkeep, interventions: Interventions
) -> None:
    table = Chunks(records, Queue(records.engine))
    file_id = submit(records)
    work = Work(file_id, ENHANCEMENT, 1)
    table.spread(work, "{}", [NewChunk(number=0, span="{}", frames=10)])
    assert upkeep.failed() == []
    records.fail(file_id, ENHANCEMENT, "It broke.")
    assert upkeep.failed() == []  # somebody may be at it just now
    age(records, file_id, 1)
    assert upkeep.failed() == [work]
    interventions.retry(file_id)
    assert upkeep.failed() == []
    again = Work(file_id, ENHANCEMENT, 2)
    table.spread(again, "{}", [NewChunk(number=0, span="{}", frames=10)])
    upkeep.cleared(work)
    assert table.numbers(again) == [0]
    records.fail(file_id, ENHANCEMENT, "It broke again.")
    upkeep.cleared(again)
    assert table.numbers(again) == []


def test_the_engines_records_of_finished_work_go_and_nothing_misses_them(
    records: Records, upkeep: Upkeep, interventions: Interventions, workers: Workers
) -> None:
    """The contract with the engine: what it keeps of finished work may be removed."""
    done, waiting = submit(records), submit(records)
    interventions.cancel(waiting)
    workers.let_go()
    workers.start()
    wait_for(lambda: finished_work(records) == 4, "everything to be over")
    assert upkeep.forget_finished_work() == 0
    engine = seeing_workflows(records.engine)
    with engine.begin() as connection:
        connection.execute(workflows.update().values(completed_at=1))
    assert upkeep.forget_finished_work() == 4
    assert upkeep.forget_finished_work() == 0
    assert finished_work(records) == 0
    interventions.retry(waiting)
    interventions.retry(done)  # its extraction fails, always
    wait_for(lambda: workers.count(f"second {waiting} kept 2"), "the retry to run")
    wait_for(lambda: records.process(waiting, ENHANCEMENT).progress == 100, "the retry's end")
    with engine.connect() as connection:
        left = connection.execute(sa.text(f"SELECT count(*) FROM {outputs(records)}")).scalar_one()
    assert left > 0  # of the retries; none is left of what was forgotten
    wait_for(lambda: finished_work(records) == 3, "all retries to be over")


def outputs(records: Records) -> str:
    schema = "" if records.engine.dialect.name == "sqlite" else "dbos."
    return f"{schema}operation_outputs"


def finished_work(records: Records) -> int:
    engine = seeing_workflows(records.engine)
    query = sa.select(sa.func.count()).where(workflows.c.status.in_(("SUCCESS", "CANCELLED")))
    with engine.connect() as connection:
        count: int = connection.execute(query).scalar_one()
    return count
