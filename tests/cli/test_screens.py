"""The bars and the lines that stay, written by two threads."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pyte
import pytest
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from reelworks.client import ProcessType, Status, Update, Video
from reelworks.commands.screens import Bars
from tests.waiting import wait_for

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def video(file_id: str) -> Video:
    """One that is worked on."""
    process: dict[str, Any] = {
        **dict.fromkeys(("error", "started_at", "queue_position", "eta_seconds")),
        "status": "processing",
        "progress": 50,
        "attempt": 1,
        "last_updated": NOW.isoformat(),
    }
    return Video.from_json(
        {
            **dict.fromkeys(("client_id", "plan"), None),
            "file_id": file_id,
            "filename": f"{file_id}.mp4",
            "size_bytes": 1,
            "sha256": "0",
            "created_at": NOW.isoformat(),
            "preset": "auto",
            "options": {},
            "links": {},
            "video_enhancement": process,
            "metadata_extraction": process,
        }
    )


def ended(file_id: str, process_type: ProcessType, status: Status) -> Update:
    error = "It broke." if status is Status.FAILED else None
    return Update(
        file_id=file_id,
        process_type=process_type,
        status=status,
        progress=100,
        error=error,
        timestamp=NOW,
    )


class Counted(Bars):
    """Bars that know how often they were drawn."""

    drawn = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from super().__rich_console__(console, options)
        self.drawn += 1


class Slow:
    """A line that is on its way until the bars were drawn, and written, by their own thread."""

    def __init__(self, line: Text, bars: Counted) -> None:
        self._line, self._bars = line, bars

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        before = self._bars.drawn
        wait_for(lambda: self._bars.drawn > before + 1, "the bars to be drawn")
        yield self._line


class SlowConsole(Console):
    """One whose lines are slow where there are bars."""

    bars: Counted | None = None

    def print(self, *objects: Any, **how: Any) -> None:
        bars = self.bars
        slow = (Slow(each, bars) if bars and isinstance(each, Text) else each for each in objects)
        super().print(*slow, **how)


@pytest.mark.parametrize(
    ("last", "said"), [(Status.COMPLETED, [": done"]), (Status.FAILED, [" failed: It broke."] * 2)]
)
def test_bars_that_are_drawn_while_a_line_is_on_its_way_leave_the_lines_above_alone(
    last: Status, said: list[str]
) -> None:
    written = io.StringIO()
    console = SlowConsole(file=written, force_terminal=True, width=60, height=24)
    bars = console.bars = Counted(console)
    written.write("above\n")
    names = ("one", "two", "three")
    for name in names:
        bars.board.add(video(name))
    with bars.watching():
        for name in names:
            for process_type in ProcessType:
                bars.update(ended(name, process_type, last))
    seen = seen_of(written.getvalue())
    assert seen[0] == "above"
    ends = [(f"{name}.mp4", each) for name in names for each in said]
    assert len(seen) == 1 + len(ends), seen
    for line, (name, end) in zip(seen[1:], ends, strict=True):
        assert line.startswith(name)
        assert line.endswith(end)


def seen_of(written: str) -> list[str]:
    """What a terminal shows in the end."""
    screen = pyte.Screen(60, 24)
    pyte.Stream(screen).feed(written.replace("\n", "\r\n"))
    return [line.rstrip() for line in screen.display if line.strip()]
