"""Clears away, from time to time, what nobody needs any more. One worker does it for all.

That is: files of deleted videos, and of what failed or was cancelled, that are still there because
somebody died or the store was away; the engine's records of finished work; and, where the operator
wants it, videos that have been finished for long.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import suppress

from reelworks.engine.interventions import Deleted, Interventions
from reelworks.engine.records import Records
from reelworks.engine.upkeep import Upkeep
from reelworks.errors import NotFound, Unavailable
from reelworks.jobs.leavings import extension_of, remove_results, remove_video
from reelworks.model import Work
from reelworks.storage.store import Storage
from reelworks.telemetry.outage import Outage
from reelworks.telemetry.subject import about

log = logging.getLogger(__name__)

_LOOK_SECONDS = 20.0
# Nobody else begins meanwhile. After a crash another one does, and also where it takes longer: all
# of it may be done twice.
_TURN_SECONDS = 60.0


class Housekeeping:
    """Does it in a thread of its own, a batch at a time."""

    def __init__(
        self,
        upkeep: Upkeep,
        records: Records,
        storage: Storage,
        interventions: Interventions,
        *,
        keep_days: int | None,
    ) -> None:
        """Args:
        keep_days: for how long finished videos are kept; None: for ever.
        """
        self._upkeep = upkeep
        self._records = records
        self._storage = storage
        self._interventions = interventions
        self._keep_days = keep_days
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_house, name="housekeeper", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def end(self) -> None:
        """Look no more. A batch that is under way may be left: all of it may be done again."""
        self._ended.set()

    def clear_away(self) -> int:
        """Do all that is to be done, until it is done or this ends; how much that was."""
        done = 0
        for batch in self._batches():
            done += batch
            if self._ended.is_set():
                break
        return done

    def _keep_house(self) -> None:
        outage = Outage(log, "not everything can be cleared away", "it can be cleared away again")
        while not self._ended.wait(_LOOK_SECONDS):
            try:
                if self._upkeep.is_ours(_TURN_SECONDS):
                    self.clear_away()
                outage.succeeded()
            except (Unavailable, OSError) as error:
                outage.failed(error)
            except Exception:
                # Without this thread nothing would be cleared away for as long as we live.
                log.exception("not everything could be cleared away; it is tried again")

    def _batches(self) -> Iterator[int]:
        """How much each batch cleared away."""
        while deleted := self._upkeep.deleted():
            yield sum(self._remove(each) for each in deleted)
        while self._keep_days is not None and (gone := self._upkeep.expired(self._keep_days)):
            expired = [self._expire(file_id, self._keep_days) for file_id in gone]
            yield len(expired)
            if not any(expired):
                break
        while failed := self._upkeep.failed():
            yield sum(self._clear(work) for work in failed)
        while forgotten := self._upkeep.forget_finished_work():
            yield forgotten

    def _clear(self, work: Work) -> bool:
        """Remove what a failed process left; whether that could be done."""
        try:
            with suppress(NotFound):  # deleted since, and its files with it
                remove_results(self._records, self._storage, work)
        except (Unavailable, OSError) as error:
            with about(*work):
                log.warning("what it left could not be removed yet: %s", error)
            self._upkeep.put_off_clearing(work)
            return False
        self._upkeep.cleared(work)
        return True

    def _expire(self, file_id: str, days: int) -> bool:
        deleted = self._interventions.expire(file_id, days, extension_of)
        if deleted is None:
            return False
        with about(file_id):
            log.info("finished %d days ago, and so deleted", days)
        self._remove(deleted)
        return True

    def _remove(self, deleted: Deleted) -> bool:
        """Remove a deleted video's files; whether that could be done."""
        try:
            remove_video(self._storage, deleted)
        except (Unavailable, OSError) as error:
            with about(deleted.file_id):
                log.warning("its files could not be removed yet: %s", error)
            self._upkeep.put_off(deleted)
            return False
        self._upkeep.seen_to(deleted)
        return True
