"""What is published, by whom, and what is left of what failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reelworks.engine.chunks import Chunks, NewChunk
from reelworks.engine.interventions import Interventions
from reelworks.engine.patience import Unfit
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.errors import ChildFailed, NotAVideo, StorageError, WorkStopped
from reelworks.jobs.control import Control
from reelworks.jobs.reporting import reported
from reelworks.jobs.spreading import Spreading
from reelworks.jobs.workshop import Workshop, chunk_key, enhanced_key
from reelworks.model import ProcessType, Status, Work
from reelworks.storage.local import LocalStorage
from tests.clips import toolbox
from tests.videos import add_video

ENHANCEMENT = ProcessType.VIDEO_ENHANCEMENT


@pytest.fixture
def workshop(records: Records, tmp_path: Path) -> Workshop:
    storage = LocalStorage(tmp_path / "data", reserve_bytes=0)
    return Workshop(records=records, storage=storage, tools=toolbox(), owner="me")


@pytest.fixture
def work(records: Records) -> Work:
    return Work(add_video(records), ENHANCEMENT, 1)


def publish(workshop: Workshop, work: Work, key: str, text: str = "mine") -> None:
    with workshop.draft("draft") as draft:
        draft.write_text(text)
        workshop.publish(draft, key, work)


def test_what_is_awaited_is_published(workshop: Workshop, work: Work) -> None:
    publish(workshop, work, enhanced_key(work.file_id, "mp4"))
    assert workshop.storage.read(enhanced_key(work.file_id, "mp4")) == b"mine"


def test_a_worker_whose_work_was_taken_over_publishes_nothing(
    workshop: Workshop, work: Work
) -> None:
    key = enhanced_key(work.file_id, "mp4")
    publish(workshop, work, key, "the heir's")
    late = replace(workshop, is_in_charge=lambda: False)
    with pytest.raises(Unfit):
        publish(late, work, key)
    assert workshop.storage.read(key) == b"the heir's"


def test_an_upload_that_is_gone_is_said_to_be_and_needs_no_traceback(
    workshop: Workshop, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    with reported(workshop, work), workshop.source(work.file_id):
        pytest.fail("there is none")
    said = "The upload of this video is not kept any more; upload it again."
    assert workshop.records.process(work.file_id, ENHANCEMENT).error == said
    (told,) = (each for each in caplog.records if each.levelname == "ERROR")
    assert told.getMessage().endswith(said)
    assert not told.exc_info


def test_a_worker_with_another_store_than_the_uploads_fails_no_video(
    workshop: Workshop, records: Records, work: Work
) -> None:
    other = add_video(records)
    with (
        pytest.raises(StorageError, match="give all programs the same storage URL"),
        reported(workshop, work),
        workshop.source(work.file_id),
    ):
        pytest.fail("there is none")
    assert records.process(work.file_id, ENHANCEMENT).status is Status.PROCESSING
    publish(workshop, work, records.video(other).source_key)
    with reported(workshop, work), workshop.source(work.file_id):
        pytest.fail("there is none")
    assert records.process(work.file_id, ENHANCEMENT).status is Status.FAILED


def test_what_fails_as_its_upload_goes_away_is_no_fault_of_the_video(
    workshop: Workshop, records: Records, work: Work
) -> None:
    publish(workshop, work, records.video(work.file_id).source_key)

    def probe() -> None:
        with reported(workshop, work), workshop.source(work.file_id) as source:
            source.unlink()
            raise NotAVideo("The file could not be opened as a video: No such file or directory.")

    with pytest.raises(StorageError, match="went away while it was used"):
        probe()
    assert records.process(work.file_id, ENHANCEMENT).status is Status.PROCESSING


def test_an_earlier_attempt_does_not_tidy_a_later_ones_chunks_away(
    workshop: Workshop, records: Records, work: Work
) -> None:
    queue = Queue(records.engine)
    chunks, interventions = Chunks(records, queue), Interventions(records, queue)
    interventions.cancel(work.file_id)
    interventions.retry(work.file_id)
    again = work._replace(attempt=2)
    chunks.spread(again, "{}", [NewChunk(number=0, span="{}", frames=10)])
    publish(workshop, again, chunk_key(again, 0))
    with pytest.raises(WorkStopped):
        Spreading(workshop, chunks)._tidy(workshop, work)
    assert chunks.numbers(again) == [0]
    assert workshop.storage.exists(chunk_key(again, 0))


def test_what_is_completed_is_not_replaced_by_who_comes_late(
    workshop: Workshop, records: Records, work: Work
) -> None:
    key = enhanced_key(work.file_id, "mp4")
    publish(workshop, work, key, "the heir's")
    records.complete(work.file_id, ENHANCEMENT)
    with pytest.raises(WorkStopped):
        publish(workshop, work, key)
    assert workshop.storage.read(key) == b"the heir's"


class _Slow(LocalStorage):
    """All else is done while it publishes, as when a machine sleeps then."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def publish(self, path: Path, key: str) -> None:
        self.meanwhile()
        super().publish(path, key)


def test_a_chunk_that_comes_after_all_was_done_is_taken_away_again(
    workshop: Workshop, records: Records, work: Work, tmp_path: Path
) -> None:
    storage = _Slow(tmp_path / "data", reserve_bytes=0)
    storage.meanwhile = lambda: records.complete(work.file_id, ENHANCEMENT)
    with pytest.raises(WorkStopped):
        publish(replace(workshop, storage=storage), work, chunk_key(work, 0))
    assert not storage.exists(chunk_key(work, 0))


def test_a_cancel_whose_answer_was_lost_is_finished_by_the_next(
    workshop: Workshop, records: Records, work: Work
) -> None:
    key = enhanced_key(work.file_id, "mp4")
    records.keep_plan(work.file_id, '{"extension": "mp4"}')
    publish(workshop, work, key)
    interventions = Interventions(records, Queue(records.engine))
    interventions.cancel(work.file_id)
    Control(records, workshop.storage, interventions).cancel(work.file_id)
    assert not workshop.storage.exists(key)


def test_an_earlier_attempt_publishes_nothing_over_a_later_one(
    workshop: Workshop, records: Records, work: Work
) -> None:
    interventions = Interventions(records, Queue(records.engine))
    interventions.cancel(work.file_id)
    interventions.retry(work.file_id)
    key = enhanced_key(work.file_id, "mp4")
    publish(workshop, work._replace(attempt=2), key, "the second's")
    with pytest.raises(WorkStopped):
        publish(workshop, work, key)
    assert workshop.storage.read(key) == b"the second's"


def test_of_a_deleted_video_nothing_is_published(
    workshop: Workshop, records: Records, work: Work
) -> None:
    Interventions(records, Queue(records.engine)).delete(work.file_id, lambda _plan: "mp4")
    with pytest.raises(WorkStopped):
        publish(workshop, work, enhanced_key(work.file_id, "mp4"))
    assert not workshop.storage.exists(enhanced_key(work.file_id, "mp4"))


def test_what_a_failed_process_had_made_is_removed(
    workshop: Workshop, records: Records, work: Work
) -> None:
    with reported(workshop, work):
        publish(workshop, work, chunk_key(work, 0))
        raise ChildFailed("It broke.")
    assert records.process(work.file_id, ENHANCEMENT).status is Status.FAILED
    assert not workshop.storage.exists(chunk_key(work, 0))
