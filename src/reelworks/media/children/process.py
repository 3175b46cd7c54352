"""Runs a child process: this is the only place that has one started for a video.

A child gets no standard input but what it is told, sees only the files that it is given, dies with
this process, and is killed when it makes no progress, when it is stopped, and when the caller's own
code fails. It is always reaped.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import re
import selectors
import signal
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from contextlib import closing
from pathlib import Path
from typing import IO
from weakref import WeakValueDictionary

from reelworks.errors import (
    NO_ROOM,
    ChildFailed,
    ChildHung,
    ChildKilled,
    ChildStarved,
    NoSpace,
    NoThreads,
    WorkStopped,
)
from reelworks.media.children.confinement import allowed_files
from reelworks.media.children.forking import Child, start, warm_up

log = logging.getLogger(__name__)

STALL_SECONDS = 60.0
_TICK_SECONDS = 0.2
_LOG_BYTES = 16 * 1024
_READ_BYTES = 1 << 20

_SPEAKER = re.compile(r"(\[[^\]]* @ 0x[0-9a-f]+\] *)+")
"""Which part of FFmpeg says a line, and where in memory that is."""

_AFTERMATH = re.compile(
    r"(Error (reinitializing|sending|submitting|muxing|flushing|writing|closing|opening output)"
    r"|Error while opening encoder|Could not open encoder before EOF|Task finished"
    r"|Terminating thread|Nothing was written|Output file is empty|Conversion failed"
    r"|Consider inserting|    Last message repeated)"
)
"""How FFmpeg's lines begin that only say that it cannot go on."""

_NO_THREADS = re.compile(
    r"(pthread_create|frame_thread_encoder_init failed|can't start new thread"
    rf"|opening decoder: {os.strerror(errno.EAGAIN)})"
)
"""How FFmpeg, numpy and Python say that they may start no more threads."""

_NO_MEMORY = re.compile(
    rf"({os.strerror(errno.ENOMEM)}|[mM]alloc of size|MemoryError|bad_alloc"
    r"|Memory allocation error)"
)
"""How FFmpeg, its encoders, Python and C++ say that they got no memory."""

_X264_NOT_OPENED = re.compile(r"\[enc:libx264 @ [^\]]*\] Error while opening encoder")
_X264_SAYS = re.compile(r"^\[libx264 @ ", re.MULTILINE)
"""x264 says why it cannot be opened, unless it is that it may start no more threads."""

Feed = Callable[[bytes], bool]
"""Takes what the child wrote on standard output; says whether the work moved on."""


def collect(into: bytearray) -> Feed:
    """A feed that keeps all that the child writes, for children that write little."""

    def feed(data: bytes) -> bool:
        into.extend(data)
        return True

    return feed


