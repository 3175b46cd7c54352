"""Machines that grant little."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

_OLD_LIMIT = 1024
"""select(2) names files below it alone."""
_LEFT_BYTES, _STACK_BYTES = 4 << 30, 16 << 30


@contextmanager
def with_many_files() -> Iterator[None]:
    """This process has more of them open than old system calls can name."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * _OLD_LIMIT:
        pytest.skip("this user may not open so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * _OLD_LIMIT), hard))
    with ExitStack() as held:
        held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(_OLD_LIMIT):
            held.callback(os.close, os.dup(0))
        yield


@contextmanager
def without_files() -> Iterator[None]:
    """This process can open no more of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def with_small_files(most_bytes: int) -> Iterator[None]:
    """This process can make none that is longer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def without_threads() -> Iterator[None]:
    """This process can start no more of them: each would claim more than there is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    claimed = threading.stack_size(_STACK_BYTES)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + _LEFT_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        threading.stack_size(claimed)
