"""Durable execution: real workers, really killed.

This is also the contract test for what we use of the engine underneath: it fails when a new
version recovers, counts or queues in another way.
"""

from __future__ import annotations

import base64
import logging
import os
import pickle
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from dbos._error import DBOSException, DBOSNonExistentWorkflowError

from reelworks.engine.database import open_database
from reelworks.engine.executor import ATTEMPTS, MAX_TAKEOVERS, is_news
from reelworks.engine.interventions import Interventions
from reelworks.engine.leases import LEASE_SECONDS, Executor, Leases
from reelworks.engine.queue import Queue, priority, process_of, workflow_id
from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.engine.tables import processes
from reelworks.model import ProcessType, Status, Work
from tests.databases import PostgresServer
from tests.engine.workers import Workers, claimed, halfway, of_engine, submit, waiting
from tests.videos import new_video
from tests.waiting import wait_for

ENHANCEMENT, EXTRACTION = ProcessType.VIDEO_ENHANCEMENT, ProcessType.METADATA_EXTRACTION


def is_completed(records: Records, file_id: str) -> bool:
    return records.process(file_id, ENHANCEMENT).status is Status.COMPLETED


def test_a_killed_workers_job_goes_on_behind_its_last_step(
    records: Records, workers: Workers
) -> None:
    file_id, worker = halfway(records, workers)
    worker.kill()
    worker.wait()
    workers.start()
    wait_for(lambda: workers.count("second") == 2, "the second step again")
    workers.let_go()
    wait_for(lambda: is_completed(records, file_id), "the job's end")
    assert workers.count("first") == 1


def test_a_live_worker_takes_over_from_a_killed_one_at_once(
    records: Records, workers: Workers
) -> None:
    file_id, victim = halfway(records, workers)
    workers.start()
    victim.kill()
    victim.wait()
    wait_for(lambda: workers.count("second") == 2, "the takeover", seconds=LEASE_SECONDS - 1)
    workers.let_go()
    wait_for(lambda: is_completed(records, file_id), "the job's end")


def test_a_paused_worker_finds_its_lease_lost(records: Records, workers: Workers) -> None:
    file_id, paused = halfway(records, workers)
    workers.start()
    workers.pause(paused)
    wait_for(lambda: workers.count("second") == 2, "the takeover", seconds=15)
    paused.send_signal(signal.SIGCONT)
    wait_for(lambda: workers.count("unfit"), "the paused worker to notice")
    workers.let_go()
    wait_for(lambda: is_completed(records, file_id), "the job's end")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_that_stands_still_within_a_transaction_keeps_nobody_out(
    records: Records, workers: Workers
) -> None:
    file_id = submit(records)
    frozen = workers.start(FREEZE="1")
    wait_for(lambda: workers.count("frozen"), "it to stand still")
    workers.start()
    wait_for(lambda: workers.count("second") == 2, "the takeover", seconds=20)
    frozen.send_signal(signal.SIGCONT)
    wait_for(lambda: workers.count("unfit"), "the frozen worker to notice")
    workers.let_go()
    wait_for(lambda: is_completed(records, file_id), "the job's end")


def test_work_of_a_machine_that_is_gone_is_taken_over_within_15_seconds(
    records: Records, workers: Workers
) -> None:
    file_id, elsewhere = halfway(records, workers, HOST="another-machine")
    workers.start()
    elsewhere.kill()  # together with the machine: nobody here can look for its process
    wait_for(lambda: workers.count("second") == 2, "the takeover", seconds=15)
    workers.let_go()
    wait_for(lambda: is_completed(records, file_id), "the job's end")
    assert workers.count("first") == 1


def test_a_child_that_hangs_is_killed_and_its_step_tried_again(
    records: Records, workers: Workers
) -> None:
    file_id = submit(records)
    workers.start(STALL="5")
    wait_for(lambda: workers.count("child"), "the child to run")
    (hung,) = workers.children()
    os.kill(hung, signal.SIGSTOP)
    wait_for(lambda: workers.count("child") == 2, "the second attempt")
    assert not psutil.pid_exists(hung)
    workers.let_go()
    wait_for(lambda: is_completed(records, file_id), "the job's end")


