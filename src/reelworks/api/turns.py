"""Who goes next where only so many can go at once: each client in its turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """So many places, and a line of those who wait for each client. Belongs to one event loop.

    A place that becomes free goes to the client that has waited the longest for its turn, however
    many others of one client came before it.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        # The first client is next.
        self._waiting: dict[str | None, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, client: str | None) -> AsyncIterator[None]:
        """Wait for a place, and have it in this context."""
        await self._enter(client)
        try:
            yield
        finally:
            self._pass_on()

    async def _enter(self, client: str | None) -> None:
        if self._free:
            self._free -= 1
            return
        called = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(called)
        try:
            await called
        except asyncio.CancelledError:
            if not called.cancelled():  # called at the very moment
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Call the next one, if anybody still waits."""
        while self._waiting:
            client = next(iter(self._waiting))
            line = self._waiting.pop(client)
            called = line.popleft()
            if line:
                self._waiting[client] = line  # behind all others
            if not called.done():
                called.set_result(None)
                return
        self._free += 1
