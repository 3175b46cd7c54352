"""Which files a video has, and how those that nobody waits for are removed."""

from __future__ import annotations

from reelworks.engine.records import Records
from reelworks.jobs.workshop import (
    chunks_prefix,
    compare_key,
    enhanced_key,
    metadata_key,
    poster_key,
)
from reelworks.media.plan import Plan
from reelworks.model import ProcessType, Status, Work
from reelworks.storage.store import Storage


def remove_results(records: Records, storage: Storage, work: Work) -> None:
    """Remove what a cancelled work has published, unless it is being tried anew already.

    A worker that publishes later removes that itself: see ``Workshop.publish``.
    """
    extension = _extension(records, work.file_id)
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


def _extension(records: Records, file_id: str) -> str | None:
    plan = records.plan(file_id)
    return None if plan is None else Plan.from_json(plan).extension
