"""A real S3 server for the tests, and fresh places in a bucket on it."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

from tests.waiting import wait_for

_KEY, _SECRET = "reelworks-tests", "reelworks-tests-secret"


class S3Server:
    """``rclone serve s3`` over a folder, that can be killed and started again."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="rw-s3-"))
        self._buckets = self._folder / "buckets"
        # The server does not see what others make in its folder while it runs.
        (self._buckets / "bucket").mkdir(parents=True)
        self._log = self._folder / "log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._address: tuple[str, int] = free.getsockname()
        self.start()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that name the server and a key that it knows."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._address[1]}",
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
        }

    def create(self) -> str:
        """A prefix of the bucket with nothing in it; returns its URL."""
        return f"s3://bucket/{uuid.uuid4().hex}/prefix"

    def files(self, url: str) -> set[str]:
        """Every key below a URL, and parts of keys that never came to be."""
        folder = self._buckets / url.removeprefix("s3://")
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}

    def start(self) -> None:
        """Start it, on the same port as before."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(Path(sys.executable).with_name("rclone")), "serve", "s3"),
                    *("--config", str(self._folder / "rclone.conf")),
                    *("--addr", f"127.0.0.1:{self._address[1]}"),
                    *("--auth-key", f"{_KEY},{_SECRET}"),
                    str(self._buckets),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(self.answers, "the S3 server to answer")

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            socket.create_connection(self._address, timeout=1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """SIGSTOP: it takes connections, and never answers."""
        self._process.send_signal(signal.SIGSTOP)
        wait_for(self._is_stopped, "the S3 server to stop")

    def go_on(self) -> None:
        """SIGCONT."""
        self._process.send_signal(signal.SIGCONT)

    def _is_stopped(self) -> bool:
        states = Path(f"/proc/{self._process.pid}/task").glob("*/stat")
        return all(path.read_text().rpartition(")")[2].split()[0] == "T" for path in states)

    def end(self) -> None:
        """Kill it and remove all that it kept."""
        self.kill()
        shutil.rmtree(self._folder)