class Children:
    """The child processes of this process: starts them, watches them, and can stop them all.

    Safe to share between threads.
    """

    def __init__(self, *, stall_seconds: float = STALL_SECONDS) -> None:
        """Args:
        stall_seconds: how long a child may usually go without progress.
        """
        self.stall_seconds = stall_seconds
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        # A work's children are forgotten when nobody has them in hand any more.
        self._works: WeakValueDictionary[Hashable, Children] = WeakValueDictionary()

    def get_ready(self) -> None:
        """Prepare for starting children, in the background: the first one waits less.

        Raises:
            NoThreads: no process can be started.
        """
        try:
            warm_up()
        except BlockingIOError as error:
            raise NoThreads from error

    def stop(self) -> None:
        """Make every ``run``, present and future, kill its child and raise ``WorkStopped``."""
        self._stopping.set()

    def of(self, work: Hashable) -> Children:
        """The children of one work, which can be stopped without the others.

        Everybody who asks on behalf of the same work gets the same, for as long as anybody keeps
        it.
        """
        with self._lock:
            children = self._works.get(work)
            if children is None:
                children = self._works[work] = _ChildrenOfWork(self)
            return children

    def stop_work(self, work: Hashable) -> None:
        """Stop the children of one work; nothing happens where nobody has them in hand."""
        with self._lock:
            children = self._works.get(work)
        if children is not None:
            children.stop()

    def is_stopping(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stopping.is_set()

    def run(
        self,
        command: list[str],
        feed: Feed,
        *,
        told: bytes = b"",
        reads: Iterable[Path] = (),
        writes: Iterable[Path] = (),
        output: Path | None = None,
        stall_seconds: float | None = None,
    ) -> str:
        """Run a command to its end, handing what it writes on standard output to ``feed``.

        Args:
            command: program and arguments; never a shell's line.
            told: what it finds on its standard input.
            reads: the files and folders that it may read, besides what programs are made of.
            writes: the folders that it may write.
            output: a file that the command writes; its growth counts as progress too.
            stall_seconds: how long it may go without progress; None for as long as usual.

        Returns:
            The tail of what it wrote on standard error.

        Raises:
            ChildFailed: it ended with an error; ChildKilled where somebody else ended it,
                ChildStarved where it got no memory.
            NoSpace: there was no room on the disk for what it wrote.
            NoThreads: it, or a thread of it, could not be started.
            NoChildren: what starts children was killed, which says nothing about this one.
            ChildHung: it made no progress for ``stall_seconds`` and was killed.
            WorkStopped: this process is leaving, or nobody waits for this work any more.
        """
        log.debug("starting %s", command)
        usual = self.stall_seconds
        watchdog = _Watchdog(output, usual if stall_seconds is None else stall_seconds)
        tail = bytearray()
        try:
            with closing(start(command, allowed_files(command[0], reads, writes), told)) as child:
                self._read(child, feed, tail, watchdog)
                code = self._wait(child, tail, watchdog)
        except BlockingIOError as error:
            raise NoThreads from error
        text = tail.decode(errors="replace").strip()
        if code != 0:
            raise _failure(command, code, text)
        return text

    def _read(self, child: Child, feed: Feed, tail: bytearray, watchdog: _Watchdog) -> None:
        _widen(child.stdout)
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            selector.register(child.stderr, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(_TICK_SECONDS):
                    data = os.read(key.fd, _READ_BYTES)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is child.stdout:
                        watchdog.saw(feed(data))
                    else:
                        tail += data
                        del tail[:-_LOG_BYTES]
                self._check(tail, watchdog)

    def _wait(self, child: Child, tail: bytearray, watchdog: _Watchdog) -> int:
        """It has said all that it had to say; it may still take its time to end."""
        while True:
            code = child.wait(_TICK_SECONDS)
            if code is not None:
                return code
            self._check(tail, watchdog)

    def _check(self, tail: bytearray, watchdog: _Watchdog) -> None:
        if self.is_stopping():
            raise WorkStopped
        watchdog.check(tail)


class _ChildrenOfWork(Children):
    """The children of one work among all."""

    def __init__(self, everything: Children) -> None:
        super().__init__(stall_seconds=everything.stall_seconds)
        self._everything = everything

    def is_stopping(self) -> bool:
        return super().is_stopping() or self._everything.is_stopping()


class _Watchdog:
    """Remembers when the work last moved on."""

    def __init__(self, output: Path | None, stall_seconds: float) -> None:
        self._output = output
        self._stall_seconds = stall_seconds
        self._written = 0
        self._moved_at = time.monotonic()

    def saw(self, moved: bool) -> None:
        if moved:
            self._moved_at = time.monotonic()

    def check(self, tail: bytearray) -> None:
        """Raises ChildHung when the work has stood still for too long."""
        if time.monotonic() - self._moved_at < self._stall_seconds:
            return
        # Finishing a large file rewrites it without a word: a file still being written is alive.
        written = self._last_written()
        if written != self._written:
            self._written = written
            self._moved_at = time.monotonic()
            return
        raise ChildHung(
            f"Processing made no progress for {self._stall_seconds:.0f} seconds and was stopped.",
            log=tail.decode(errors="replace"),
        )

    def _last_written(self) -> int:
        try:
            return self._output.stat().st_mtime_ns if self._output else 0
        except FileNotFoundError:
            return 0


def _widen(pipe: IO[bytes]) -> None:
    """Let raw pictures through in large pieces, where the system can."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _READ_BYTES)
        except OSError:  # over this user's share: the ordinary size works too
            log.debug("pipe stays at its ordinary size")


def _failure(command: list[str], code: int, tail: str) -> ChildFailed | NoSpace | NoThreads:
    if any(os.strerror(number) in tail for number in NO_ROOM):
        return NoSpace("There is no room left on the disk; make some, and try again.")
    if _NO_THREADS.search(tail):
        return NoThreads()
    if code == -signal.SIGKILL:  # by whom, and why, it could not say
        return ChildKilled(
            f"{_name(command)} was killed by signal 9: most likely the machine had no memory left.",
            log=tail,
        )
    if _NO_MEMORY.search(tail):
        return ChildStarved(
            f"{_name(command)} got no memory: this machine, or a limit of the service, has too "
            "little for this video, or it is damaged and asks for too much.",
            log=tail,
        )
    if _X264_NOT_OPENED.search(tail) and not _X264_SAYS.search(tail):
        return NoThreads()
    return ChildFailed(_sentence(command, code, tail), log=tail)


def _sentence(command: list[str], code: int, tail: str) -> str:
    how = f"was killed by signal {-code}" if code < 0 else "failed"
    return f"{_name(command)} {how}: {_reason(tail)}"


def _name(command: list[str]) -> str:
    return Path(command[0]).name.split("-")[0]


def _reason(tail: str) -> str:
    """The last line that says why: FFmpeg goes on for a while about what follows from it."""
    lines = [_SPEAKER.sub("", line) for line in tail.splitlines()]
    causes = [line for line in lines if not _AFTERMATH.match(line)]
    return (causes or lines or ["it gave no reason"])[-1]
