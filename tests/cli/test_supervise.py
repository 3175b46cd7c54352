"""Programs that are kept running."""

from __future__ import annotations

import resource
import threading
from pathlib import Path

import pytest

from reelworks.supervise import KeptProcess


def test_where_there_is_no_room_for_a_process_it_is_started_later() -> None:
    ended = threading.Event()
    kept = KeptProcess("version", ("version",), {}, on_end=lambda _: ended.set())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        kept.start()
        assert not ended.wait(1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert ended.wait(30)
    kept.stop()


def test_nothing_in_the_working_directory_is_taken_for_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queue.py").write_text("open('ran', 'w')")
    monkeypatch.chdir(tmp_path)
    ended = threading.Event()
    kept = KeptProcess("version", ("version",), {}, on_end=lambda _: ended.set())
    kept.start()
    assert ended.wait(30)
    kept.stop()
    assert not (tmp_path / "ran").exists()


def test_who_is_about_to_leave_starts_nothing_again(caplog: pytest.LogCaptureFixture) -> None:
    """As where a signal was sent to all processes, and an upload is waited for yet."""
    kept = KeptProcess("version", ("version",), {}, is_leaving=lambda: True)
    kept.start()
    kept._keeper.join(30)
    assert not kept._keeper.is_alive()
    assert "starting it again" not in caplog.text
