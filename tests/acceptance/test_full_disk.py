"""A disk that is full in the middle of the work fails nothing: it goes on when there is room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.observer import decoded_frames
from tests.service import RunningService
from tests.waiting import wait_for

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder whose data folder is a disk of its own."""
    data = tmp_path / "data"
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={32 * MIB}", "tmpfs", str(data)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount a disk")
    yield tmp_path
    subprocess.run(["umount", "-l", str(data)], check=True)


def fill(path: Path, leaving: int) -> None:
    """Write a file until no more than so many bytes are free."""
    with path.open("wb") as file:
        while True:
            free = subprocess.check_output(["stat", "-f", "-c", "%a %S", str(path)]).split()
            room = int(free[0]) * int(free[1]) - leaving
            if room <= 0:
                return
            file.write(bytes(room))
            file.flush()


def test_a_full_disk_fails_nothing_and_the_work_goes_on_when_there_is_room(
    small_disk: Path, noisy_clip: Path
) -> None:
    database = f"sqlite:///{small_disk}/elsewhere.db"
    service = RunningService(small_disk, "--database-url", database, "--disk-reserve", "0")
    try:
        filler = service.data / "filler"
        file_id = service.accepted(noisy_clip)
        fill(filler, leaving=64 << 10)
        wait_for(lambda: "this is tried again" in service.log.read_text(), "the disk to be full")
        assert service.status("video-enhancement", file_id)["status"] in ("pending", "processing")
        filler.unlink()
        for status in service.finished(file_id):
            assert status["status"] == "completed", status
        assert decoded_frames(service.enhanced(file_id)) == 75
    finally:
        service.stop()
