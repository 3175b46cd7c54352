"""A disk that stands still, as one over a network may: what does not write to it is not held up."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from reelworks.app.api import create_api
from reelworks.app.base import open_base
from reelworks.settings import read_settings
from tests.api.conftest import OpenedApi
from tests.api.served import Served
from tests.clips import plain
from tests.videos import add_video
from tests.waiting import wait_for

_MORE_THAN_THREADS = 45
"""A server has 40 threads for routes where nobody says otherwise."""


@dataclass
class Disk:
    """A file system of its own, in a file."""

    folder: Path

    def stop(self) -> None:
        """Whoever writes from now on waits."""
        subprocess.run(["fsfreeze", "--freeze", str(self.folder)], check=True)

    def go_on(self) -> None:
        """It goes on; nothing happens where it has."""
        command = ["fsfreeze", "--unfreeze", str(self.folder)]
        subprocess.run(command, check=False, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(64 << 20)
    for command in (["mkfs.ext4", "-q", image], ["mount", "-o", "loop", image, folder]):
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (FileNotFoundError, subprocess.CalledProcessError):
            pytest.skip("this user may not mount a disk that is a file")
    disk = Disk(folder)
    try:
        yield disk
    finally:
        disk.go_on()
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def served(disk: Disk, tmp_path: Path) -> Iterator[Served]:
    """With its database on another disk."""
    data = disk.folder / "data"
    settings = read_settings(
        data_dir=data, database_url=f"sqlite:///{tmp_path}/reelworks.db", disk_reserve=0
    )
    base = open_base(settings)
    served = Served(OpenedApi(create_api(base, settings), base, data))
    try:
        yield served
    finally:
        disk.go_on()
        served.end()
        base.engine.dispose()


@pytest.mark.parametrize("ask", ["upload", "ready"])
def test_how_a_video_stands_is_told_while_its_disk_stands_still(
    served: Served, disk: Disk, ask: str
) -> None:
    url, file_id = f"http://127.0.0.1:{served.port}", add_video(served.api.base.records)
    video = plain().read_bytes()
    asking: dict[str, Callable[[], httpx.Response]] = {
        "upload": lambda: httpx.post(
            f"{url}/upload", files={"file": ("a.mp4", video, "video/mp4")}, timeout=120
        ),
        "ready": lambda: httpx.get(f"{url}/healthz/ready", timeout=120),
    }
    with ThreadPoolExecutor(_MORE_THAN_THREADS) as clients:
        disk.stop()
        waiting = [clients.submit(asking[ask]) for _ in range(_MORE_THAN_THREADS)]
        try:
            wait_for(lambda: served.connections() >= len(waiting), "all to be there", seconds=15)
            for path in (f"internal/video-enhancement-status/{file_id}", "healthz/live"):
                assert httpx.get(f"{url}/{path}", timeout=15).status_code == 200
            with served.client("me"):
                pass
        finally:
            disk.go_on()
        assert {each.result().status_code for each in waiting} == {200}
