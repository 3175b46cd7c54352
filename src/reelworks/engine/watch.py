"""Stops work that nobody waits for any more: cancelled, deleted, or tried anew.

The records are the truth, so it does not matter which machine was asked to cancel and which one
does the work: each worker looks at them for what it is running itself.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reelworks.engine.patience import LEAVE_SECONDS
from reelworks.engine.records import Records
from reelworks.model import Work
from reelworks.telemetry.outage import Outage

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.25
_AWAY_SECONDS = 1.0  # on top, while the database is away


class Watch:
    """Looks four times a second, with one query for all that runs; not at all while nothing does.

    A worker's slots bound what it looks at.
    """

    def __init__(self, records: Records, stop: Callable[[Work], None]) -> None:
        """Args:
        stop: makes what runs of a work unwind; told again at each look until it has.
        """
        self._records = records
        self._stop = stop
        self._running: Counter[Work] = Counter()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join(LEAVE_SECONDS)

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs."""
        with self._lock:
            return not self._running

    @contextmanager
    def over(self, work: Work) -> Iterator[None]:
        """Watch over a work for as long as the block runs. Parts of one work may run together."""
        with self._lock:
            self._running[work] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[work] -= 1
                self._running += Counter()  # forgets those that are at zero

    def _look(self) -> None:
        outage = Outage(
            log, "running work cannot be looked after", "running work is looked after again"
        )
        while not self._ended.wait(_LOOK_SECONDS):
            with self._lock:
                running = set(self._running)
            try:
                for work in self._records.over(running) if running else ():
                    self._stop(work)
                outage.succeeded()
            except Exception as error:
                # The database is away for a while. If for too long, the lease tells us. Whatever
                # else it may be: without this thread nothing that is cancelled would ever stop.
                outage.failed(error)
                self._ended.wait(_AWAY_SECONDS)