def test_what_breaks_its_child_is_tried_three_times_with_the_reason_kept(
    records: Records, workers: Workers, capfd: pytest.CaptureFixture[str]
) -> None:
    file_id = submit(records)
    workers.start()
    wait_for(lambda: records.process(file_id, EXTRACTION).status is Status.FAILED, "the failure")
    assert workers.count("breaking") == ATTEMPTS
    assert records.process(file_id, EXTRACTION).error == "It broke."
    said = capfd.readouterr().err
    assert said.count("is tried again: It broke.") == ATTEMPTS - 1
    assert "Traceback" not in said


def test_steps_whose_children_the_system_killed_are_tried_again_one_at_a_time(
    records: Records, workers: Workers, capfd: pytest.CaptureFixture[str]
) -> None:
    with both_killed(records, workers) as (_, one, other):
        pass
    wait_for(lambda: is_completed(records, one) and is_completed(records, other), "the ends")
    told = [line.split()[0] for line in workers.lines() if line.startswith(("second", "done"))]
    assert told == ["second", "second", "second", "done", "second", "done"]
    said = capfd.readouterr().err
    assert said.count("the step second is tried again, when nothing else runs here: ") == 2


def test_a_step_whose_child_got_no_memory_is_tried_again_alone(
    records: Records, workers: Workers, capfd: pytest.CaptureFixture[str]
) -> None:
    file_id = submit(records)
    workers.start(STARVE="1")
    workers.let_go()  # or the other process would hold its place
    wait_for(lambda: records.process(file_id, EXTRACTION).status is Status.FAILED, "the failure")
    said = capfd.readouterr().err
    assert said.count("is tried again, when nothing else runs here: It broke.") == ATTEMPTS - 1


def test_what_waits_to_be_alone_is_left_to_other_workers_where_it_has_not_begun(
    records: Records, workers: Workers
) -> None:
    with both_killed(records, workers):
        third = submit(records)
        workers.start()
        wait_for(lambda: workers.count(f"second {third}"), "another worker to have it")


def test_what_waits_to_be_alone_stops_when_it_is_cancelled(
    records: Records, workers: Workers
) -> None:
    with both_killed(records, workers) as (_, one, other):
        cancel(records, other)
        wait_for(lambda: workers.count(f"stopped {other}"), "it to stop waiting")
    wait_for(lambda: is_completed(records, one), "the other one's end")
    assert workers.count(f"second {other}") == 1


def test_a_worker_leaves_while_a_step_waits_to_be_alone(records: Records, workers: Workers) -> None:
    with both_killed(records, workers) as (worker, _, _):
        worker.terminate()
        assert worker.wait(20) == 0
    assert workers.count("left") == 1


def test_an_error_that_was_written_down_before_a_crash_is_the_outcome_after_it(
    records: Records, workers: Workers
) -> None:
    file_id = submit(records)
    workers.die_after_the_error()
    victim = workers.start()
    victim.wait(20)
    workers.start()
    wait_for(lambda: records.process(file_id, EXTRACTION).status is Status.FAILED, "the failure")
    assert records.process(file_id, EXTRACTION).error == "It broke."
    assert workers.count("breaking") == ATTEMPTS


class _WithoutFields:
    """Becomes an ``Executor`` of a release in which it had one field only."""

    def __reduce__(self) -> tuple[object, ...]:
        return object.__new__, (Executor,), ["me"]


@pytest.mark.parametrize(
    "result", [b"creelworks.once_here\nThing\n.", pickle.dumps(_WithoutFields())]
)
def test_a_step_is_done_anew_where_another_release_wrote_its_result_down(
    records: Records, workers: Workers, result: bytes
) -> None:
    file_id, victim = halfway(records, workers)
    victim.kill()
    victim.wait()
    with records.engine.begin() as connection:
        table = of_engine(connection, "operation_outputs")
        connection.execute(
            sa.text(f"UPDATE {table} SET output = :output WHERE function_name = 'first'"),
            {"output": base64.b64encode(result).decode()},
        )
    workers.let_go()
    workers.start()
    wait_for(lambda: is_completed(records, file_id), "the job's end")
    assert workers.lines().count(f"first {file_id}") == 2
    assert f"second {file_id} kept 1" in workers.lines()


