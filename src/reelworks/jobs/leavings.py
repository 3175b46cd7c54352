"""Which files a video has, and how those that nobody waits for are removed."""

from __future__ import annotations

import json

from reelworks.engine.interventions import Deleted
from reelworks.engine.records import Records
from reelworks.jobs.workshop import (
    chunks_prefix,
    compare_key,
    enhanced_key,
    metadata_key,
    poster_key,
)
from reelworks.model import ProcessType, Status, Work
from reelworks.storage.store import Storage


def remove_results(records: Records, storage: Storage, work: Work) -> None:
    """Remove what a cancelled work has published, unless it is being tried anew already.

    A worker that publishes later removes that itself: see ``Workshop.publish``.
    """
    extension = extension_of(records.plan(work.file_id))
    with records.holding(work.file_id, work.process_type) as status:
        if status is Status.FAILED:
            remove_results_of(storage, work.file_id, work.process_type, extension)


def remove_results_of(
    storage: Storage, file_id: str, process_type: ProcessType, extension: str | None
) -> None:
    """Remove all that one process of a video may have published.

    Args:
        extension: the plan's; None where there is no plan, and so no result.
    """
    if process_type is ProcessType.METADATA_EXTRACTION:
        storage.delete(metadata_key(file_id))
        return
    if extension is not None:
        storage.delete(enhanced_key(file_id, extension))
    storage.delete(poster_key(file_id))
    storage.delete(compare_key(file_id))
    storage.delete_prefix(chunks_prefix(file_id))


def remove_video(storage: Storage, deleted: Deleted) -> None:
    """Remove all files of a video that was deleted. May be done twice."""
    for process_type in ProcessType:
        remove_results_of(storage, deleted.file_id, process_type, deleted.extension)
    # Last: with it there, whatever else is left can still be told to be of a video.
    storage.delete(deleted.source_key)


def extension_of(plan: str | None) -> str | None:
    """Which extension the result of a plan has; None where there is no plan."""
    # Read by hand: the rest of a plan that an earlier release made may look otherwise.
    extension: str | None = None if plan is None else json.loads(plan)["extension"]
    return extension
