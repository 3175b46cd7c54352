"""Waits for what the service itself needs: a database or a store that is away, a disk that is full.

None of that says anything about a video. So it is no outcome of any work: the work is done again
when what it needs is there, here or on another worker.
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from reelworks.errors import NO_ROOM, NoSpace, Unavailable

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

PATIENCE_SECONDS = 60.0
"""After so long a worker leaves: a fresh start, or another machine, may fare better."""

LEAVE_SECONDS = 2.0
"""So long a worker that leaves waits for each thread: with a database that is away, they may be at
one question until it is back."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
# What a machine runs out of, or what breaks under it.
_NOT_THE_VIDEOS = (errno.EIO, errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN)


class Unfit(BaseException):
    """Work unwinds without an outcome: what it needs was not to be had here for too long.

    Not an ``Exception``, so that nothing on the way records it as the outcome of the work.
    """


def patiently(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do something that may be done twice; do it again while what it needs is missing.

    Raises Unfit where that takes too long.
    """
    waited_since: float | None = None
    pause = _FIRST_PAUSE
    while True:
        try:
            return _explained(work, *args, **kwargs)
        except Unavailable as error:
            now = time.monotonic()
            waited_since = waited_since or now
            if now - waited_since > PATIENCE_SECONDS:
                raise Unfit(str(error)) from error
            log.warning("this is tried again in %.1f s: %s", pause, error)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def _explained(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """An error of the machine as what it is."""
    try:
        return work(*args, **kwargs)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise NoSpace("The worker has no room left on its disk.") from error
        if error.errno in _NOT_THE_VIDEOS:
            raise Unavailable(f"The worker's machine failed: {error.strerror}.") from error
        raise