def test_a_worker_whose_engine_fails_leaves_and_another_goes_on(
    records: Records, workers: Workers
) -> None:
    file_id, worker = halfway(records, workers)
    with records.engine.begin() as connection:
        connection.exec_driver_sql(
            f"ALTER TABLE {of_engine(connection, 'operation_outputs')} RENAME TO elsewhere"
        )
    workers.let_go()
    wait_for(lambda: workers.count("unfit"), "the worker to leave")
    worker.kill()
    worker.wait()
    with records.engine.begin() as connection:
        connection.exec_driver_sql(
            f"ALTER TABLE {of_engine(connection, 'elsewhere')} RENAME TO operation_outputs"
        )
    workers.start()
    wait_for(lambda: is_completed(records, file_id), "the job's end")


def test_takeovers_are_bounded(records: Records, workers: Workers) -> None:
    file_id, worker = halfway(records, workers)
    with records.engine.begin() as connection:
        connection.execute(processes.update().values(takeovers=MAX_TAKEOVERS))
    worker.kill()
    worker.wait()
    workers.start()
    wait_for(lambda: records.process(file_id, ENHANCEMENT).status is Status.FAILED, "the failure")
    assert "lost more than 25 times" in str(records.process(file_id, ENHANCEMENT).error)
    assert workers.count("second") == 1


def test_a_submission_that_fails_writes_nothing(records: Records) -> None:
    file_id = submit(records)
    again = new_video(file_id=file_id, client_id="you")
    with pytest.raises(sa.exc.IntegrityError):
        Submission(records, Queue(records.engine)).submit(again)
    with records.engine.connect() as connection:
        table = of_engine(connection, "workflow_status")
        queued = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
    assert queued == 2
    assert records.video(file_id).client_id == "me"


MINUTE = 60_000


def test_small_videos_go_first() -> None:
    assert priority(10**6, 0) < priority(10**9, 0) < priority(20 * 10**9, 0)
    assert priority(2**20, 9 * MINUTE) < priority(2**30, 0)


def test_a_large_video_does_not_wait_for_ever() -> None:
    assert priority(2**30, 0) < priority(2**20, 11 * MINUTE)
    assert priority(20 * 10**9, 0) < priority(1, 36 * MINUTE)


def test_a_priority_is_one_that_the_engine_takes() -> None:
    assert 1 <= priority(0, MINUTE) < priority(2**62, 4_000_000_000_000) < 2**31


@pytest.mark.parametrize("kind", list(ProcessType))
def test_a_workflow_id_names_its_work(kind: ProcessType) -> None:
    work = Work("some-id", kind, 7)
    assert process_of(workflow_id(work)) == work


@pytest.mark.parametrize(
    ("workflow", "work"),
    [
        ("metadata_extraction/some-id", Work("some-id", EXTRACTION, 1)),  # of an earlier release
        ("chunk/some-id/2/40", Work("some-id", ENHANCEMENT, 2)),
        ("join/some-id/3", Work("some-id", ENHANCEMENT, 3)),
    ],
)
def test_other_workflow_ids_name_the_work_that_they_are_part_of(workflow: str, work: Work) -> None:
    assert process_of(workflow) == work


def test_cancelling_stops_the_child_and_nothing_runs_again(
    records: Records, workers: Workers, capfd: pytest.CaptureFixture[str]
) -> None:
    file_id = submit(records)
    workers.start()
    wait_for(lambda: workers.count("child"), "the child to run")
    (child,) = workers.children()
    cancel(records, file_id)
    wait_for(lambda: not psutil.pid_exists(child), "the child's end")
    wait_for(lambda: claimed(records) == 0, "the engine to write an outcome down")
    process = records.process(file_id, ENHANCEMENT)
    assert (process.status, process.error) == (Status.FAILED, "Cancelled")
    workers.start()  # and takes over whatever seems to be left
    again = submit(records)
    wait_for(lambda: workers.count(f"second {again}"), "the next video's second step")
    assert workers.count(f"second {file_id}") == 1
    said = capfd.readouterr().err
    assert "AwaitedWorkflowCancelled" not in said
    assert "recorded outcome" not in said


