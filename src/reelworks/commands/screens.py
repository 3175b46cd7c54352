"""What is shown while videos are sent and watched: bars on a terminal, lines elsewhere, or JSON.

Results go to standard output, everything that is only of passing interest to standard error.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from reelworks.client import ProcessType, Status, Update, Video
from reelworks.client.fetching import printable
from reelworks.client.form import Progress
from reelworks.commands.board import Board, Row
from reelworks.commands.words import NAMES, clock, in_bytes

_LABELS = {ProcessType.VIDEO_ENHANCEMENT: "enhance", ProcessType.METADATA_EXTRACTION: "metadata"}
_ROW_LINES = 1 + len(_LABELS)
_REFRESHED_PER_SECOND = 8
# In a log, every percent would be too much.
_LINE_PERCENT = 10


class Screen:
    """Where a command shows what goes on: results as text, and of all else nothing.

    Attributes:
        board: the videos that are watched.
        sending: the file that is being uploaded; nobody has heard yet whether it was accepted.
    """

    def __init__(self) -> None:
        self.board = Board()
        self.sending: str | None = None

    @contextmanager
    def moving(self, verb: str, name: str) -> Iterator[Progress | None]:
        """A context that gives what is to be told of bytes moved, and of how many; if anything."""
        yield None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """A context in which videos are watched."""
        yield

    def video(self, video: Video) -> None:
        """A video is watched from now on. The file id comes first: it is what is needed later."""
        self.board.add(video)
        self.done(
            {"type": "video", **video.document}, f"{video.file_id}  {printable(video.filename)}"
        )

    def update(self, update: Update) -> None:
        """A process of a video that is watched is now in this state."""
        self.board.tell(update)

    def done(self, document: dict[str, Any], text: str) -> None:
        """A result: as a document, and as text. At once, for whoever reads it may be waiting."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def document_of(update: Update) -> dict[str, Any]:
    """An update as the socket would send it."""
    return {
        "type": "status_update",
        "file_id": update.file_id,
        "process_type": update.process_type.value,
        "status": update.status.value,
        "progress": update.progress,
        "error": update.error,
        "timestamp": update.timestamp.isoformat(timespec="milliseconds"),
    }


class JsonLines(Screen):
    """One JSON object a line, each with its ``type``."""

    def update(self, update: Update) -> None:
        """The update as the socket sends it."""
        super().update(update)
        self.done(document_of(update), "")

    def done(self, document: dict[str, Any], text: str) -> None:
        """The document on a line of its own."""
        super().done(document, json.dumps(document, ensure_ascii=False))


