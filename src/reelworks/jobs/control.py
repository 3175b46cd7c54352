"""What a user may do to an accepted video: cancel, retry, delete."""

from __future__ import annotations

from reelworks.engine.interventions import Interventions
from reelworks.engine.records import Records
from reelworks.jobs.leavings import remove_results
from reelworks.model import Process, ProcessType
from reelworks.storage.store import Storage


class Control:
    """Carries out what users ask for. Safe to share between threads."""

    def __init__(self, records: Records, storage: Storage, interventions: Interventions) -> None:
        self._records = records
        self._storage = storage
        self._interventions = interventions

    def cancel(self, file_id: str) -> list[Process]:
        """Give up what is unfinished: it is ``failed``, and nothing of it is left.

        Whichever worker runs it notices within a fraction of a second. What is finished stays.

        Returns:
            Both processes as they are then.

        Raises:
            NotFound: there is no such video.
        """
        for work in self._interventions.cancel(file_id):
            remove_results(self._records, self._storage, work)
        return self._both(file_id)

    def _both(self, file_id: str) -> list[Process]:
        return [self._records.process(file_id, process_type) for process_type in ProcessType]
