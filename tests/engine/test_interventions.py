"""What a deletion leaves behind to be told."""

from __future__ import annotations

from reelworks.engine.interventions import Interventions
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.model import ProcessType, Status
from tests.videos import add_video

ENHANCEMENT, EXTRACTION = ProcessType.VIDEO_ENHANCEMENT, ProcessType.METADATA_EXTRACTION


def delete(records: Records, file_id: str) -> None:
    Interventions(records, Queue(records.engine)).delete(file_id, lambda _plan: "mp4")


def test_what_was_finished_just_before_a_deletion_is_told_as_it_was(records: Records) -> None:
    since = records.now()
    file_id = add_video(records)
    records.begin(file_id, EXTRACTION)
    records.complete(file_id, EXTRACTION)
    completed = records.process(file_id, EXTRACTION)
    delete(records, file_id)
    told = {each.process_type: each for each in records.changed_since(since)}
    assert told[EXTRACTION] == completed
    ended = told[ENHANCEMENT]
    assert (ended.status, ended.error, ended.client_id) == (Status.FAILED, "Deleted", "me")


def test_what_was_finished_before_that_is_not_told_again(records: Records) -> None:
    file_id = add_video(records)
    records.complete(file_id, EXTRACTION)
    records.fail(file_id, ENHANCEMENT, "It broke.")
    since = records.now() + 1
    while records.now() < since:
        pass
    delete(records, file_id)
    assert records.changed_since(since) == []
