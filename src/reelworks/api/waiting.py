"""Threads of their own for what asks the store of files, which may be slow or stand still.

What asks the database alone, such as how a video stands, has the usual threads of the server, and
so never waits behind downloads of a store that does not answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

P = ParamSpec("P")
R = TypeVar("R")

_MOST = 100
_threads = CapacityLimiter(_MOST)


def asks_store(route: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """A route that may have to wait for the store."""

    @wraps(route)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return await with_store(partial(route, *args, **kwargs))

    return run


async def with_store(work: Callable[[], R]) -> R:
    """Do what may have to wait for the store."""
    return await to_thread.run_sync(work, limiter=_threads)


async def from_store(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces of a file, each as it comes."""
    while (piece := await with_store(partial(next, pieces, None))) is not None:
        yield piece
