"""The document ends with the final report, whichever process is last and wherever one dies."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa

from reelworks.engine.records import Records
from reelworks.errors import WorkStopped
from reelworks.jobs.document import publish_document, publish_report
from reelworks.jobs.workshop import Workshop, metadata_key
from reelworks.model import ProcessType, Work
from reelworks.storage.local import LocalStorage
from tests.clips import toolbox
from tests.videos import add_video

FINAL: dict[str, Any] = {"preset": "auto", "bytes_after": 7, "fidelity": {"psnr_y": 40.5}}
PENDING: dict[str, Any] = {"preset": "auto", "bytes_after": None, "fidelity": None}

# What SQLAlchemy allows above a pool's size, and we do for PostgreSQL.
MOST_OVERFLOW = 10

Hook = Callable[[], None]


def _nothing() -> None:
    pass


class FailingStorage(LocalStorage):
    """Calls something right before and right after a result gets its name."""

    def __init__(self, root: Path, *, reserve_bytes: int) -> None:
        super().__init__(root, reserve_bytes=reserve_bytes)
        self.before: Hook = _nothing
        self.after: Hook = _nothing

    def publish(self, path: Path, key: str) -> None:
        self.before()
        super().publish(path, key)
        self.after()


@pytest.fixture
def storage(tmp_path: Path) -> FailingStorage:
    return FailingStorage(tmp_path / "data", reserve_bytes=0)


@pytest.fixture
def workshop(records: Records, storage: FailingStorage) -> Workshop:
    return Workshop(records=records, storage=storage, tools=toolbox(), owner="me")


def extract(workshop: Workshop, file_id: str) -> None:
    document = {"file_id": file_id, "advanced": {"sha256": "ab", "enhancement": dict(PENDING)}}
    publish_document(workshop, Work(file_id, ProcessType.METADATA_EXTRACTION, 1), document)


def enhance(workshop: Workshop, file_id: str) -> None:
    publish_report(workshop, Work(file_id, ProcessType.VIDEO_ENHANCEMENT, 1), FINAL)


PROCESSES = {"extraction": extract, "enhancement": enhance}


def document(workshop: Workshop, file_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(workshop.storage.read(metadata_key(file_id)))
    return found


def enhancement(workshop: Workshop, file_id: str) -> dict[str, Any]:
    found = document(workshop, file_id)
    assert found["file_id"] == file_id
    assert found["advanced"]["sha256"] == "ab"
    shown: dict[str, Any] = found["advanced"]["enhancement"]
    return shown


def test_until_the_enhancement_is_done_its_report_is_pending(workshop: Workshop) -> None:
    file_id = add_video(workshop.records)
    extract(workshop, file_id)
    assert enhancement(workshop, file_id) == PENDING


@pytest.mark.parametrize("first", PROCESSES)
def test_whichever_comes_second_completes_the_document(workshop: Workshop, first: str) -> None:
    file_id = add_video(workshop.records)
    second = next(name for name in PROCESSES if name != first)
    PROCESSES[first](workshop, file_id)
    PROCESSES[second](workshop, file_id)
    assert enhancement(workshop, file_id) == FINAL


def test_a_report_without_a_document_waits_for_one(workshop: Workshop) -> None:
    file_id = add_video(workshop.records)
    enhance(workshop, file_id)
    assert not workshop.storage.exists(metadata_key(file_id))


def _die() -> None:
    raise WorkStopped


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("dying", PROCESSES)
@pytest.mark.parametrize("first", PROCESSES)
@pytest.mark.parametrize("again", ["at once", "after the other one"])
def test_a_death_around_the_rename_is_made_good_by_the_step_run_again(
    workshop: Workshop, storage: FailingStorage, first: str, dying: str, when: str, again: str
) -> None:
    file_id = add_video(workshop.records)
    second = next(name for name in PROCESSES if name != first)
    left = [dying]
    for name in (first, second):
        if name == dying:
            setattr(storage, when, _die)
            # Enhancement that comes first has nothing to rename, and lives.
            with suppress(WorkStopped):
                PROCESSES[name](workshop, file_id)
            setattr(storage, when, _nothing)
            if again == "at once":
                PROCESSES[left.pop()](workshop, file_id)
        else:
            PROCESSES[name](workshop, file_id)
    for name in left:
        PROCESSES[name](workshop, file_id)
    assert enhancement(workshop, file_id) == FINAL


def test_the_two_do_not_come_between_each_others_reading_and_publishing(
    workshop: Workshop, storage: FailingStorage
) -> None:
    """Extraction has read that there is no report; enhancement must wait with writing one."""
    file_id = add_video(workshop.records)
    other = threading.Thread(target=enhance, args=(workshop, file_id))

    def meanwhile() -> None:
        storage.before = _nothing
        other.start()
        other.join(0.5)
        assert other.is_alive()

    storage.before = meanwhile
    extract(workshop, file_id)
    other.join()
    assert enhancement(workshop, file_id) == FINAL


def test_a_worker_that_slept_does_not_bring_back_an_old_report(workshop: Workshop) -> None:
    file_id = add_video(workshop.records)
    extract(workshop, file_id)
    enhance(workshop, file_id)
    extract(workshop, file_id)  # with what was known when it fell asleep
    assert enhancement(workshop, file_id) == FINAL


@pytest.mark.parametrize("process", PROCESSES)
def test_who_describes_needs_no_second_connection(
    workshop: Workshop, engine: sa.Engine, process: str
) -> None:
    """Others who wait to write have all but one: they wait for this one."""
    file_id = add_video(workshop.records)
    pool = cast("sa.QueuePool", engine.pool)
    with ExitStack() as held:
        while pool.checkedout() < pool.size() + MOST_OVERFLOW - 1:
            held.enter_context(engine.connect())
        PROCESSES[process](workshop, file_id)
