"""What this thread is about: set where work begins, read by whoever writes a line of the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What is being worked on.

    Attributes:
        file_id: the video.
        process: one of its two processes, by the contract's name; None where it is neither.
        attempt: the how-manieth attempt at that process, from 1; a user's retry is a new one.
        stage: the part of the process; None between parts.
        tries: how often the stage was tried on this worker, this time included.
    """

    file_id: str
    process: str | None = None
    attempt: int | None = None
    stage: str | None = None
    tries: int | None = None


_subject: ContextVar[Subject | None] = ContextVar("subject", default=None)


@contextmanager
def about(file_id: str, process: str | None = None, attempt: int | None = None) -> Iterator[None]:
    """What this block does is about a video."""
    token = _subject.set(Subject(file_id=file_id, process=process, attempt=attempt))
    try:
        yield
    finally:
        _subject.reset(token)


@contextmanager
def at_stage(stage: str, tries: int) -> Iterator[None]:
    """What this block does is one try of a stage."""
    before = _subject.get()
    token = _subject.set(before and replace(before, stage=stage, tries=tries))
    try:
        yield
    finally:
        _subject.reset(token)


def subject() -> Subject | None:
    """What this thread is about, if about any video."""
    return _subject.get()
