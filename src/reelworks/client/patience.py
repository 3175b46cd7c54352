"""How long to go on trying what fails, and how often."""

from __future__ import annotations

import asyncio
import random
import time

from reelworks.errors import ServiceError

_FIRST_SECONDS, _LONGEST_SECONDS = 0.25, 5.0


class Patience:
    """Waits that double from a quarter of a second to five, until the patience is at its end."""

    def __init__(self, seconds: float) -> None:
        """Args:
        seconds: how long nothing at all may succeed.
        """
        self._seconds = seconds
        self._failing_since: float | None = None
        self._waited_at = 0.0
        self._waits = 0

    def succeeded(self) -> None:
        """Something succeeded: the patience is whole again.

        The waits become short only with time, so that what fails again and again is not tried
        without a pause.
        """
        self._failing_since = None

    async def wait(self, error: ServiceError) -> None:
        """Wait before the next try. Raises the error when the patience is at its end."""
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        if now - self._failing_since >= self._seconds:
            raise error
        if now - self._waited_at > 2 * _LONGEST_SECONDS:
            self._waits = 0
        longest = min(_FIRST_SECONDS * 2**self._waits, _LONGEST_SECONDS)
        self._waits = min(self._waits + 1, 16)
        # Apart from each other: all clients of a service that comes back must not come at once.
        await asyncio.sleep(random.uniform(longest / 2, longest))
        self._waited_at = time.monotonic()