def test_work_that_was_cancelled_in_the_queue_never_begins(
    records: Records, workers: Workers
) -> None:
    cancelled, next_one = submit(records), submit(records)
    cancel(records, cancelled)
    workers.start()
    wait_for(lambda: workers.count(f"second {next_one}"), "the next video's second step")
    assert workers.count(f"first {cancelled}") == 0


def test_a_cancel_that_died_before_the_engine_heard_of_it_counts_all_the_same(
    records: Records, workers: Workers
) -> None:
    file_id = submit(records)
    for kind in ProcessType:
        records.fail(file_id, kind, "Cancelled")
    workers.start()
    wait_for(lambda: waiting(records) == 0, "the queue to be empty")
    assert workers.count("first") == 0


def test_a_worker_killed_while_it_runs_cancelled_work_leaves_nothing_to_take_over(
    records: Records, workers: Workers
) -> None:
    file_id = submit(records)
    victim = workers.start()
    wait_for(lambda: workers.count("child"), "the child to run")
    workers.pause(victim)  # it cannot notice
    cancel(records, file_id)
    victim.kill()
    victim.wait()
    workers.start()
    wait_for(lambda: waiting(records) == 0 and claimed(records) == 0, "nothing to be left")
    assert workers.count("second") == 1


def test_a_retry_runs_beside_a_worker_that_slept_through_the_cancel(
    records: Records, workers: Workers
) -> None:
    file_id = submit(records)
    sleeper = workers.start()
    wait_for(lambda: workers.count("child"), "the child to run")
    workers.pause(sleeper)  # it cannot notice
    cancel(records, file_id)
    retry(records, file_id)
    workers.start()
    wait_for(lambda: workers.count(f"second {file_id} kept 2"), "the second attempt")
    workers.let_go()
    wait_for(lambda: is_completed(records, file_id), "the job's end")
    sleeper.send_signal(signal.SIGCONT)
    wait_for(lambda: not claimed(records), "the first attempt to be over")
    assert records.process(file_id, ENHANCEMENT).attempt == 2
    assert workers.count("first") == 2


def test_deleting_stops_the_child_and_the_worker_goes_on(
    records: Records, workers: Workers
) -> None:
    file_id = submit(records)
    worker = workers.start()
    wait_for(lambda: workers.count("child"), "the child to run")
    (child,) = workers.children()
    delete(records, file_id)
    wait_for(lambda: not psutil.pid_exists(child), "the child's end")
    wait_for(lambda: claimed(records) == 0, "the engine to write an outcome down")
    again = submit(records)
    wait_for(lambda: workers.count(f"second {again}"), "the next video's second step")
    assert worker.poll() is None
    assert workers.count("unfit") == 0


def test_work_that_was_deleted_in_the_queue_never_begins(
    records: Records, workers: Workers
) -> None:
    deleted, next_one = submit(records), submit(records)
    delete(records, deleted)
    workers.start()
    wait_for(lambda: workers.count(f"second {next_one}"), "the next video's second step")
    assert workers.count(f"first {deleted}") == 0


@pytest.mark.parametrize("needed", ["EngineError", "StorageError", "NoSpace"])
def test_a_step_waits_for_what_it_needs(records: Records, workers: Workers, needed: str) -> None:
    with workers.without(needed):
        file_id = submit(records)
        workers.start()
        wait_for(lambda: workers.count(f"missing {needed}") >= 2, "a second try")
    workers.let_go()
    wait_for(lambda: is_completed(records, file_id), "the video to be completed")


def test_a_worker_that_waits_in_vain_leaves_and_the_next_one_goes_on(
    records: Records, workers: Workers
) -> None:
    workers.be_impatient()
    with workers.without("NoSpace"):
        file_id = submit(records)
        workers.start()
        wait_for(lambda: workers.count("unfit"), "the worker to leave")
    workers.let_go()
    workers.start()
    wait_for(lambda: is_completed(records, file_id), "the video to be completed")


