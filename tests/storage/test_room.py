"""Work is begun only where there is room for it."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from pathlib import Path

import pytest

from reelworks.storage.room import Room
from tests.chaos.rooms import Room as Disk


def test_a_disk_has_room_down_to_a_twentieth_of_the_reserve(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    free = shutil.disk_usage(tmp_path).free
    with caplog.at_level(logging.WARNING):
        assert Room(tmp_path, reserve_bytes=10 * free).is_there()
        assert not caplog.messages
        assert not Room(tmp_path, reserve_bytes=40 * free).is_there()
    assert "is full" in caplog.text


def test_a_disk_that_holds_no_more_files_is_full(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk", megabytes=8, files=8)
    try:
        if not disk.is_small:
            pytest.skip("this user may not mount")
        room = Room(disk.folder, reserve_bytes=0)
        assert room.is_there()
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            make_files(disk.folder, 8)
        assert not room.is_there()
    finally:
        disk.end()


def make_files(folder: Path, count: int) -> None:
    for number in range(count):
        (folder / str(number)).touch()
