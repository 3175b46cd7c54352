"""Becomes another program, after making it die with its parent and yield to its betters.

Run as a script with nothing but the standard library: ``python -I -S launcher.py PARENT NICENESS
PROGRAM ARGUMENTS…``, where PARENT is the process number of who starts it. Setting these things
here, in the child after its start, is safe in a program with threads, where code between fork and
exec is not.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGKILL when the parent ends. Linux only; elsewhere nothing happens."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before the request was made
        os.kill(os.getpid(), signal.SIGKILL)


def be_killed_first() -> None:
    """Where memory runs out, this process goes, not the service that started it. Linux only."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")


if __name__ == "__main__":
    parent, niceness, program, *arguments = sys.argv[1:]
    die_with_parent(int(parent))
    be_killed_first()
    os.nice(int(niceness))
    # Starting a thread for each core would take longer than what is computed here.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.execv(program, [program, *arguments])
