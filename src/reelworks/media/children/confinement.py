"""What a child process may see of this machine: its own program, its own files, nothing else.

``landlock`` has the kernel hold it to that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import reelworks

_SYSTEM = (
    # Programs and their libraries.
    *("/usr", "/bin", "/lib", "/lib32", "/lib64", "/opt", "/nix/store", "/gnu/store"),
    *("/etc/ld.so.cache", "/etc/localtime"),
    # What programs ask of the machine: cores, memory, randomness.
    *("/sys/devices/system", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"),
    *("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"),
)
"""What any program may read, and none of it is anybody's secret."""

_PYTHON = (sys.prefix, sys.base_prefix, str(Path(reelworks.__file__).absolute().parents[1]))
"""What the Python child is made of: the interpreter, the packages, and this one."""

_SINKS = ("/dev/null",)


def allowed_files(program: str, reads: Iterable[Path], writes: Iterable[Path]) -> list[list[str]]:
    """What a program may read, and the folders that it may write.

    Args:
        program: its path. It may use what stands beside it, as a build of one's own would.
        reads: the files and folders that this run is about.
        writes: the folders that its results go to.
    """
    own = _PYTHON if program == sys.executable else (str(Path(program).resolve().parent),)
    readable = [*_SYSTEM, *own, *(str(path.absolute()) for path in reads)]
    return [readable, [*_SINKS, *(str(path.absolute()) for path in writes)]]
