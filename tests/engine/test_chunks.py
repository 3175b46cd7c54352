"""Chunks are queued once, counted once, and the last one queues the join: on either database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from reelworks.engine.chunks import Chunks, NewChunk
from reelworks.engine.interventions import Interventions
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.errors import NotFound, WorkStopped
from reelworks.model import ProcessType, Work
from tests.videos import new_video

FRAMES = (100, 50, 150)


@pytest.fixture
def work(records: Records) -> Work:
    """A video that was accepted."""
    video = new_video()
    Submission(records, Queue(records.engine)).submit(video)
    return Work(video.file_id, ProcessType.VIDEO_ENHANCEMENT, 1)


@pytest.fixture
def chunks(records: Records, work: Work) -> Chunks:
    """The video, spread."""
    chunks = Chunks(records, Queue(records.engine))
    spread(chunks, work)
    return chunks


def spread(chunks: Chunks, work: Work) -> None:
    cut = [
        NewChunk(number=number, span=f'"{number}"', frames=frames)
        for number, frames in enumerate(FRAMES)
    ]
    chunks.spread(work, '{"known": true}', cut)


def queued(records: Records, kind: str) -> list[str]:
    """The ids of queued workflows of a kind, in order."""
    schema = "dbos." if records.engine.dialect.name == "postgresql" else ""
    query = sa.text(f"SELECT workflow_uuid FROM {schema}workflow_status WHERE name = :kind")
    with records.engine.connect() as connection:
        return sorted(connection.execute(query, {"kind": kind}).scalars())


def test_each_chunk_is_queued(records: Records, chunks: Chunks, work: Work) -> None:
    assert queued(records, "chunk") == [f"chunk/{work.file_id}/1/{n}" for n in range(3)]
    assert queued(records, "join") == []
    assert chunks.numbers(work) == [0, 1, 2]
    assert chunks.span(work, 2) == '"2"'
    assert chunks.probe(work.file_id) == '{"known": true}'


def test_spreading_twice_is_spreading_once(records: Records, chunks: Chunks, work: Work) -> None:
    spread(chunks, work)
    assert len(queued(records, "chunk")) == 3


def test_another_attempt_has_chunks_of_its_own(
    records: Records, chunks: Chunks, work: Work
) -> None:
    chunks.advance(work, 0, 100)
    records.fail(work.file_id, work.process_type, "It broke.", attempt=1)
    (again,) = Interventions(records, Queue(records.engine)).retry(work.file_id)
    spread(chunks, again)
    assert chunks.advance(again, 1, 5) == (5, sum(FRAMES))


def test_a_video_that_is_done_or_deleted_is_not_spread_any_more(
    records: Records, chunks: Chunks, work: Work
) -> None:
    # By a worker that slept through all of it: nobody would clear those chunks away.
    chunks.forget(work.file_id)
    records.complete(work.file_id, work.process_type, attempt=1)
    with pytest.raises(WorkStopped):
        spread(chunks, work)
    assert chunks.numbers(work) == []
    with pytest.raises(NotFound):
        spread(chunks, work._replace(file_id="deleted"))


def test_progress_is_that_of_all_chunks_and_never_goes_back(chunks: Chunks, work: Work) -> None:
    assert chunks.advance(work, 0, 40) == (40, sum(FRAMES))
    assert chunks.advance(work, 2, 60) == (100, sum(FRAMES))
    assert chunks.advance(work, 0, 10) == (100, sum(FRAMES))  # encoded again, after a takeover


def test_the_last_one_queues_the_join_once(records: Records, chunks: Chunks, work: Work) -> None:
    for number in (2, 0, 0):
        chunks.finish(work, number)
    assert queued(records, "join") == []
    chunks.finish(work, 1)
    chunks.finish(work, 1)
    assert queued(records, "join") == [f"join/{work.file_id}/1"]


def test_chunks_that_finish_at_once_queue_one_join(
    records: Records, chunks: Chunks, work: Work
) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda number: chunks.finish(work, number), range(3)))
    assert queued(records, "join") == [f"join/{work.file_id}/1"]


def test_joined_chunks_are_forgotten(chunks: Chunks, work: Work) -> None:
    chunks.forget(work.file_id)
    assert chunks.numbers(work) == []
