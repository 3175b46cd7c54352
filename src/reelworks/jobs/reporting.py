"""Tells how a process goes: from its begin to its end, and how far it is in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from reelworks.engine.patience import patiently
from reelworks.engine.records import Records
from reelworks.errors import (
    EngineError,
    MediaError,
    ReelworksError,
    Unavailable,
    WorkStopped,
)
from reelworks.jobs.leavings import remove_results
from reelworks.jobs.workshop import Workshop
from reelworks.model import Work
from reelworks.telemetry import instruments
from reelworks.telemetry.outage import Outage
from reelworks.telemetry.subject import subject

log = logging.getLogger(__name__)

_WRITE_SECONDS = 0.2
# A part of a film moves the whole by little, and telling of it costs a look at all parts.
_PART_WRITE_SECONDS = 1.0


@dataclass
class Outcome:
    """How a process stands when its block ends well.

    Attributes:
        goes_on: whether it is not completed by that: other workflows have the rest to do.
    """

    goes_on: bool = False


@contextmanager
def reported(workshop: Workshop, work: Work) -> Iterator[Outcome]:
    """Begin a process, and complete or fail it by how the block ends.

    ``WorkStopped``, ``Unfit`` and ``Unavailable`` pass through untouched: they say nothing about
    the video, and the process stays as it is, for another worker.
    """
    records = workshop.records
    file_id, process_type, attempt = work
    patiently(records.begin, file_id, process_type, attempt=attempt)
    log.info("begun")
    outcome = Outcome()
    try:
        yield outcome
    except Unavailable:
        raise
    except Exception as error:
        if patiently(records.over, [work]):  # deleted, say: the error is not the video's
            raise WorkStopped from error
        if isinstance(error, ReelworksError):
            log.error("%s of %s failed: %s", process_type, file_id, error)  # noqa: TRY400
        else:
            log.exception("%s of %s failed", process_type, file_id)
        if isinstance(error, MediaError) and error.log:
            log.info("its child wrote: %s", error.log)
        patiently(records.fail, file_id, process_type, sentence(error), attempt=attempt)
        _clear_away(workshop, work)
    else:
        if not outcome.goes_on:
            patiently(records.complete, file_id, process_type, attempt=attempt)
            log.info("completed")


def _clear_away(workshop: Workshop, work: Work) -> None:
    """What a failed process had made so far is of no use to anybody."""
    try:
        remove_results(workshop.records, workshop.storage, work)
    except (Unavailable, OSError) as error:
        log.warning("what it had made could not be removed: %s", error)


def sentence(error: Exception) -> str:
    """What to tell a user about an error: one sentence, and nothing about our insides."""
    if isinstance(error, ReelworksError):
        return str(error)
    return "An internal error stopped the work; the operator finds it in the log."


def percent(done: int, total: int) -> int:
    """The share of the work that is done, 0 to 99: 100 is for a published result alone.

    Args:
        done: frames so far; may exceed the total where a container counts wrongly.
        total: frames expected; 0 where that is unknown.
    """
    if total <= 0:
        return 0
    return max(0, min(99, done * 100 // total))


class Progress:
    """Writes down how far a process is: where the percentage rose, a few times a second."""

    def __init__(
        self,
        records: Records,
        work: Work,
        total: int,
        *,
        overall: Callable[[int], tuple[int, int]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Args:
        total: frames expected.
        overall: where this is a part of the work: writes down how many of the part's frames are
            done, and returns how many of all frames are, of how many.
        """
        self._write = partial(
            records.advance, work.file_id, work.process_type, attempt=work.attempt
        )
        about = subject()
        self._frames = instruments.frames.labels((about and about.stage) or "other")
        self._counted = 0
        self._overall = overall or (lambda done: (done, total))
        self._is_part = overall is not None
        self._write_seconds = _PART_WRITE_SECONDS if self._is_part else _WRITE_SECONDS
        self._clock = clock
        self._outage = Outage(
            log, "progress cannot be written down", "progress can be written down again"
        )
        self._last = 0
        self._written_at = -self._write_seconds

    def __call__(self, done: int) -> None:
        """So many frames are done."""
        self._frames.inc(max(0, done - self._counted))
        self._counted = max(done, self._counted)
        now = self._clock()
        if now - self._written_at < self._write_seconds:
            return
        try:
            if self._advance(done):
                self._written_at = now
                self._outage.succeeded()
        except EngineError as error:  # the work goes on without; the next number says it too
            self._outage.failed(error)

    def _advance(self, done: int) -> bool:
        """Whether anything was asked of the database."""
        value = percent(*self._overall(done))
        if value > self._last:
            self._write(value)
            self._last = value
            return True
        return self._is_part
