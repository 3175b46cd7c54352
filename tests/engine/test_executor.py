"""Durable execution: real workers, really killed.

This is also the contract test for what we use of the engine underneath: it fails when a new
version recovers, counts or queues in another way.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from reelworks.engine.executor import ATTEMPTS, MAX_TAKEOVERS
from reelworks.engine.queue import Queue, priority, process_of, workflow_id
from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.engine.tables import processes
from reelworks.model import ProcessType, Status
from tests.videos import new_video
from tests.waiting import wait_for

ENHANCEMENT, EXTRACTION = ProcessType.VIDEO_ENHANCEMENT, ProcessType.METADATA_EXTRACTION


class Workers:
    """Worker processes over one database."""

    def __init__(self, engine: sa.Engine, folder: Path) -> None:
        self._url = str(engine.url)
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        before = self.count("ready")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.worker_program", self._url, str(self._folder)]
        )
        self._processes.append(process)
        wait_for(lambda: self.count("ready") > before, "a worker to be ready")
        return process

    def count(self, line: str) -> int:
        log = self._folder / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        return sum(found.startswith(line) for found in lines)

    def die_after_the_error(self) -> None:
        (self._folder / "die").touch()

    def let_go(self) -> None:
        (self._folder / "go").touch()

    def end(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
                process.kill()
            process.wait()


@pytest.fixture
def workers(engine: sa.Engine, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(engine, tmp_path)
    yield workers
    workers.end()


def submit(records: Records) -> str:
    video = new_video()
    Submission(records, Queue(records.engine)).submit(video)
    return video.file_id


def is_completed(records: Records, file_id: str) -> bool:
    return records.process(file_id, ENHANCEMENT).status is Status.COMPLETED


def test_a_killed_workers_job_goes_on_behind_its_last_step(
    records: Records, workers: Workers
) -> None:
    file_id = submit(records)
    worker = workers.start()
    wait_for(lambda: workers.count("second"), "the second step")
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
    file_id = submit(records)
    victim = workers.start()
    wait_for(lambda: workers.count("second"), "the second step")
    workers.start()
    victim.kill()
    victim.wait()
    wait_for(lambda: workers.count("second") == 2, "the takeover", seconds=5)
    workers.let_go()
    wait_for(lambda: is_completed(records, file_id), "the job's end")


def test_a_paused_worker_finds_its_lease_lost(records: Records, workers: Workers) -> None:
    file_id = submit(records)
    paused = workers.start()
    wait_for(lambda: workers.count("second"), "the second step")
    workers.start()
    paused.send_signal(signal.SIGSTOP)
    wait_for(lambda: workers.count("second") == 2, "the takeover", seconds=15)
    paused.send_signal(signal.SIGCONT)
    wait_for(lambda: workers.count("unfit"), "the paused worker to notice")
    workers.let_go()
    wait_for(lambda: is_completed(records, file_id), "the job's end")


def test_what_breaks_its_child_is_tried_three_times_with_the_reason_kept(
    records: Records, workers: Workers
) -> None:
    file_id = submit(records)
    workers.start()
    wait_for(lambda: records.process(file_id, EXTRACTION).status is Status.FAILED, "the failure")
    assert workers.count("breaking") == ATTEMPTS
    assert records.process(file_id, EXTRACTION).error == "It broke."


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


def test_a_worker_whose_engine_fails_leaves_and_another_goes_on(
    records: Records, workers: Workers
) -> None:
    file_id = submit(records)
    worker = workers.start()
    wait_for(lambda: workers.count("second"), "the second step")
    with records.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE operation_outputs RENAME TO elsewhere")
    workers.let_go()
    wait_for(lambda: workers.count("unfit"), "the worker to leave")
    worker.kill()
    worker.wait()
    with records.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO operation_outputs")
    workers.start()
    wait_for(lambda: is_completed(records, file_id), "the job's end")


def test_takeovers_are_bounded(records: Records, workers: Workers) -> None:
    file_id = submit(records)
    worker = workers.start()
    wait_for(lambda: workers.count("second"), "the second step")
    with records.engine.begin() as connection:
        connection.execute(processes.update().values(takeovers=MAX_TAKEOVERS))
    worker.kill()
    worker.wait()
    workers.start()
    wait_for(lambda: records.process(file_id, ENHANCEMENT).status is Status.FAILED, "the failure")
    assert "lost 25 times" in str(records.process(file_id, ENHANCEMENT).error)
    assert workers.count("second") == 1


def test_a_submission_that_fails_writes_nothing(records: Records) -> None:
    file_id = submit(records)
    again = new_video(file_id=file_id, client_id="you")
    with pytest.raises(sa.exc.IntegrityError):
        Submission(records, Queue(records.engine)).submit(again)
    with records.engine.connect() as connection:
        queued = connection.execute(sa.text("SELECT count(*) FROM workflow_status")).scalar_one()
    assert queued == 2
    assert records.video(file_id).client_id == "me"


def test_small_videos_go_first() -> None:
    assert priority(0) == 1
    assert priority(10**6) < priority(10**9) < priority(20 * 10**9)


@pytest.mark.parametrize("kind", list(ProcessType))
def test_a_workflow_id_names_its_process(kind: ProcessType) -> None:
    assert process_of(workflow_id("some-id", kind)) == ("some-id", kind)
