"""How the service stands, shown: as tables for a person, as a document for a program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table

from reelworks.client.fetching import printable
from reelworks.engine.overview import Job, Standing, Worker
from reelworks.model import ProcessType, Status

_PROCESS = {
    ProcessType.VIDEO_ENHANCEMENT: "enhance",
    ProcessType.METADATA_EXTRACTION: "extract",
}
_NAME_LETTERS = 36  # as many as a UUID has


def as_document(standing: Standing) -> dict[str, Any]:
    """Everything, with times as ISO 8601 in UTC."""
    census = standing.census
    document = {
        "at": standing.at,
        "processes": {
            kind.value: {status.value: census.processes[kind, status] for status in Status}
            for kind in ProcessType
        },
        "queue": {
            "waiting": census.queued,
            "running": census.claimed,
            "oldest_seconds": census.oldest_seconds,
            "failed_in_a_day": standing.failed_in_a_day,
        },
        **{
            name: [asdict(each) for each in getattr(standing, name)]
            for name in ("workers", "running", "waiting", "failed")
        },
    }
    plain: dict[str, Any] = _plain(document)
    return plain


def as_tables(standing: Standing) -> Iterator[RenderableType]:
    """What to print, readable in 80 columns."""
    census = standing.census
    yield (
        f"{_count(census.workers, 'worker')} with {_count(census.slots, 'slot')}; "
        f"{census.claimed} running, {census.queued} waiting, "
        f"{standing.failed_in_a_day} failed in the last day"
    )
    if standing.workers:
        yield from _section("Workers", _workers(standing), len(standing.workers))
    if standing.running:
        yield from _section("Running", _running(standing), census.claimed)
    if standing.waiting:
        yield from _section("Waiting", _waiting(standing), census.queued)
    if standing.failed:
        yield from _section("Failed in the last day", _failed(standing), standing.failed_in_a_day)


def _section(title: str, table: Table, count: int) -> Iterator[RenderableType]:
    yield f"\n{title}"
    yield Padding(table, (0, 0, 0, 2))
    if count > table.row_count:
        yield f"  and {count - table.row_count} more; see --limit"


def _workers(standing: Standing) -> Table:
    table = _table("host", "pid", "busy", "slots", "up", "lease", right=(1, 2, 3, 4))
    for worker in standing.workers:
        table.add_row(
            _machine(worker.host),
            str(worker.pid),
            str(worker.busy),
            str(worker.slots),
            _span(standing.at - worker.started_at),
            _lease(worker, standing.at),
        )
    return table


def _running(standing: Standing) -> Table:
    table = _table("video", "work", "done", "for", "where", right=(2, 3))
    for job in standing.running:
        where = f"{_machine(job.host)}:{job.pid}" if job.host else "a lost worker"
        notes = [where]
        if job.begun > 1:
            notes.append(f"begun {job.begun} times")
        if job.takeovers:
            notes.append(_count(job.takeovers, "takeover"))
        table.add_row(
            job.file_id,
            _work(job),
            f"{job.progress} %",
            _span(standing.at - job.since),
            "\n".join(notes),
        )
    return table


def _waiting(standing: Standing) -> Table:
    table = _table("video", "work", "size", "for", "client", right=(2, 3))
    for job in standing.waiting:
        table.add_row(
            job.file_id,
            _work(job),
            _size(job.size_bytes),
            _span(standing.at - job.since),
            _name(job.client_id or ""),
        )
    return table


def _failed(standing: Standing) -> Table:
    table = _table("video", "work", "ago", "why", right=(2,))
    for job in standing.failed:
        table.add_row(
            job.file_id, _work(job), _span(standing.at - job.since), printable(job.error or "")
        )
    return table


def _table(*columns: str, right: tuple[int, ...] = ()) -> Table:
    """The last column takes what room there is, and breaks its lines; the others do not."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    last = len(columns) - 1
    for number, column in enumerate(columns):
        table.add_column(
            column,
            justify="right" if number in right else "left",
            no_wrap=number != last,
            overflow="fold",
        )
    return table


def _work(job: Job) -> str:
    return _PROCESS[job.process_type] if job.part is None else job.part


def _name(client_id: str) -> str:
    """What a stranger calls himself: it neither steers a terminal nor fills it."""
    name = printable(client_id)
    return name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…"


def _machine(host: str | None) -> str:
    """A host without what tells its starts and its containers apart: see ``leases``."""
    return re.sub(r"-[0-9a-f]{8}-\d+$", "", host or "")


def _lease(worker: Worker, now: datetime) -> str:
    if worker.is_lost:
        return "lost; its work is being handed on"
    return f"renewed {max(0.0, (now - worker.renewed_at).total_seconds()):.1f} s ago"


def _span(span: timedelta) -> str:
    """A span of time in one unit: 7 s, 12 min, 3 h, 2 d."""
    seconds = max(0, round(span.total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _size(size_bytes: int) -> str:
    for unit, length in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= length:
            return f"{size_bytes / length:.3g} {unit}"
    return f"{size_bytes} B"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _plain(value: Any) -> Any:
    """With nothing in it that JSON does not know."""
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case _:
            return value
