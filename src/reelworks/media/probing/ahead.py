"""Decodes ahead: gets the next thing ready on one core while another works on the last."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def ahead(things: Iterator[T]) -> Iterator[Iterator[T]]:
    """A context that gives the same things, of which one is got ready in advance.

    When it is left, nothing is under way any more: what the things are read from may be closed.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        yield _each(things, thread)


def _each(things: Iterator[T], thread: ThreadPoolExecutor) -> Iterator[T]:
    coming = thread.submit(next, things, None)
    while (thing := coming.result()) is not None:
        coming = thread.submit(next, things, None)
        yield thing
