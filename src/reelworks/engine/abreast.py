"""Lets the steps of a worker run side by side, but for one that is to have the machine for itself.

That is one whose child was killed, most likely as memory ran out: two large ones would be killed
again and again while they run together, and each of them can be done alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reelworks.errors import WorkStopped

_LOOK_SECONDS = 0.5


class Abreast:
    """The steps of one worker. Safe to share between threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._alone = 0  # how many of those that are to be alone run, or wait until they can

    @property
    def is_reserved(self) -> bool:
        """Whether any is to be alone: nothing else can begin meanwhile."""
        return self._alone > 0

    @contextmanager
    def place(self, is_over: Callable[[], bool], alone: bool) -> Iterator[None]:
        """Run this block beside others, or alone; what it needs for that is waited for.

        Args:
            is_over: asked from time to time while it waits.

        Raises:
            WorkStopped: it was over before it could begin.
        """
        self._reserve(alone)
        try:
            self._take(is_over, alone)
            try:
                yield
            finally:
                self._leave()
        finally:
            self._reserve(-alone)

    def _reserve(self, count: int) -> None:
        with self._changed:
            self._alone += count
            self._changed.notify_all()

    def _take(self, is_over: Callable[[], bool], alone: bool) -> None:
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._is_free(alone), _LOOK_SECONDS):
                    self._running += 1
                    return
            if is_over():  # not under the lock: it may take long
                raise WorkStopped

    def _is_free(self, alone: bool) -> bool:
        return self._running == 0 if alone else self._alone == 0

    def _leave(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()
