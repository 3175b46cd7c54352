"""What a user may do to an accepted video: cancel, retry, delete."""

from __future__ import annotations

import logging

from reelworks.engine.interventions import Interventions
from reelworks.engine.records import Records
from reelworks.errors import Conflict, StorageError
from reelworks.jobs.leavings import extension_of, remove_results, remove_video
from reelworks.model import Process, ProcessType, Work
from reelworks.storage.store import Storage
from reelworks.telemetry.subject import about

log = logging.getLogger(__name__)


class Control:
    """Carries out what users ask for. Safe to share between threads."""

    def __init__(self, records: Records, storage: Storage, interventions: Interventions) -> None:
        self._records = records
        self._storage = storage
        self._interventions = interventions

    def cancel(self, file_id: str) -> list[Process]:
        """Give up what is unfinished: it is ``failed``, and nothing of it is left.

        Whichever worker runs it notices within a fraction of a second. What is finished stays.
        Where the files cannot be removed now, a worker does it later.

        Returns:
            Both processes as they are then.

        Raises:
            NotFound: there is no such video.
        """
        for work in self._interventions.cancel(file_id):
            with about(*work):
                self._remove_results(work)
        return self._both(file_id)

    def retry(self, file_id: str) -> list[Process]:
        """Begin anew with what has failed, was cancelled included. What is finished stays.

        Returns:
            Both processes as they are then.

        Raises:
            NotFound: there is no such video.
            Conflict: nothing of it has failed, or its upload is not there any more.
        """
        if not self._storage.exists(self._records.video(file_id).source_key):
            raise Conflict(f"The upload of file {file_id} is not kept any more; upload it again.")
        self._interventions.retry(file_id)
        return self._both(file_id)

    def delete(self, file_id: str) -> None:
        """Forget a video: its work ends, its rows and all of its files go.

        From the moment that its rows are gone it is unknown. Where the files cannot be removed now,
        a worker does it later.

        Raises:
            NotFound: there is no such video.
        """
        deleted = self._interventions.delete(file_id, extension_of)
        with about(file_id):
            log.info("deleted")
            try:
                remove_video(self._storage, deleted)
            except (StorageError, OSError) as error:
                log.warning("its files could not be removed yet: %s", error)

    def _remove_results(self, work: Work) -> None:
        try:
            remove_results(self._records, self._storage, work)
        except (StorageError, OSError) as error:
            log.warning("what it had made could not be removed yet: %s", error)

    def _both(self, file_id: str) -> list[Process]:
        return [self._records.process(file_id, process_type) for process_type in ProcessType]
