"""What signals to end mean to our programs: they leave in good order, and clear up before."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

R = TypeVar("R")

_CLOSED = signal.SIGHUP
"""The terminal is gone; ``nohup`` has it ignored, and so it stays."""

_HEARD_SECONDS = 0.5
"""A signal that comes just as a wait begins does not end it, and is heard when it ends."""


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


def hearing_signals(work: Callable[[], R]) -> R:
    """Do what may take minutes in one call of a library, and hear signals meanwhile.

    Python hears them between two steps of its main thread, and such a call is one step. Where a
    signal unwinds, the call is left to end with the process.
    """
    outcome: Future[R] = Future()

    def do() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # raised where it is waited for
            outcome.set_exception(error)

    ended = threading.Event()
    outcome.add_done_callback(lambda _: ended.set())
    threading.Thread(target=do, name="starting", daemon=True).start()
    wait_hearing_signals(ended)
    return outcome.result()


def wait_hearing_signals(event: threading.Event) -> None:
    """Wait in the main thread until an event is set, by a signal, say."""
    while not event.wait(_HEARD_SECONDS):
        pass
