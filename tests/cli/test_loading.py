"""A program loads what it needs, and no more: it starts sooner, and holds less memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_SERVICE = {"sqlalchemy", "dbos", "fastapi", "uvicorn", "obstore"}
_MEDIA = {"av", "numpy"}


@pytest.mark.parametrize(
    ("arguments", "status", "unneeded"),
    [
        (["list", "--url", "http://127.0.0.1:1"], 1, _SERVICE | _MEDIA),
        (["inspect", "nowhere.mp4"], 1, _SERVICE | _MEDIA),
        (["enhance", "nowhere.mp4"], 1, _SERVICE | _MEDIA),
        (["queue", "--data-dir", "nowhere"], 2, {"fastapi", "uvicorn", "obstore", *_MEDIA}),
    ],
)
def test_a_command_loads_only_what_it_needs(
    arguments: list[str], status: int, unneeded: set[str]
) -> None:
    program = (
        f"import sys; sys.argv = {['reelworks', *arguments]!r}\n"
        "from reelworks.cli import main\n"
        "try: main()\n"
        "finally: print(*sys.modules)"
    )
    assert unneeded.isdisjoint(_printed(program, status=status))


@pytest.mark.parametrize(
    ("module", "unneeded"),
    [("reelworks.app.worker", {"fastapi", "uvicorn"}), ("reelworks.app.api", {"numpy"})],
)
def test_a_program_of_the_service_loads_only_what_it_needs(module: str, unneeded: set[str]) -> None:
    loaded = _printed(f"import sys, {module}; print(*sys.modules)", status=0)
    assert module in loaded
    assert unneeded.isdisjoint(loaded)


def test_a_worker_that_loads_its_arithmetic_starts_no_threads_for_it() -> None:
    program = (
        "import sys, os; sys.argv = ['reelworks', 'worker', '--data-dir', '/dev/null']\n"
        "from reelworks.cli import main\n"
        "try: main()\n"
        "finally: print('numpy' in sys.modules, len(os.listdir('/proc/self/task')))"
    )
    assert _printed(program, status=2) == ["True", "1"]


def test_a_worker_that_may_start_no_threads_says_so(tmp_path: Path) -> None:
    program = (
        "import resource, sys\n"
        "for limit, size in ((resource.RLIMIT_STACK, 64 << 30), (resource.RLIMIT_AS, 60 << 30)):\n"
        "    resource.setrlimit(limit, (size, resource.getrlimit(limit)[1]))\n"
        "import os; os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    worker = [sys.executable, "-m", "reelworks", "worker", "--data-dir", str(tmp_path)]
    ended = subprocess.run(
        [sys.executable, "-c", program, *worker[1:]], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert ended.stderr.startswith("reelworks: No more threads can be started on this machine;")


def _printed(program: str, *, status: int) -> list[str]:
    """The words that a Python program prints."""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.returncode == status, ended.stderr
    return ended.stdout.split()
