"""The fork server: a process of one thread that starts the children of a service.

Run as ``python -P -m reelworks.media.children.fork_server SOCKET`` by ``forking``. It has loaded
what the Python child needs, so that a child is a copy of it and begins at once, where a new
interpreter would first import for a fifth of a second. It has one thread and never looks into a
video, so what runs after a fork can neither deadlock nor find anything of another video.

For each child the service sends one byte along with five descriptors:

    order      a file: JSON, {"command": […], "files": [[readable], [writable]], "folder": where}
    stdin, stdout, stderr
    control    a socket: the child's exit status comes back over it, or what forking failed with;
               when the service closes its side, the child is killed

It leaves when the service does, and takes the children along.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from contextlib import suppress
from typing import NoReturn

from reelworks.media.children.child import COMMAND, load, main
from reelworks.media.children.landlock import confine

_NICENESS = 5
_DESCRIPTORS = 5
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
_HEARD = (signal.SIGCHLD, signal.SIGTERM)
_RUNS_COPIES = sys.platform == "linux"
"""Elsewhere libraries of the system do not survive a fork, and each child starts anew."""


class _Server:
    """The children of one service."""

    def __init__(self, service: socket.socket) -> None:
        self._service = service
        self._controls: dict[int, socket.socket] = {}
        self._awake, self._waker = socket.socketpair()
        self._awake.setblocking(False)
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(service, selectors.EVENT_READ, self._begin)
        self._selector.register(self._awake, selectors.EVENT_READ, self._reap)

    def serve(self) -> None:
        """Start children until the service is gone, and end those that are left."""
        while self._service.fileno() >= 0:
            for key, _ in self._selector.select():
                key.data()
        for pid in self._controls:
            os.kill(pid, signal.SIGKILL)
        for pid in self._controls:
            os.waitpid(pid, 0)

    def _begin(self) -> None:
        byte, descriptors, *_ = socket.recv_fds(self._service, 1, _DESCRIPTORS)
        if not byte:
            self._selector.unregister(self._service)
            self._service.close()
            return
        if len(descriptors) == _DESCRIPTORS:  # else this process may open no more
            self._fork(descriptors, socket.socket(fileno=descriptors.pop()))
        for descriptor in descriptors:
            os.close(descriptor)

    def _fork(self, files: list[int], control: socket.socket) -> None:
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            _tell(control, {"errno": error.errno or 0})
            return
        if pid == 0:
            _be_a_child(server, [control, *self._open()], *files)
        self._controls[pid] = control
        self._selector.register(control, selectors.EVENT_READ, lambda: self._kill(pid))

    def _open(self) -> list[socket.socket | selectors.BaseSelector]:
        """What is open here."""
        ends = (self._service, self._awake, self._waker, *self._controls.values())
        return [self._selector, *ends]

    def _kill(self, pid: int) -> None:
        """The service has no use for it any more."""
        if pid in self._controls:  # else it ended in the meantime, and its number may be another's
            self._selector.unregister(self._controls[pid])
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        self._awake.recv(4096)
        while self._controls:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            control = self._controls.pop(pid)
            if control in self._selector.get_map():
                self._selector.unregister(control)
            _tell(control, {"code": os.waitstatus_to_exitcode(status)})


def _tell(control: socket.socket, answer: dict[str, int]) -> None:
    with control, suppress(BrokenPipeError, ConnectionResetError):  # the service is gone
        control.sendall(json.dumps(answer).encode())


def _be_a_child(
    server: int,
    open_: list[socket.socket | selectors.BaseSelector],
    order: int,
    stdin: int,
    stdout: int,
    stderr: int,
) -> NoReturn:
    """The rest of the life of a forked process."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for each in open_:  # what its siblings hold open is their life, and not its
            each.close()
        for number, descriptor in enumerate((stdin, stdout, stderr)):
            os.dup2(descriptor, number)
            os.close(descriptor)
        with os.fdopen(order, "rb") as file:
            wanted = json.load(file)
        if wanted["folder"] is not None:
            os.chdir(wanted["folder"])
        _settle(server)
        confine(*wanted["files"])
        _run(wanted["command"])
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _settle(server: int) -> None:
    """Die with the server, be the first to go where memory runs out, and heed signals again."""
    for number in _HEARD:
        signal.signal(number, signal.SIG_DFL)
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:  # it was gone before the request was made
        os.kill(os.getpid(), signal.SIGKILL)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")


def _run(command: list[str]) -> None:
    """Become another program, or do a task of the Python child here."""
    if not _RUNS_COPIES or command[: len(COMMAND)] != COMMAND:
        os.execv(command[0], command)
    # For who looks at a list of processes: its command is the server's.
    ctypes.CDLL(None).prctl(_PR_SET_NAME, f"reel-{command[-1]}".encode())
    with os.fdopen(0, closefd=False) as told:
        main(command[-1], told.read())


def run(service: socket.socket) -> None:
    """Be the fork server of a service until it is gone."""
    os.nice(_NICENESS)
    # A terminal's signals and a manager's SIGTERM reach every program of a service, and it is the
    # service that says what becomes of its children.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGHUP])
    for number in _HEARD:
        signal.signal(number, lambda *_: None)
    # Starting a thread for each core would take longer than what is computed here.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if _RUNS_COPIES:
        load()
        gc.freeze()  # so that no child copies memory only to look for garbage in it
    _Server(service).serve()


if __name__ == "__main__":
    run(socket.socket(fileno=int(sys.argv[1])))
