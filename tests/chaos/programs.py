"""Runs one of the service's programs, and starts it again whenever it ends, as a machine would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

_RESTART_SECONDS = 0.5
_END_SECONDS = 30.0


class Program:
    """``reelworks api`` or ``reelworks worker``."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path):
        self.name = name
        self.log = log
        self.ends: Counter[str] = Counter()
        """How often it ended by itself, by exit status."""
        self._command = [sys.executable, "-m", "reelworks", *arguments]
        self._environment = os.environ | environment
        self._ending = threading.Event()
        self._process = self._spawn()
        self._keeper = threading.Thread(target=self._keep, name=f"keeper of {name}", daemon=True)
        self._keeper.start()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _keep(self) -> None:
        while True:
            code = self._process.wait()
            if self._ending.is_set():
                return
            if code != -signal.SIGKILL:
                self.ends[f"{self.name.split()[0]} status {code}"] += 1
            if self._ending.wait(_RESTART_SECONDS):
                return
            self._process = self._spawn()

    def kill(self) -> None:
        """SIGKILL to it alone; what it started is its own affair."""
        self._signal(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: it neither runs nor knows that it does not."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """SIGTERM; it is started again."""
        self._signal(signal.SIGTERM)

    def end(self) -> None:
        """SIGTERM, and it stays ended. Fails where it does not end."""
        self._ending.set()
        self.resume()
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {_END_SECONDS:.0f} s") from error
        finally:
            self._keeper.join()

    def _signal(self, number: int) -> None:
        self._process.send_signal(number)
