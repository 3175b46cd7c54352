"""Whose turn it is, on real workers: each client in its turn, each worker within its slots."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from threading import Event

import pytest
import sqlalchemy as sa

from reelworks.engine.dispatch import Dispatcher, clients, share
from reelworks.engine.queue import Queue, partition
from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.engine.tables import processes
from reelworks.engine.workflows import in_queue, seeing_workflows, workflows
from reelworks.model import ProcessType, Status
from tests.engine.workers import Workers, claimed, of_engine, waiting
from tests.videos import new_video
from tests.waiting import wait_for


def test_who_has_the_fewest_slots_is_next() -> None:
    turns = share(["many", "one", "none"], {"many": 7, "one": 1, "others": 9}, {}, 3)
    assert turns == {"none": 2, "one": 1}
    assert next(iter(turns)) == "none"


def test_of_equals_who_waited_longest_is_next() -> None:
    served = {"first": 1.0, "second": 2.0}
    assert share(["second", "first"], {}, served, 1) == {"first": 1}
    assert share(["second", "first", "never"], {}, served, 1) == {"never": 1}


def test_slots_are_shared_evenly_and_no_more_than_there_are() -> None:
    assert share(["a", "b", "c"], {}, {}, 7) == {"a": 3, "b": 2, "c": 2}
    assert share(["alone"], {"alone": 4}, {"alone": 1.0}, 4) == {"alone": 4}
    assert share([], {}, {}, 4) == {}


def submit(records: Records, *, client_id: str | None, size_bytes: int = 1000) -> str:
    video = replace(new_video(client_id=client_id), size_bytes=size_bytes)
    Submission(records, Queue(records.engine)).submit(video)
    return video.file_id


def hold_all_slots(workers: Workers, slots: int) -> None:
    """Wait until every slot has work that does not end by itself."""
    wait_for(lambda: workers.count("child") == slots, "all slots to be held")


def test_a_new_client_is_next_however_much_another_has_queued(
    records: Records, workers: Workers
) -> None:
    many = [submit(records, client_id="many") for _ in range(2)]
    workers.start(slots=2)
    hold_all_slots(workers, 2)
    for _ in range(198):
        submit(records, client_id="many")
    before = len(workers.begun())
    late = submit(records, client_id="late")
    nobody = submit(records, client_id=None)
    workers.let_go()
    wait_for(lambda: len(workers.begun()) >= before + 2, "the next ones to begin")
    assert set(workers.begun()[before : before + 2]) == {late, nobody}
    assert many[0] in workers.begun()[:before]


def test_a_short_clip_does_not_wait_for_films_of_the_same_client(
    records: Records, workers: Workers
) -> None:
    for _ in range(20):
        submit(records, client_id="me", size_bytes=4 * 10**9)
    workers.start(slots=1)
    hold_all_slots(workers, 1)
    before = len(workers.begun())
    clip = submit(records, client_id="me", size_bytes=10**6)
    workers.let_go()
    wait_for(lambda: len(workers.begun()) > before, "the next one to begin")
    assert workers.begun()[before] == clip


def test_each_worker_keeps_to_its_own_slots(records: Records, workers: Workers) -> None:
    for _ in range(12):
        submit(records, client_id="me")
    workers.start(slots=1)
    workers.start(slots=3)
    hold_all_slots(workers, 4)
    assert claimed(records) == 4
    assert sorted(slots_by_worker(records).values()) == [1, 3]


def slots_by_worker(records: Records) -> Counter[str]:
    engine = seeing_workflows(records.engine)
    with engine.connect() as connection:
        query = sa.select(workflows.c.executor_id).where(*in_queue(engine, "PENDING"))
        return Counter(connection.execute(query).scalars())


def test_what_cannot_be_asked_now_is_asked_again(engine: sa.Engine) -> None:
    asked = Event()

    def is_able() -> bool:
        if not asked.is_set():
            asked.set()
            raise FileNotFoundError("the data folder is away")
        able.set()
        return False

    able = Event()
    dispatcher = Dispatcher(
        engine, executor_id="me", version="1", slots=1, is_able=is_able, on_unfit=lambda: None
    )
    dispatcher.start()
    assert able.wait(10)
    dispatcher.end()


def test_each_client_for_whom_anything_waits_is_found_once(
    records: Records, workers: Workers
) -> None:
    assert for_whom_anything_waits(records) == []
    gone = submit(records, client_id="gone")
    workers.start(slots=2)
    workers.let_go()
    wait_for(lambda: is_enhanced(records, gone) and not claimed(records), "the first to be done")
    workers.end()
    named = ["b", "a", "b", "ä", "a", "z"]
    for client_id in (*named, None):
        submit(records, client_id=client_id)
    found = for_whom_anything_waits(records)
    assert sorted(found) == sorted({partition(each) for each in (*named, None)})


def for_whom_anything_waits(records: Records) -> list[str]:
    engine = seeing_workflows(records.engine)
    with engine.connect() as connection:
        return list(connection.execute(clients(engine)).scalars())


def test_a_worker_that_cannot_begin_what_it_claimed_leaves_it_to_others(
    records: Records, workers: Workers
) -> None:
    full = workers.start(slots=4, NO_THREADS="1")
    file_ids = [submit(records, client_id="me") for _ in range(2)]
    wait_for(lambda: workers.count("unfit"), "it to leave")
    full.kill()
    workers.let_go()
    workers.start(slots=4)
    wait_for(lambda: all(is_enhanced(records, each) for each in file_ids), "the enhancements")


def is_enhanced(records: Records, file_id: str) -> bool:
    status = records.process(file_id, ProcessType.VIDEO_ENHANCEMENT).status
    return status is Status.COMPLETED


@pytest.mark.parametrize("number", ["1", "2"])
def test_what_was_claimed_without_hearing_of_it_is_begun(
    records: Records, workers: Workers, number: str
) -> None:
    """The first claim, or the second, which is for another client."""
    file_ids = [submit(records, client_id=each) for each in ("me", "you")]
    workers.start(slots=4, LOSE_AN_ANSWER=number)
    workers.let_go()
    wait_for(
        lambda: all(
            records.process(file_id, kind).status in (Status.COMPLETED, Status.FAILED)
            for file_id in file_ids
            for kind in ProcessType
        ),
        "all processes",
        seconds=30,
    )


def test_what_the_tables_say_runs_and_does_not_is_begun_again(
    records: Records, workers: Workers
) -> None:
    """As where a database takes over from a lost one, and lacks its last seconds."""
    workers.start(slots=2)
    workers.let_go()
    file_id = submit(records, client_id="me")
    wait_for(lambda: is_enhanced(records, file_id), "the enhancement")
    wait_for(lambda: waiting(records) + claimed(records) == 0, "the engine to write it down")
    forget_the_end(records)
    later = submit(records, client_id="me")
    wait_for(lambda: is_enhanced(records, later), "the one behind it", seconds=20)
    wait_for(lambda: is_enhanced(records, file_id), "the enhancement, once more")
    wait_for(lambda: claimed(records) == 0, "the engine to write it down again")


def forget_the_end(records: Records) -> None:
    with records.engine.begin() as connection:
        connection.execute(
            processes.update().values(status=Status.PROCESSING, progress=50, error=None)
        )
        table = of_engine(connection, "workflow_status")
        connection.execute(sa.text(f"UPDATE {table} SET status = 'PENDING', completed_at = NULL"))