class Lines(Screen):
    """Plain lines, for logs: a change of status each, and every tenth percent."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, ProcessType], tuple[Status, int]] = {}

    @contextmanager
    def moving(self, verb: str, name: str) -> Iterator[Progress | None]:
        """Said once, when it begins."""
        _say(f"{verb} {printable(name)}")
        yield None

    def update(self, update: Update) -> None:
        """A line where there is something to say."""
        super().update(update)
        key, now = _key(update), (update.status, update.progress // _LINE_PERCENT)
        if self._said.get(key) != now:
            self._said[key] = now
            _say(f"{self.board.rows[update.file_id].name}: {in_words(update)}")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _key(update: Update) -> tuple[str, ProcessType]:
    return update.file_id, update.process_type


def in_words(update: Update) -> str:
    """How a process stands: enhancement processing, 40 %."""
    said = f"{NAMES[update.process_type]} {update.status.value}"
    match update.status:
        case Status.PROCESSING:
            return f"{said}, {update.progress} %"
        case Status.FAILED:
            return f"{said}: {update.error}"
    return said


@dataclass
class _Move:
    """Bytes on their way."""

    verb: str
    name: str
    began_at: float
    done: int = 0
    total: int | None = None

    def tell(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total

    def seconds_left(self) -> float | None:
        took = time.monotonic() - self.began_at
        if not self.total or not self.done or took < 1:
            return None
        return took / self.done * (self.total - self.done)


class Bars(Screen):
    """Bars on a terminal, as wide as it is, under the lines that stay."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._move: _Move | None = None
        self._watched = self._live()
        self._lock = threading.Lock()

    @contextmanager
    def moving(self, verb: str, name: str) -> Iterator[Progress | None]:
        """A bar of bytes."""
        self._move = _Move(verb, printable(name), time.monotonic())
        try:
            with self._live():
                yield self._move.tell
        finally:
            self._move = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Two bars for each video that is worked on."""
        with self._live() as self._watched:
            yield

    def _live(self) -> Live:
        return Live(
            self,
            console=self._console,
            refresh_per_second=_REFRESHED_PER_SECOND,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=True,
        )

    def update(self, update: Update) -> None:
        """The bars are drawn anew by themselves, by another thread; an end is a line that stays."""
        with self._lock:
            super().update(update)
            row = self.board.rows[update.file_id]
        if update.status is Status.FAILED:
            self._stay(f"{row.name}: {in_words(update)}")
        elif row.is_final and not any(row.failures()):
            self._stay(f"{row.name}: done")

    def _stay(self, text: str) -> None:
        # The line is written over the bars as they are now. If they were to be of another height
        # and got it while the line is on its way, it would be written over lines above them, too.
        self._watched.refresh()
        self._console.print(Text(text, overflow="fold"), highlight=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self._lock:
            if self._move is not None:
                yield from _moving(self._move, options.max_width)
            else:
                yield from _watching(self.board, console.height)


def _moving(move: _Move, width: int) -> Iterator[RenderableType]:
    yield _line(f"{move.verb} {move.name}")
    left = move.seconds_left()
    cells = [_percent(move.done, move.total), "" if left is None else clock(left)]
    if width >= 60 and move.total:
        cells.append(f"{in_bytes(move.done)} of {in_bytes(move.total)}")
    elif not move.total:
        cells = [in_bytes(move.done)]
    yield _bar(None, ProgressBar(total=move.total, completed=move.done), *cells)


def _watching(board: Board, height: int) -> Iterator[RenderableType]:
    active = board.active()
    shown = active[: max(1, (height - 2) // _ROW_LINES)]
    for row in shown:
        yield _line(row.name)
        for process_type, label in _LABELS.items():
            yield _process(row, process_type, label)
    if len(board.rows) > len(shown):
        yield _line(_tally(board, len(active) - len(shown)))


def _tally(board: Board, hidden: int) -> str:
    counts = ((board.done(), "done"), (board.failed(), "failed"), (board.waiting(), "waiting"))
    said = [f"{count} {word}" for count, word in counts if count]
    more = [f"{hidden} more worked on"] if hidden else []
    videos = "1 video" if len(board.rows) == 1 else f"{len(board.rows)} videos"
    return f"{videos}: {', '.join(said + more)}"


def _process(row: Row, process_type: ProcessType, label: str) -> RenderableType:
    update = row.newest[process_type]
    bar: RenderableType = ProgressBar(total=100, completed=update.progress)
    match update.status:
        case Status.PENDING:
            bar = _line("waiting", style="dim")
        case Status.FAILED:
            bar = _line("failed", style="red")
    left = row.seconds_left(process_type)
    is_moving = update.status in (Status.PROCESSING, Status.COMPLETED)
    percent = _percent(update.progress, 100) if is_moving else ""
    return _bar(label, bar, percent, "" if left is None else clock(left))


def _bar(label: str | None, bar: RenderableType, *cells: str) -> Table:
    """A line: a label, a bar that takes what is left, and figures that are never cut."""
    grid = Table.grid(expand=True, padding=(0, 1, 0, 0))
    grid.add_column(width=2)
    if label is not None:
        grid.add_column(width=max(map(len, _LABELS.values())))
    grid.add_column(ratio=1)
    for cell in cells:
        grid.add_column(no_wrap=True, justify="right", min_width=max(5, len(cell)))
    grid.add_row("", *(() if label is None else (label,)), bar, *cells)
    return grid


def _percent(done: int, total: int | None) -> str:
    return f"{done * 100 // total} %" if total else ""


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def choose(*, as_json: bool) -> Screen:
    """The screen for where this program runs."""
    if as_json:
        return JsonLines()
    console = Console(stderr=True)
    if console.is_terminal and not console.is_dumb_terminal:
        return Bars(console)
    return Lines()


def terminal_width() -> int | None:
    """How wide the terminal is that standard output goes to; None where it is none."""
    console = Console()
    return console.width if console.is_terminal else None
