"""Videos as a client looks at them: one, or a page of its own, with how each stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from reelworks.engine.database import now_ms
from reelworks.engine.queue import partition, workflow_id
from reelworks.engine.records import PROCESS, Records, as_process, as_time, as_video, unknown
from reelworks.engine.tables import processes, videos
from reelworks.engine.workflows import in_queue, seeing_workflows, workflows
from reelworks.model import Process, ProcessType, Status, Video, Work

MOST_COUNTED = 10_000
"""Places in the queue are told up to here: who is further back need not know how far."""


class Place(NamedTuple):
    """A video's place in the list of its client's: a later one, or one with a larger id of those of
    the same millisecond, comes before it."""

    created_ms: int
    file_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One video and how it stands.

    Attributes:
        at: the moment, by the database's clock.
        processes: both.
        plan: what enhancement decided, as JSON; None before it did.
        report: what came of it, as JSON; None before it is known.
        positions: places in the queue of those that wait in it, the next one's is 1.
    """

    at: datetime
    video: Video
    processes: Mapping[ProcessType, Process]
    plan: str | None
    report: str | None
    positions: Mapping[ProcessType, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some of a client's videos, newest first.

    Attributes:
        next: where the next page begins: behind this place; None where there is none.
    """

    entries: list[Entry]
    next: Place | None


class Catalogue:
    """Every query on videos as clients look at them, by name. Safe to share between threads."""

    def __init__(self, records: Records) -> None:
        self._records = Records(seeing_workflows(records.engine))

    def entry(self, file_id: str) -> Entry:
        """One video. Raises NotFound."""
        with self._records.reading() as connection:
            rows = connection.execute(_VIDEO.where(videos.c.file_id == file_id)).all()
            found = self._entries(connection, rows)
        if not found:
            raise unknown(file_id)
        return found[0]

    def page(self, client_id: str, limit: int, behind: Place | None) -> Page:
        """At most so many videos of a client, the newest ones behind a place.

        What is uploaded meanwhile comes before all places, and so moves no page.
        """
        query = _VIDEO.where(videos.c.client_id == client_id)
        if behind is not None:
            query = query.where(sa.tuple_(*map(sa.literal, behind)) > _PLACE)
        # One more than asked for tells whether there is a next page.
        query = query.order_by(videos.c.created_at.desc(), videos.c.file_id.desc()).limit(limit + 1)
        with self._records.reading() as connection:
            rows = connection.execute(query).all()
            entries = self._entries(connection, rows[:limit])
        # By what was found, of which some may be deleted by now: behind them there is more.
        following = _place(rows[limit - 1]) if len(rows) > limit else None
        return Page(entries=entries, next=following)

    def _entries(self, connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> list[Entry]:
        both = _both(connection, [row.file_id for row in rows])
        pending = [each for each in _flat(both) if each.status is Status.PENDING]
        positions = self._positions(connection, pending)
        return [
            Entry(
                at=as_time(row.now),
                video=as_video(row),
                processes=both[row.file_id],
                plan=row.plan,
                report=row.report,
                positions={
                    kind: positions[work]
                    for kind, process in both[row.file_id].items()
                    if (work := _work(process)) in positions
                },
            )
            for row in rows
            if len(both[row.file_id]) == len(ProcessType)  # else it was deleted between the two
        ]

    def _positions(
        self, connection: sa.Connection, pending: Collection[Process]
    ) -> dict[Work, int]:
        """How many pieces of work come before those of one client, each itself included.

        Clients take turns, so each other one is taken to have had as many turns, or all that it
        waits for where that is less.
        """
        if not pending:
            return {}
        own = partition(next(iter(pending)).client_id)
        ids = {workflow_id(work): work for work in map(_work, pending)}
        turns = {
            ids[row.workflow_uuid]: row.turn
            for row in connection.execute(self._turns(own, list(ids)))
        }
        others = connection.execute(self._others(own)).scalars().all() if turns else ()
        return {
            work: turn + sum(min(turn, waiting) for waiting in others)
            for work, turn in turns.items()
        }

    def _turns(self, own: str, ids: list[str]) -> sa.Select[Any]:
        order = (workflows.c.priority, workflows.c.created_at, workflows.c.workflow_uuid)
        line = (
            sa.select(
                workflows.c.workflow_uuid, sa.func.row_number().over(order_by=order).label("turn")
            )
            .where(*self._waits(), workflows.c.queue_partition_key == own)
            .order_by(*order)
            .limit(MOST_COUNTED)
            .subquery()
        )
        return sa.select(line).where(line.c.workflow_uuid.in_(ids))

    def _others(self, own: str) -> sa.Select[Any]:
        waiting = (
            sa.select(workflows.c.queue_partition_key)
            .where(*self._waits(), workflows.c.queue_partition_key != own)
            .limit(MOST_COUNTED)
            .subquery()
        )
        return (
            sa.select(sa.func.count()).select_from(waiting).group_by(waiting.c.queue_partition_key)
        )

    def _waits(self) -> list[sa.ColumnElement[bool]]:
        return in_queue(self._records.engine, "ENQUEUED")


_VIDEO = sa.select(videos, now_ms().label("now"))
_PLACE = sa.tuple_(videos.c.created_at, videos.c.file_id)


def _both(connection: sa.Connection, file_ids: list[str]) -> dict[str, dict[ProcessType, Process]]:
    both: dict[str, dict[ProcessType, Process]] = {file_id: {} for file_id in file_ids}
    if file_ids:
        for row in connection.execute(PROCESS.where(processes.c.file_id.in_(file_ids))):
            process = as_process(row)
            both[process.file_id][process.process_type] = process
    return both


def _flat(both: Mapping[str, Mapping[ProcessType, Process]]) -> Iterable[Process]:
    return (process for of_video in both.values() for process in of_video.values())


def _work(process: Process) -> Work:
    return Work(process.file_id, process.process_type, process.attempt)


def _place(row: sa.Row[Any]) -> Place:
    return Place(row.created_at, row.file_id)
