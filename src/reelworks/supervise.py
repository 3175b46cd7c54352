"""Keeps programs running as processes of their own: started again whenever they end."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

_LEAVE_SECONDS = 8.0
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 5.0
_STEADY_SECONDS = 10.0


class KeptProcess:
    """One of our own programs, as a process of its own."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: dict[str, str],
        *,
        descriptors: Sequence[int] = (),
        on_end: Callable[[int], None] = lambda _: None,
        is_leaving: Callable[[], bool] = lambda: False,
    ) -> None:
        """Args:
        name: for the log.
        arguments: the command and its flags.
        environment: variables that it gets on top of this process's own.
        descriptors: open files that it gets, by their numbers here.
        on_end: called with its process number whenever it ended by itself.
        is_leaving: whether this program is about to end; none is started again then.
        """
        self._name = name
        self._arguments = arguments
        self._environment = os.environ | environment
        self._descriptors = descriptors
        self._on_end = on_end
        self._is_leaving = is_leaving
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name=f"{name}-keeper", daemon=True)

    def start(self) -> None:
        """Start it and keep it running."""
        self._keeper.start()

    def ask_to_stop(self) -> None:
        """Ask it to leave; it is not started again."""
        self._stopping.set()
        with self._lock:
            if self._process is not None:
                self._process.terminate()

    def stop(self) -> None:
        """Ask it to leave, and make it where it does not."""
        self.ask_to_stop()
        process = self._process
        if process is None:
            return
        try:
            process.wait(_LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("%s did not leave within %.0f s and is killed", self._name, _LEAVE_SECONDS)
            process.kill()
        self._keeper.join()

    def _keep(self) -> None:
        wait = _FIRST_WAIT
        while not self._stopping.is_set():
            started = time.monotonic()
            with self._lock:
                if self._stopping.is_set():
                    return
                self._process = self._spawn()
            ended = self._wait(self._process)
            if self._stopping.is_set() or self._is_leaving():
                return
            wait = _FIRST_WAIT if time.monotonic() - started > _STEADY_SECONDS else wait
            log.error("%s %s; starting it again in %.1f s", self._name, ended, wait)
            self._stopping.wait(wait)
            wait = min(_LONGEST_WAIT, wait * 2)

    def _wait(self, process: subprocess.Popen[bytes] | None) -> str:
        """Wait for its end; says how it ended."""
        if process is None:
            return "could not be started"
        code = process.wait()
        assert process.stdin is not None
        process.stdin.close()
        if not self._stopping.is_set():
            self._on_end(process.pid)
        return f"ended with status {code}"

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        """The process; None where the machine has no room for one at the moment."""
        # -P: the working directory may hold anything, and must not be imported from.
        program = [sys.executable, "-P", "-m", "reelworks"]
        try:
            return subprocess.Popen(
                [*program, *self._arguments, "--leave-with-parent"],
                # This pipe closes when this process ends, however it ends.
                stdin=subprocess.PIPE,
                env=self._environment,
                pass_fds=self._descriptors,
            )
        except OSError as error:
            log.warning("%s: %s", self._name, error)
            return None
