"""Calls a task of the Python child and hands back what it found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import reelworks.errors
from reelworks.errors import ChildFailed, ReelworksError
from reelworks.media.children.child import COMMAND
from reelworks.media.children.tools import Toolbox

_LONGEST_LINE = 64 << 20


def call(
    tools: Toolbox,
    task: str,
    *,
    reads: Iterable[Path],
    writes: Iterable[Path] = (),
    on_progress: Callable[[int], None] | None = None,
    stall_seconds: float | None = None,
    **arguments: Any,
) -> Any:
    """Run a task of ``child.TASKS`` in a process of its own.

    Args:
        task: its name.
        reads: the files that it may read.
        writes: the folders that it may write.
        on_progress: told how much the task says that it has done.
        stall_seconds: how long it may go without a sign of life; None for as long as usual.
        arguments: the task's own; plain JSON values.

    Returns:
        What the task returned, as JSON values.

    Raises:
        ReelworksError: what the task raised on purpose, as the same class.
        ChildFailed: it crashed, or ended without an outcome.
        NoThreads, NoChildren: no child could be started, or what starts them was killed.
        ChildHung: it showed no sign of life for ``stall_seconds``.
    """
    answer = _Answer(on_progress)
    log = tools.children.run(
        [*COMMAND, task],
        answer.feed,
        # Not among its arguments: there is no limit to the tags of a file, and one to those.
        told=json.dumps(arguments).encode(),
        reads=reads,
        writes=writes,
        stall_seconds=stall_seconds,
    )
    return answer.outcome(log)


class _Answer:
    """Puts the child's lines together as they come."""

    def __init__(self, on_progress: Callable[[int], None] | None) -> None:
        self._on_progress = on_progress
        self._rest = bytearray()
        self._last = b""

    def feed(self, data: bytes) -> bool:
        self._rest += data
        if len(self._rest) > _LONGEST_LINE:
            raise ChildFailed("What is known of this file is too much to take in.")
        *lines, rest = self._rest.split(b"\n")
        self._rest = bytearray(rest)
        for line in lines:
            self._take(bytes(line))
        return bool(lines)

    def outcome(self, log: str) -> Any:
        name, _, value = self._last.decode().partition("=")
        if name == "result":
            return json.loads(value)
        if name == "error":
            raise _restored(**json.loads(value))
        raise ChildFailed("A child process ended without a result.", log=log)

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b"=")
        if name != b"moved":
            self._last = line
        elif self._on_progress is not None:
            self._on_progress(int(value))


def _restored(kind: str, sentence: str) -> ReelworksError:
    error = getattr(reelworks.errors, kind)(sentence)
    assert isinstance(error, ReelworksError)
    return error
