"""Watches a service from outside, through crashes, and holds it to what it must never do."""

from __future__ import annotations

import json
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import imageio_ffmpeg
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection


class Service(Protocol):
    """What has sockets."""

    def socket(self, client_id: str) -> AbstractContextManager[ClientConnection]:
        """A socket of a client, after its connection message."""


class ProgressObserver:
    """A client whose socket reconnects for ever; remembers every step back that it was told of."""

    def __init__(self, service: Service, client_id: str) -> None:
        self._service = service
        self._client_id = client_id
        self._ended = threading.Event()
        self._last: dict[tuple[str, str], tuple[int, int]] = {}
        self._thread = threading.Thread(target=self._observe, daemon=True)
        self.steps_back: list[str] = []
        self.seen = 0

    def __enter__(self) -> ProgressObserver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _observe(self) -> None:
        while not self._ended.is_set():
            try:
                with self._service.socket(self._client_id) as socket:
                    while not self._ended.is_set():
                        try:
                            self._note(json.loads(socket.recv(timeout=0.5)))
                        except TimeoutError:
                            continue
            except (OSError, WebSocketException, EOFError):
                self._ended.wait(0.1)
            except Exception as error:
                self.steps_back.append(f"a message that nobody understands: {error!r}")

    def _note(self, message: dict[str, Any]) -> None:
        if message["type"] != "status_update":
            return
        self.seen += 1
        key = (message["file_id"], message["process_type"])
        ranks = {"pending": 0, "processing": 1, "completed": 2, "failed": 2}
        now = (ranks[message["status"]], message["progress"])
        before = self._last.get(key, (0, 0))
        if now < before or now[1] < before[1]:
            self.steps_back.append(f"{key}: {before} -> {now}")
        self._last[key] = now


def decoded_frames(path: Path) -> int:
    """How many pictures FFmpeg decodes from a file; fails where it meets any error."""
    import subprocess

    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-xerror"]
    command += ["-i", f"file:{path}", "-map", "0:V:0", "-fps_mode", "passthrough"]
    command += ["-f", "null", "-progress", "pipe:1", "-"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{path.name} does not decode: {ended.stderr}"
    assert not ended.stderr, f"{path.name} decodes with errors: {ended.stderr}"
    counts = [line for line in ended.stdout.splitlines() if line.startswith("frame=")]
    return int(counts[-1].removeprefix("frame="))
