"""Limits that an operator sets."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.acceptance.test_contract import assert_problem
from tests.service import RunningService


def test_an_upload_over_the_limit_is_413(tmp_path: Path, clean_clip: Path) -> None:
    service = RunningService(tmp_path, "--max-upload", "1000")
    assert_problem(service.upload(clean_clip), 413, "limit of 1,000 bytes")
    assert not service.files()
    assert _asked_for_leave(service, 10**12).startswith(b"HTTP/1.1 413 ")
    service.stop()


def test_an_upload_that_would_eat_the_reserve_is_507(
    tmp_path: Path, clean_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = RunningService(tmp_path)
    service.stop()
    monkeypatch.setenv("REELWORKS_DISK_RESERVE", str(1 << 60))
    service.start(is_ready=False)
    assert_problem(service.upload(clean_clip), 507, "no room left")
    assert not service.files()
    service.stop()


def test_more_sockets_than_a_system_grants_for_a_start_are_held(
    tmp_path: Path, clean_clip: Path
) -> None:
    with _open_files(128):
        service = RunningService(tmp_path)
    with ExitStack() as held:
        for number in range(200):
            held.enter_context(service.socket(f"client-{number}"))
        service.finished(service.accepted(clean_clip))
    service.stop()


def _asked_for_leave(service: RunningService, length: int) -> bytes:
    """What a client is told first that waits for leave to send so much."""
    address = urlsplit(service.url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), timeout=10) as client:
        client.sendall(
            b"POST /upload HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n"
            b"Content-Length: %d\r\n\r\n" % length
        )
        return client.recv(100)


@contextmanager
def _open_files(most: int) -> Iterator[None]:
    """What is started meanwhile may have so many files open, until it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
