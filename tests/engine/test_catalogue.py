"""Videos as clients look at them, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from reelworks.engine.catalogue import Catalogue, Page, Place
from reelworks.engine.interventions import Interventions
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.errors import NotFound
from reelworks.model import ProcessType, Status
from tests.videos import add_video, new_video

ENHANCEMENT, EXTRACTION = ProcessType.VIDEO_ENHANCEMENT, ProcessType.METADATA_EXTRACTION


@pytest.fixture
def catalogue(records: Records) -> Catalogue:
    return Catalogue(records)


@pytest.fixture
def queue(engine: sa.Engine) -> Iterator[Queue]:
    queue = Queue(engine)
    yield queue
    queue.close()


def ids(page: Page) -> list[str]:
    return [entry.video.file_id for entry in page.entries]


def test_an_entry_is_a_video_with_both_processes(records: Records, catalogue: Catalogue) -> None:
    file_id = add_video(records)
    records.begin(file_id, ENHANCEMENT)
    records.keep_plan(file_id, "{}")
    entry = catalogue.entry(file_id)
    assert entry.video == records.video(file_id)
    assert {kind: process.status for kind, process in entry.processes.items()} == {
        ENHANCEMENT: Status.PROCESSING,
        EXTRACTION: Status.PENDING,
    }
    assert (entry.plan, entry.report) == ("{}", None)
    assert entry.at >= entry.video.created_at


def test_there_is_no_entry_of_an_unknown_video(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound, match="no file nope"):
        catalogue.entry("nope")


def test_pages_hold_every_video_of_the_client_once_newest_first(
    records: Records, catalogue: Catalogue
) -> None:
    # Some of one millisecond, most likely: their order is by id then.
    mine = {add_video(records) for _ in range(11)}
    add_video(records, client_id="you")
    seen: list[str] = []
    behind: Place | None = None
    while True:
        page = catalogue.page("me", 3, behind)
        assert len(page.entries) <= 3
        seen += ids(page)
        if page.next is None:
            break
        behind = page.next
        add_video(records)  # which moves no page
    assert len(seen) == 11
    assert set(seen) == mine
    times = [(records.video(file_id).created_at, file_id) for file_id in seen]
    assert times == sorted(times, reverse=True)


def test_a_video_that_is_deleted_while_a_page_is_read_ends_no_list(
    records: Records, catalogue: Catalogue, queue: Queue
) -> None:
    mine = [add_video(records) for _ in range(5)]

    def delete_one(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Between the videos and their processes."""
        if "FROM processes" in statement and due:
            Interventions(records, queue).delete(due.pop(), lambda _: None)

    due = ids(catalogue.page("me", 1, None))
    kept = set(mine) - set(due)
    sa.event.listen(records.engine, "before_cursor_execute", delete_one)
    page = catalogue.page("me", 2, None)
    seen = ids(page)
    while page.next is not None:
        page = catalogue.page("me", 2, page.next)
        seen += ids(page)
    assert sorted(seen) == sorted(kept)


def test_a_full_last_page_has_no_next(records: Records, catalogue: Catalogue) -> None:
    for _ in range(2):
        add_video(records)
    assert catalogue.page("me", 2, None).next is None
    assert catalogue.page("nobody", 2, None) == Page(entries=[], next=None)


def test_small_videos_come_first_in_the_queue(
    records: Records, catalogue: Catalogue, queue: Queue
) -> None:
    submission = Submission(records, queue)
    large, small = new_video(), replace(new_video(), size_bytes=10)
    submission.submit(large)
    submission.submit(small)
    assert set(catalogue.entry(small.file_id).positions.values()) == {1, 2}
    assert set(catalogue.entry(large.file_id).positions.values()) == {3, 4}


def test_clients_take_turns_in_the_queue(
    records: Records, catalogue: Catalogue, queue: Queue
) -> None:
    submission = Submission(records, queue)
    mine = [new_video() for _ in range(3)]
    for video in [*mine, new_video(client_id="you"), new_video(client_id=None)]:
        submission.submit(video)
    # Of mine, the first has one of each other client before it, the second two, and no more.
    listed = catalogue.page("me", 10, None).entries
    places = sorted(place for entry in listed for place in entry.positions.values())
    assert places == [3, 6, 7, 8, 9, 10]


def test_what_has_begun_or_is_not_queued_has_no_place(
    records: Records, catalogue: Catalogue, queue: Queue
) -> None:
    video = new_video()
    Submission(records, queue).submit(video)
    records.begin(video.file_id, ENHANCEMENT)
    assert set(catalogue.entry(video.file_id).positions) == {EXTRACTION}
    assert catalogue.entry(add_video(records)).positions == {}


def test_a_pace_is_known_when_progress_rose_twice(records: Records) -> None:
    file_id = add_video(records)
    records.begin(file_id, ENHANCEMENT)
    records.advance(file_id, ENHANCEMENT, 1)
    first = records.process(file_id, ENHANCEMENT)
    assert first.pace_ms is None
    assert first.moved_at is not None
    _rewind(records, 3000)
    records.advance(file_id, ENHANCEMENT, 4)
    second = records.process(file_id, ENHANCEMENT)
    assert second.pace_ms is not None
    assert 1000 <= second.pace_ms < 2000


def test_an_interruption_is_not_taken_for_the_pace(records: Records) -> None:
    file_id = add_video(records)
    records.begin(file_id, ENHANCEMENT)
    for progress in (1, 11):
        _rewind(records, 10_000)
        records.advance(file_id, ENHANCEMENT, progress)
    _rewind(records, 10 * 3600 * 1000)
    records.advance(file_id, ENHANCEMENT, 12)
    pace = records.process(file_id, ENHANCEMENT).pace_ms
    assert pace is not None
    assert pace < 2000


def test_a_new_attempt_knows_nothing_of_the_pace_before(records: Records) -> None:
    file_id = add_video(records)
    records.begin(file_id, ENHANCEMENT)
    records.advance(file_id, ENHANCEMENT, 1)
    records.advance(file_id, ENHANCEMENT, 2)
    assert records.process(file_id, ENHANCEMENT).pace_ms is not None
    _set(records, status="pending", progress=0)
    records.begin(file_id, ENHANCEMENT)
    assert records.process(file_id, ENHANCEMENT).pace_ms is None


def _rewind(records: Records, milliseconds: int) -> None:
    """Let time pass: the last move was so much longer ago."""
    with records.writing() as connection:
        connection.exec_driver_sql(f"UPDATE processes SET moved_at = moved_at - {milliseconds}")


def _set(records: Records, *, status: str, progress: int) -> None:
    with records.writing() as connection:
        connection.exec_driver_sql(
            f"UPDATE processes SET status = '{status}', progress = {progress}"
        )