def test_room_that_is_never_there_is_found_out(records: Records, workers: Workers) -> None:
    workers.be_impatient()
    file_id = submit(records)
    work = Work(file_id, ENHANCEMENT, 1)
    for _ in range(MAX_TAKEOVERS):
        records.count_takeover(work)
    with workers.without("NoSpace"):
        workers.start()
        wait_for(lambda: workers.count("unfit"), "the worker to leave")
        wait_for(lambda: records.process(file_id, ENHANCEMENT).status is Status.FAILED, "the end")
    assert "ran out of room on its disk" in (records.process(file_id, ENHANCEMENT).error or "")


def test_a_worker_that_is_told_to_leaves_also_while_the_database_is_away(
    postgres: PostgresServer, template: str, tmp_path: Path
) -> None:
    with on_its_own(postgres, template, tmp_path) as (url, workers):
        worker = workers.start()
        postgres.turn_away(url)
        worker.terminate()
        assert worker.wait(20) == 0
        assert workers.count("left") == 1


def test_a_worker_that_is_told_to_leaves_also_while_the_database_stands_still(
    postgres: PostgresServer, template: str, tmp_path: Path
) -> None:
    with on_its_own(postgres, template, tmp_path) as (_, workers):
        worker = workers.start(HASTE="1")
        with postgres.standing_still():
            worker.terminate()
            assert worker.wait(20) == 0
        assert workers.count("left") == 1


def test_a_worker_that_can_start_no_thread_leaves_in_good_order(
    engine: sa.Engine, workers: Workers
) -> None:
    worker = workers.start(NO_THREADS="1")
    worker.terminate()
    assert worker.wait(20) == 0
    (lost,) = Leases(engine).lost()
    assert lost.in_good_order


def test_what_we_say_ourselves_is_no_news_of_the_engine() -> None:
    for said, expected in (
        ("Exception listing queues: connection refused", False),
        ("Notification listener error: server closed the connection", False),
        ("Exception in background job workflow_timeout: read-only", False),
        ("Step being automatically retried (attempt 1 of 3)", False),
        ("Recovering 3 workflows", True),
    ):
        assert is_news(logging.makeLogRecord({"msg": said})) is expected
    for error, expected in (
        (DBOSException("System database accessed before DBOS was launched"), False),
        (DBOSNonExistentWorkflowError("target", "chunk/some-id/1/0"), False),
        (ValueError("nobody thought of this"), True),
    ):
        record = {"msg": "Exception encountered in background workflow", "exc_info": (0, error, 0)}
        assert is_news(logging.makeLogRecord(record)) is expected


@contextmanager
def on_its_own(
    postgres: PostgresServer, template: str, folder: Path
) -> Iterator[tuple[str, Workers]]:
    """The URL of a database to which bad things happen, and workers over it."""
    url = postgres.create(template)
    engine = open_database(url)
    workers = Workers(engine, folder)
    try:
        yield url, workers
    finally:
        workers.end()
        engine.dispose()
        postgres.drop(url)


@contextmanager
def both_killed(
    records: Records, workers: Workers
) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    """A worker of three slots, and the file ids of two works that ran on it side by side until
    their children were killed: of the one that runs again, and of the one that waits for it. They
    may end when the block has."""
    both = {submit(records), submit(records)}
    worker = workers.start(slots=3)
    wait_for(lambda: len(workers.children()) == 2 and claimed(records) == 2, "both alone to run")
    for child in workers.children():
        os.kill(child, signal.SIGKILL)
    wait_for(lambda: len(workers.children()) == 3, "one to run again")
    again = next(line.split()[1] for line in reversed(workers.lines()) if line.startswith("second"))
    yield worker, again, (both - {again}).pop()
    workers.let_go()


def cancel(records: Records, file_id: str) -> None:
    Interventions(records, Queue(records.engine)).cancel(file_id)


def retry(records: Records, file_id: str) -> None:
    Interventions(records, Queue(records.engine)).retry(file_id)


def delete(records: Records, file_id: str) -> None:
    Interventions(records, Queue(records.engine)).delete(file_id, lambda _plan: "mp4")
