"""Runs the command line on a terminal in memory, and shows what a person sees there."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pyte

LINES = 24


class Terminal:
    """A program on a terminal of a given width; every screen that it showed is kept."""

    def __init__(self, columns: int, *arguments: str, env: dict[str, str], cwd: Path) -> None:
        self._screen = pyte.HistoryScreen(columns, LINES, history=10_000)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
        self.raw = b""
        self.shown: list[list[str]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reelworks", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            cwd=cwd,
            env={**_elsewhere(), "TERM": "xterm-256color", "LANG": "C.UTF-8", **env},
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:  # nobody has the other end any more
                return
            self.raw += data
            self._stream.feed(data)
            if not self.shown or self.now() != self.shown[-1]:
                self.shown.append(self.now())

    def now(self) -> list[str]:
        """The lines that are seen now, without empty ones."""
        return [line.rstrip() for line in list(self._screen.display) if line.strip()]

    def ever(self, text: str) -> bool:
        """Whether a line with this text was on the screen at any time."""
        return any(text in line for lines in list(self.shown) for line in lines)

    def interrupt(self) -> None:
        """Ctrl-C."""
        os.killpg(self._process.pid, signal.SIGINT)

    def end(self, seconds: float = 120) -> int:
        """Wait for its end. Returns the exit status."""
        status = self._process.wait(seconds)
        self._reader.join(seconds)
        assert not self._reader.is_alive(), "what it showed could not be read in time"
        os.close(self._master)
        return status


def _elsewhere() -> dict[str, str]:
    """The variables of this process but those that speak of its own terminal: they would count for
    more than the size of this one."""
    return {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
