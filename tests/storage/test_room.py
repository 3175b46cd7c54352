"""Work is begun only where there is room for it."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from reelworks.storage.room import Room


def test_a_disk_has_room_down_to_a_twentieth_of_the_reserve(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    free = shutil.disk_usage(tmp_path).free
    with caplog.at_level(logging.WARNING):
        assert Room(tmp_path, reserve_bytes=10 * free).is_there()
        assert not caplog.messages
        assert not Room(tmp_path, reserve_bytes=40 * free).is_there()
    assert "is full" in caplog.text
