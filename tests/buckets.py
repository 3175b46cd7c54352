"""Real S3 servers for the tests, and fresh places in a bucket on them."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tests.waiting import wait_for

_KEY, _SECRET = "reelworks-tests", "reelworks-tests-secret"


class BucketServer:
    """A server of its own with one bucket, that can be killed and started again."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="rw-s3-"))
        self._port = _free_port()
        self._store = S3Store(
            "bucket",
            endpoint=self.environment["AWS_ENDPOINT_URL"],
            access_key_id=_KEY,
            secret_access_key=_SECRET,
            client_options={"allow_http": True, "timeout": "5s"},
            retry_config={"max_retries": 0},
        )
        self._prepare()
        self.start()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that name the server and a key that it knows."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._port}",
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
        }

    def create(self) -> str:
        """A prefix of the bucket with nothing in it; returns its URL."""
        return f"s3://bucket/{uuid.uuid4().hex}/prefix"

    def files(self, url: str) -> set[str]:
        """Every key below a URL."""
        prefix = url.removeprefix("s3://bucket/")
        found = obstore.list(self._store, prefix).collect()
        return {each["path"].removeprefix(f"{prefix}/") for each in found}

    def start(self) -> None:
        """Start it, on the same port as before."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(self.answers, f"the S3 server to answer; see {self._folder / 'log'}")

    def answers(self) -> bool:
        """Whether it has its bucket."""
        try:
            obstore.list_with_delimiter(self._store, "any")
        except BaseError:
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

    def _prepare(self) -> None:
        raise NotImplementedError

    def _command(self) -> list[str]:
        raise NotImplementedError


class S3Server(BucketServer):
    """``rclone serve s3``: small and quick to start, and not always as Amazon's.

    It answers ranges with 200, ignores If-Match, and names a file by its MD5 however it was sent.
    """

    @property
    def _buckets(self) -> Path:
        return self._folder / "buckets"

    def folder(self, url: str) -> Path:
        """Where the server keeps what is below a URL, a file for each key."""
        return self._buckets / url.removeprefix("s3://")

    def files(self, url: str) -> set[str]:
        """Every key below a URL, and parts of keys that never came to be."""
        folder = self.folder(url)
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}

    def _prepare(self) -> None:
        # The server does not see what others make in its folder while it runs.
        (self._buckets / "bucket").mkdir(parents=True)

    def _command(self) -> list[str]:
        return [
            *(_program("rclone"), "serve", "s3"),
            *("--config", str(self._folder / "rclone.conf")),
            *("--addr", f"127.0.0.1:{self._port}", "--auth-key", f"{_KEY},{_SECRET}"),
            str(self._buckets),
        ]


class SeaweedServer(BucketServer):
    """SeaweedFS: with ranges, conditions and etags as Amazon's."""

    def _prepare(self) -> None:
        self._others = [_free_port() for _ in range(3)]
        (self._folder / "data").mkdir()

    def _command(self) -> list[str]:
        master, filer, volume = self._others
        return [
            *(_program("weed"), "mini", f"-dir={self._folder / 'data'}", "-bucket=bucket"),
            *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.port={self._port}"),
            *(f"-master.port={master}", f"-filer.port={filer}", f"-volume.port={volume}"),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false"),
            "-master.telemetry=false",
        ]


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _free_port() -> int:
    """A port that nothing listens on, and low enough: SeaweedFS adds 10 000 to each for another."""
    while True:
        port = random.randint(10_000, 20_000)
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
