"""A program loads what it needs, and no more: it starts sooner, and holds less memory."""

from __future__ import annotations

import subprocess
import sys

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


def _printed(program: str, *, status: int) -> list[str]:
    """The words that a Python program prints."""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.returncode == status, ended.stderr
    return ended.stdout.split()
