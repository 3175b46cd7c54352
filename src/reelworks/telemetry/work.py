"""Which work this thread is about: set where the work begins, read by whoever writes a log line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What is being worked on.

    Attributes:
        file_id: the video.
        process: one of its two processes, by the contract's name; None where it is neither.
        run: the how-manieth time the process was begun, from 1; None while it was not.
        stage: the part of the process; None between parts.
        attempt: the how-manieth time the stage is tried in this run, from 1.
    """

    file_id: str
    process: str | None = None
    run: int | None = None
    stage: str | None = None
    attempt: int = 1


_work: ContextVar[Work | None] = ContextVar("work", default=None)


@contextmanager
def working(file_id: str, process: str | None = None, run: int | None = None) -> Iterator[None]:
    """What this block does is about a video."""
    token = _work.set(Work(file_id=file_id, process=process, run=run))
    try:
        yield
    finally:
        _work.reset(token)


@contextmanager
def trying(stage: str, attempt: int) -> Iterator[None]:
    """What this block does is one attempt at a stage of the work."""
    before = _work.get()
    token = _work.set(before and replace(before, stage=stage, attempt=attempt))
    try:
        yield
    finally:
        _work.reset(token)


def current() -> Work | None:
    """What this thread works on, if on anything."""
    return _work.get()
