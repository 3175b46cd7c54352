"""Has the fork server of this process start children, and tells how they end.

No thread of this process forks: the server has none besides its own (decision 0008).
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import IO

from reelworks.errors import NoChildren

_SERVER = "reelworks.media.children.fork_server"
_KILLED_BY = 30.0
"""Seconds within which a child that was killed is gone, unless the server stands still."""
_LEFT_BY = 5.0
_ANSWER_BYTES = 4096


class Child:
    """A running child. Its pipes are not buffered.

    Attributes:
        stdout: what it writes on standard output.
        stderr: what it writes on standard error.
    """

    def __init__(
        self, server: ForkServer, control: socket.socket, stdout: IO[bytes], stderr: IO[bytes]
    ) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self._server = server
        self._control = control
        self._answer: bytes | None = None

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait for its end.

        Returns:
            Its exit status, or the number of the signal that ended it, negative; None when it is
            still alive after so many seconds.

        Raises:
            OSError: it could not be started.
            NoChildren: the fork server was killed, and the child with it.
        """
        if not self._is_over(seconds):
            return None
        assert self._answer is not None
        return _code(self._answer)

    def close(self) -> None:
        """Kill it if it lives, wait until it is gone, and close its pipes."""
        with self._control, self.stdout, self.stderr:
            if self._answer is not None:
                return
            self._control.shutdown(socket.SHUT_WR)
            if not self._is_over(_KILLED_BY):
                self._server.kill()

    def _is_over(self, seconds: float | None) -> bool:
        if self._answer is None:
            self._control.settimeout(seconds)
            with suppress(TimeoutError):
                self._answer = self._control.recv(_ANSWER_BYTES)
        return self._answer is not None


class ForkServer:
    """A running fork server. Safe to share between threads."""

    def __init__(self) -> None:
        self._socket, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(
                # -P: the working directory may hold anything, and must not be imported from.
                [sys.executable, "-P", "-m", _SERVER, str(its.fileno())],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def is_alive(self) -> bool:
        """Whether it can be asked for a child, as far as is known."""
        return self._process.poll() is None

    def send(self, descriptors: Sequence[int]) -> None:
        """Have it start a child that has these (see ``fork_server``).

        Raises:
            BrokenPipeError, ConnectionResetError: it is gone.
        """
        socket.send_fds(self._socket, [b"+"], descriptors)

    def kill(self) -> None:
        """End it at once, and with it all its children."""
        self._process.kill()
        self._process.wait()

    def leave(self) -> None:
        """Let it end, and its children before it."""
        self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_LEFT_BY)
        except subprocess.TimeoutExpired:
            self.kill()


class _Keeper:
    """Has a fork server running for this process: from when one is first needed, and again when it
    was killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: ForkServer | None = None

    def get(self) -> ForkServer:
        with self._lock:
            if self._server is None or not self._server.is_alive():
                self._server = ForkServer()
            return self._server

    def end(self) -> None:
        with self._lock:
            if self._server is not None:
                self._server.leave()


_keeper = _Keeper()


def warm_up() -> None:
    """Start the fork server before the first child is asked for."""
    _keeper.get()


@atexit.register
def leave() -> None:
    """Let the fork server and all children end before this process does.

    Happens by itself, but in a process that ends with ``os._exit``.
    """
    _keeper.end()


def start(command: list[str], files: list[list[str]], told: bytes) -> Child:
    """Start a child.

    Args:
        command: program and arguments.
        files: what it may read, and the folders that it may write.
        told: what it finds on its standard input.

    Raises:
        OSError: it cannot be started. That the server could not fork is told by ``Child.wait``.
    """
    order = json.dumps({"command": command, "files": files, "folder": _folder()}).encode()
    with ExitStack() as given, ExitStack() as kept:
        inputs = [given.enter_context(_file(content)).fileno() for content in (order, told)]
        outputs = [_pipe(given, kept) for _ in ("stdout", "stderr")]
        ours, its = socket.socketpair()
        given.enter_context(its)
        kept.enter_context(ours)
        server = _asked([*inputs, *(writable for _, writable in outputs), its.fileno()])
        kept.pop_all()
        return Child(server, ours, *(readable for readable, _ in outputs))


def _asked(descriptors: Sequence[int]) -> ForkServer:
    """The fork server that was asked for a child with these; one that was killed a moment ago is
    replaced."""
    server = _keeper.get()
    try:
        server.send(descriptors)
    except (BrokenPipeError, ConnectionResetError):
        server.kill()
        server = _keeper.get()
        server.send(descriptors)
    return server


def _file(content: bytes) -> IO[bytes]:
    """A file rather than a pipe: nobody needs to stand by until it is read. In memory where that
    can be had: the folder for temporary files may be full, or not there at all."""
    if hasattr(os, "memfd_create"):
        file: IO[bytes] = os.fdopen(os.memfd_create("told"), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - who asked for it closes it
    file.write(content)
    file.seek(0)
    return file


def _folder() -> str | None:
    """Where this process is; None where that was removed under it."""
    try:
        return os.getcwd()  # noqa: PTH109 - as the child is to be told
    except FileNotFoundError:
        return None


def _pipe(given: ExitStack, kept: ExitStack) -> tuple[IO[bytes], int]:
    readable, writable = os.pipe()
    reader = kept.enter_context(os.fdopen(readable, "rb", buffering=0))
    return reader, given.enter_context(os.fdopen(writable, "wb", buffering=0)).fileno()


def _code(answer: bytes) -> int:
    if not answer:
        raise NoChildren("The process that starts the others was killed; try again.")
    told = json.loads(answer)
    if "errno" in told:
        raise OSError(told["errno"], os.strerror(told["errno"]))
    return int(told["code"])
