"""What signals to end mean to our programs: they leave in good order, and clear up before."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

_CLOSED = signal.SIGHUP
"""The terminal is gone; ``nohup`` has it ignored, and so it stays."""


def leave_when_told(leave: Callable[[], None]) -> None:
    """Have this called in place of ending at once. It returns soon: it may come at any moment."""
    for number in (signal.SIGTERM, signal.SIGINT, _CLOSED):
        if number is not _CLOSED or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: leave())


def unwind_when_told() -> None:
    """End as Ctrl-C does it: what is half done is removed, and what was started is stopped."""
    for number in (signal.SIGTERM, _CLOSED):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _unwind)


def _unwind(number: int, _: object) -> None:
    sys.exit(128 + number)  # as shells have it
