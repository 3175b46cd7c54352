"""What nobody needs any more is cleared away, wherever somebody died or a store was away."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest

from reelworks.engine.interventions import Interventions
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.engine.tables import deletions
from reelworks.engine.upkeep import Upkeep
from reelworks.errors import EngineError
from reelworks.jobs.housekeeping import Housekeeping
from reelworks.jobs.leavings import extension_of
from reelworks.jobs.workshop import compare_key, enhanced_key, metadata_key, poster_key
from reelworks.model import ProcessType, Work
from reelworks.storage.local import LocalStorage
from tests.engine.test_upkeep import age
from tests.videos import add_video


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "data", reserve_bytes=0)


def housekeeping(records: Records, storage: LocalStorage, keep_days: int | None) -> Housekeeping:
    queue = Queue(records.engine)
    return Housekeeping(
        Upkeep(records, queue),
        records,
        storage,
        Interventions(records, queue),
        keep_days=keep_days,
    )


def completed(records: Records, storage: LocalStorage) -> str:
    """A video with all of its files."""
    file_id = add_video(records)
    records.keep_plan(file_id, '{"extension": "mp4"}')
    for key in keys(file_id):
        put(storage, key)
    for kind in ProcessType:
        records.complete(file_id, kind)
    return file_id


def keys(file_id: str) -> list[str]:
    results = [enhanced_key(file_id, "mp4"), metadata_key(file_id)]
    return [f"uploads/{file_id}", *results, poster_key(file_id), compare_key(file_id)]


def put(storage: LocalStorage, key: str) -> None:
    with storage.scratch("me") as folder:
        (folder / "draft").write_text("published")
        storage.publish(folder / "draft", key)


def left(storage: LocalStorage) -> set[str]:
    return {
        str(path.relative_to(storage.root))
        for path in storage.root.rglob("*")
        if path.is_file() and path.parent.name != "scratch"
    }


def test_videos_that_were_finished_long_ago_go_with_all_of_their_files(
    records: Records, storage: LocalStorage
) -> None:
    old, young = completed(records, storage), completed(records, storage)
    age(records, old, 8)
    assert housekeeping(records, storage, keep_days=7).clear_away() == 1
    assert not records.is_known(old)
    assert left(storage) == set(keys(young))


def test_without_a_limit_videos_stay(records: Records, storage: LocalStorage) -> None:
    file_id = completed(records, storage)
    age(records, file_id, 10_000)
    assert housekeeping(records, storage, keep_days=None).clear_away() == 0
    assert records.is_known(file_id)


def test_more_videos_than_a_batch_go_in_one_turn(records: Records, storage: LocalStorage) -> None:
    for _ in range(250):
        file_id = add_video(records)
        for kind in ProcessType:
            records.fail(file_id, kind, "It broke.")
        age(records, file_id, 8)
    assert housekeeping(records, storage, keep_days=7).clear_away() == 250


def test_a_delete_that_died_before_the_files_were_removed_is_finished(
    records: Records, storage: LocalStorage
) -> None:
    file_id = completed(records, storage)
    Interventions(records, Queue(records.engine)).delete(file_id, extension_of)
    housekeeper = housekeeping(records, storage, keep_days=None)
    assert housekeeper.clear_away() == 0  # whoever deleted it is given the time to do it himself
    assert left(storage)
    make_due(records)
    assert housekeeper.clear_away() == 1
    assert left(storage) == set()


def test_what_came_late_is_removed_as_well(records: Records, storage: LocalStorage) -> None:
    file_id = completed(records, storage)
    Interventions(records, Queue(records.engine)).delete(file_id, extension_of)
    make_due(records)
    housekeeper = housekeeping(records, storage, keep_days=None)
    housekeeper.clear_away()
    put(storage, enhanced_key(file_id, "mp4"))  # by a worker that was lost in that very moment
    make_due(records, deleted_at=0)
    assert housekeeper.clear_away() == 1
    assert left(storage) == set()
    assert housekeeper.clear_away() == 0


def test_files_that_cannot_be_removed_now_are_tried_later_and_keep_nothing_else(
    records: Records, storage: LocalStorage
) -> None:
    interventions = Interventions(records, Queue(records.engine))
    stuck, other = completed(records, storage), completed(records, storage)
    (storage.root / "uploads" / stuck).unlink()
    (storage.root / "uploads" / stuck / "folder").mkdir(parents=True)
    for file_id in (stuck, other):
        interventions.delete(file_id, extension_of)
    make_due(records)
    housekeeper = housekeeping(records, storage, keep_days=None)
    assert housekeeper.clear_away() == 1
    assert not any(other in path for path in left(storage))
    (storage.root / "uploads" / stuck / "folder").rmdir()
    (storage.root / "uploads" / stuck).rmdir()
    make_due(records)
    assert housekeeper.clear_away() == 2


def test_a_cancel_that_died_before_the_files_were_removed_is_finished(
    records: Records, storage: LocalStorage
) -> None:
    file_id = add_video(records)
    records.keep_plan(file_id, '{"extension": "mp4"}')
    for key in keys(file_id):
        put(storage, key)
    Interventions(records, Queue(records.engine)).cancel(file_id)
    housekeeper = housekeeping(records, storage, keep_days=None)
    assert housekeeper.clear_away() == 0  # whoever cancelled it is given the time to do it himself
    age(records, file_id, 1)
    assert housekeeper.clear_away() == 2
    assert left(storage) == {f"uploads/{file_id}"}
    assert housekeeper.clear_away() == 0


def test_what_a_failure_left_that_cannot_be_removed_now_keeps_nothing_else(
    records: Records, storage: LocalStorage
) -> None:
    stuck, other = add_video(records), add_video(records)
    (storage.root / metadata_key(stuck) / "folder").mkdir(parents=True)
    put(storage, metadata_key(other))
    for file_id in (stuck, other):
        records.fail(file_id, ProcessType.METADATA_EXTRACTION, "It broke.")
        age(records, file_id, 1)
    assert housekeeping(records, storage, keep_days=None).clear_away() == 1
    assert left(storage) == set()


def test_chunks_of_what_is_deleted_in_that_moment_keep_nothing_else(
    records: Records, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [[], [Work(str(uuid4()), ProcessType.VIDEO_ENHANCEMENT, 1)]]
    monkeypatch.setattr(Upkeep, "failed", lambda _: found.pop())
    assert housekeeping(records, storage, keep_days=None).clear_away() == 1


def test_a_turn_that_fails_is_not_the_last_one(
    records: Records, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reelworks.jobs.housekeeping._LOOK_SECONDS", 0.01)
    turns, again = count(), Event()

    def is_ours(*_: object) -> bool:
        if next(turns) == 0:
            raise ValueError("nobody thought of this")
        again.set()
        return False

    monkeypatch.setattr(Upkeep, "is_ours", is_ours)
    keep_house(records, storage, again)


def test_what_is_away_is_told_of_once_and_when_it_is_back(
    records: Records,
    storage: LocalStorage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("reelworks.jobs.housekeeping._LOOK_SECONDS", 0.01)
    turns, again = count(), Event()

    def is_ours(*_: object) -> bool:
        turn = next(turns)
        if turn < 5:
            raise EngineError("The database does not answer; try again.")
        if turn > 5:  # the turn before is over
            again.set()
        return False

    monkeypatch.setattr(Upkeep, "is_ours", is_ours)
    keep_house(records, storage, again)
    begun, over = caplog.messages
    assert begun.endswith(": The database does not answer; try again.")
    assert over.startswith("it can be cleared away again, after")


def make_due(records: Records, **values: int) -> None:
    with records.engine.begin() as connection:
        connection.execute(deletions.update().values(due_at=0, **values))


def keep_house(records: Records, storage: LocalStorage, until: Event) -> None:
    """Look for what to clear away again and again, until something happens."""
    housekeeper = housekeeping(records, storage, keep_days=None)
    housekeeper.start()
    assert until.wait(10)
    housekeeper.end()
