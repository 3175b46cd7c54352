"""Keeps a worker process running beside the API: started again whenever it ends."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time

log = logging.getLogger(__name__)

_LEAVE_SECONDS = 8.0
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 5.0
_STEADY_SECONDS = 10.0


class WorkerProcess:
    """One worker, as a process of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Args:
        environment: variables that it gets on top of this process's own.
        """
        self._environment = os.environ | environment
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name="worker-keeper", daemon=True)

    def start(self) -> None:
        """Start it and keep it running."""
        self._keeper.start()

    def stop(self) -> None:
        """Ask it to leave, and make it where it does not."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("the worker did not leave within %.0f s and is killed", _LEAVE_SECONDS)
            process.kill()
        self._keeper.join()

    def _keep(self) -> None:
        wait = _FIRST_WAIT
        while not self._stopping.is_set():
            started = time.monotonic()
            with self._lock:
                if self._stopping.is_set():
                    return
                self._process = process = self._spawn()
            code = process.wait()
            assert process.stdin is not None
            process.stdin.close()
            if self._stopping.is_set():
                return
            wait = _FIRST_WAIT if time.monotonic() - started > _STEADY_SECONDS else wait
            log.error("the worker ended with status %d; starting it again in %.1f s", code, wait)
            self._stopping.wait(wait)
            wait = min(_LONGEST_WAIT, wait * 2)

    def _spawn(self) -> subprocess.Popen[bytes]:
        # The pipe to its standard input closes when this process ends, however it ends.
        return subprocess.Popen(
            [sys.executable, "-m", "reelworks", "worker", "--leave-with-parent"],
            stdin=subprocess.PIPE,
            env=self._environment,
        )
