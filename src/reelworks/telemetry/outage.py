"""Tells of what fails again and again: at once, then ever more rarely, and when it is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_FIRST_SECONDS, _LONGEST_SECONDS = 10.0, 600.0


class Outage:
    """One thing that is done again and again, and may fail for a while. For one thread."""

    def __init__(
        self,
        log: logging.Logger,
        begun: str,
        over: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Args:
        begun: what is said while it fails, before the reason.
        over: what is said when it succeeds again.
        """
        self._log = log
        self._begun = begun
        self._over = over
        self._clock = clock
        self._since: float | None = None
        self._next = 0.0
        self._pause = _FIRST_SECONDS

    def failed(self, error: Exception) -> None:
        """It failed, for the first time or once more."""
        now = self._clock()
        if self._since is None:
            self._since, self._next, self._pause = now, now, _FIRST_SECONDS
        if now >= self._next:
            said = str(error).strip().partition("\n")[0]  # PostgreSQL adds what it may mean
            self._log.warning("%s: %s", self._begun, said)
            self._next = now + self._pause
            self._pause = min(2 * self._pause, _LONGEST_SECONDS)

    def succeeded(self) -> None:
        """It did not fail."""
        if self._since is not None:
            lasted = self._clock() - self._since
            self._log.warning("%s, after %.0f s", self._over, lasted)
            self._since = None
