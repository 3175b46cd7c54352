"""An iteration of the asynchronous client that a thread goes through while another may end it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Generic, TypeVar

CLOSED = "The client was closed."

T = TypeVar("T")


class Iteration(Generic[T]):
    """Steps of an asynchronous generator. Belongs to one event loop."""

    def __init__(self, found: AsyncGenerator[T, None]) -> None:
        self._found = found
        self._step: asyncio.Future[T | object] | None = None
        self._closed = False

    async def next(self, end: object) -> T | object:
        """The next item; ``end`` where there is none. Raises RuntimeError where it is closed."""
        if self._closed:
            raise RuntimeError(CLOSED)
        self._step = asyncio.ensure_future(anext(self._found, end))
        try:
            return await self._step
        except asyncio.CancelledError:
            if self._closed:
                raise RuntimeError(CLOSED) from None
            raise

    async def close(self) -> None:
        """Iterate no further. A step that is under way is given up: a generator cannot be closed
        within one."""
        if self._closed:
            return
        self._closed = True
        if self._step is not None and not self._step.done():
            self._step.cancel()
            await asyncio.wait([self._step])
        await self._found.aclose()
