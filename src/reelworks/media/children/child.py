"""The Python child: does in-process libav work apart from the service.

Run as ``COMMAND TASK`` by ``call``, with the task's arguments as JSON on standard input; the fork
server knows the command, and runs it in a copy of itself. What a stranger's file can do to libav,
it does to this process only. On standard output it writes lines:

    moved=N         a sign of life: how much is done so far; the first one says that it is ready
    result=JSON     the last line, when the task succeeded
    error=JSON      the last line, when it failed on purpose: {"kind": …, "sentence": …}

Anything else that goes wrong is a traceback on standard error and an exit status of 1.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, TextIO

from reelworks.errors import ReelworksError

# -P: the working directory may hold anything, and must not be imported from.
COMMAND = [sys.executable, "-P", "-m", "reelworks.media.children.child"]

Moved = Callable[[int], None]
"""Told by a task how much it has done so far."""

# Named, not imported: a probe takes a fraction of a second and should not wait for numpy.
TASKS = {
    "analyse": "reelworks.media.analysis.sampling:task",
    "check": "reelworks.media.probing.check:task",
    "cut": "reelworks.media.encoding.splicing:cut",
    "probe": "reelworks.media.probing.probe:task",
    "prove": "reelworks.media.proving.proof:task",
    "splice": "reelworks.media.encoding.splicing:splice",
    "verify": "reelworks.media.verifying.verify:task",
}
"""Name of a task → ``module:function``, called as ``function(moved, **arguments)``."""

_IMPORTED_LATE = (
    "av.subtitles.codeccontext",
    "av.subtitles.stream",
    "numpy.fft",
    "numpy.ma",
    "reelworks.media.probing.layers",
    "reelworks.media.probing.raw",
    "reelworks.media.proving.proving",
    "reelworks.media.verifying.checking",
)
"""What tasks, and libraries, import no earlier than they need it."""

_SECONDS_BETWEEN_SIGNS = 0.1


def load() -> None:
    """Import all that tasks need."""
    for name in TASKS:
        _task(name)
    for module in _IMPORTED_LATE:
        import_module(module)


def main(name: str, arguments: str) -> None:
    """Do a task and write its outcome."""
    out, task = _own_output(), _task(name)
    # From here on, what goes wrong is the file's doing.
    _write(out, "moved=0")
    try:
        result = task(_signs(out), **json.loads(arguments))
    except ReelworksError as error:
        report = {"kind": type(error).__name__, "sentence": str(error)}
        _write(out, f"error={json.dumps(report)}")
    else:
        _write(out, f"result={json.dumps(result)}")


def _task(name: str) -> Callable[..., Any]:
    module, _, function = TASKS[name].partition(":")
    task: Callable[..., Any] = getattr(import_module(module), function)
    return task


def _own_output() -> TextIO:
    """Standard output for the protocol alone: what a C library prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def _signs(out: TextIO) -> Moved:
    """A ``moved`` that writes at most ten times a second."""
    last = -_SECONDS_BETWEEN_SIGNS

    def moved(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_SIGNS:
            last = now
            _write(out, f"moved={done}")

    return moved


def _write(out: TextIO, line: str) -> None:
    out.write(line + "\n")
    out.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.read())
