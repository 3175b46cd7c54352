"""What is known while videos are watched: their names, how they stand, how long it takes yet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from reelworks.client import ProcessType, Status, Update, Video
from reelworks.client.fetching import printable

# Before so much is known of a rate, what follows from it is a guess.
_TELLING_SECONDS, _TELLING_PERCENT = 1.0, 2


@dataclass
class Row:
    """One video.

    Attributes:
        newest: how each process stands.
        first: where the processing of each was first seen, for its rate.
        heard_at: when the newest was heard, by this machine's steady clock.
    """

    name: str
    newest: dict[ProcessType, Update]
    first: dict[ProcessType, Update] = field(default_factory=dict)
    heard_at: dict[ProcessType, float] = field(default_factory=dict)

    def tell(self, update: Update) -> None:
        """A process is now in this state."""
        process_type = update.process_type
        if update.status is Status.PROCESSING:
            self.first.setdefault(process_type, update)
        else:
            self.first.pop(process_type, None)
        self.newest[process_type] = update
        self.heard_at[process_type] = time.monotonic()

    def seconds_left(self, process_type: ProcessType) -> float | None:
        """How long a process takes yet at its rate so far; None while that tells nothing."""
        first, newest = self.first.get(process_type), self.newest[process_type]
        if first is None:
            return None
        took = (newest.timestamp - first.timestamp).total_seconds()
        made = newest.progress - first.progress
        if took < _TELLING_SECONDS or made < _TELLING_PERCENT:
            return None
        since = time.monotonic() - self.heard_at[process_type]
        return max(0.0, took / made * (100 - newest.progress) - since)

    @property
    def is_final(self) -> bool:
        """Whether both processes are at their end."""
        return all(update.status.is_final for update in self.newest.values())

    @property
    def is_waiting(self) -> bool:
        """Whether nothing of it has begun."""
        return all(update.status is Status.PENDING for update in self.newest.values())

    def failures(self) -> Iterator[Update]:
        """The processes that failed."""
        return (each for each in self.newest.values() if each.status is Status.FAILED)


class Board:
    """The videos that are watched, in the order in which they were given."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def add(self, video: Video) -> None:
        """Watch one more."""
        newest = {update.process_type: update for update in video.updates()}
        self.rows[video.file_id] = Row(printable(video.filename), newest)

    def tell(self, update: Update) -> None:
        """A process is now in this state."""
        self.rows[update.file_id].tell(update)

    def active(self) -> list[Row]:
        """Those that are worked on."""
        return [row for row in self.rows.values() if not (row.is_final or row.is_waiting)]

    def waiting(self) -> int:
        """How many have not begun."""
        return sum(row.is_waiting for row in self.rows.values())

    def done(self) -> int:
        """How many are finished, whichever way."""
        return sum(row.is_final for row in self.rows.values())

    def failed(self) -> int:
        """How many of those have failed in part."""
        return sum(row.is_final and any(row.failures()) for row in self.rows.values())
