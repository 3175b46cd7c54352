"""Who among the processes of a service works on videos."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import psutil

from tests.waiting import wait_for

T = TypeVar("T")
_FORK_SERVER = "reelworks.media.children.fork_server"


def at_work(pid: int) -> list[psutil.Process]:
    """The children that a process, or one that it started, has at work on videos."""
    return [
        child
        for server in fork_servers(pid)
        for child in asked(partial(server.children, recursive=True), [])
        if child.is_running()
    ]


def fork_servers(pid: int) -> list[psutil.Process]:
    """The fork servers of a process and of those that it started."""
    family = psutil.Process(pid).children(recursive=True)
    parents = {each.pid: each for each in family if _is_copy(each)}
    return [each for each in parents.values() if asked(each.ppid, pid) not in parents]


def ffmpegs(pid: int, naming: str = "") -> list[psutil.Process]:
    """The FFmpegs that a process, or one that it started, has running on a file of that name."""
    family = psutil.Process(pid).children(recursive=True)
    return [
        each
        for each in family
        if "ffmpeg" in each.name() and naming in " ".join(asked(each.cmdline, []))
    ]


def end_fork_server() -> None:
    """Kill that of this process: the next child is started by a new one."""
    servers = fork_servers(os.getpid())
    for server in servers:
        server.kill()
    # Their parent reaps them, whenever it notices.
    wait_for(lambda: not any(map(is_alive, servers)), "the end of the fork server")


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; one that is only waiting to be reaped does not."""
    status = asked(process.status, psutil.STATUS_ZOMBIE)
    return process.is_running() and bool(status != psutil.STATUS_ZOMBIE)


def is_fork_server(process: psutil.Process) -> bool:
    """Whether it is one, and not a copy of one at work."""
    parent = process.parent()
    return _is_copy(process) and not (parent and _is_copy(parent))


def _is_copy(process: psutil.Process) -> bool:
    return _FORK_SERVER in asked(process.cmdline, [])


def asked(question: Callable[[], T], ended: T) -> T:
    """What a process answers, or ``ended`` if it has ended, reaped or not."""
    try:
        return question()
    except psutil.NoSuchProcess:
        return ended
