"""Carries out a plan with FFmpeg."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from reelworks.errors import WrongResult
from reelworks.media.children.process import collect
from reelworks.media.children.tools import Toolbox
from reelworks.media.deciding.plan import Plan
from reelworks.media.encoding.bounding import bounded
from reelworks.media.encoding.command import attaches_covers, cover_command, encode_command
from reelworks.media.facts import Probe


def encode(
    tools: Toolbox,
    probe: Probe,
    plan: Plan,
    source: Path,
    target: Path,
    on_progress: Callable[[int], None],
) -> int:
    """Encode ``source`` into ``target`` as the plan says.

    Args:
        on_progress: told how many pictures are encoded so far.

    Returns:
        How many pictures the result has, as FFmpeg counted them.

    Raises:
        WrongResult: FFmpeg dropped or doubled pictures, or made none.
        ChildFailed, ChildHung, WorkStopped: as from ``Children.run``.
    """
    # Beside the target: a worker that is killed leaves nothing where nobody clears away.
    with TemporaryDirectory(prefix="reelworks-covers-", dir=target.parent) as folder:
        covers = taken_covers(tools, plan, source, Path(folder))
        pictures = probe.timing.size_bytes if probe.timing else 0

        def attempt(plan: Plan) -> int:
            command = encode_command(tools.ffmpeg, probe, plan, source, target, covers)
            return carry_out(tools, command, [source, *covers], target, on_progress)

        def made() -> int:
            # All else has about the source's size.
            return target.stat().st_size - (probe.size_bytes - pictures)

        return bounded(plan, pictures, attempt, made)


def carry_out(
    tools: Toolbox,
    command: list[str],
    sources: Iterable[Path],
    target: Path,
    on_progress: Callable[[int], None],
) -> int:
    """Run one of FFmpeg's commands that write pictures into ``target``; says how many it wrote.

    Args:
        sources: every file that the command reads.

    Raises:
        WrongResult: FFmpeg dropped or doubled pictures, or made none.
    """
    progress = Progress(on_progress)
    log = tools.children.run(
        command, progress.feed, reads=sources, writes=[target.parent], output=target
    )
    if not progress.finished or progress.frames == 0:
        raise WrongResult("No picture could be encoded.", log=log)
    if progress.dropped or progress.doubled:
        raise WrongResult(
            f"Encoding dropped {progress.dropped} and doubled {progress.doubled} pictures.", log=log
        )
    return progress.frames


def taken_covers(tools: Toolbox, plan: Plan, source: Path, folder: Path) -> list[Path]:
    """The covers as files, where the result's container attaches them as such."""
    if not attaches_covers(plan):
        return []
    paths = {index: folder / str(index) for index in plan.pictures}
    for index, path in paths.items():
        command = cover_command(tools.ffmpeg, source, index, path)
        tools.children.run(command, collect(bytearray()), reads=[source], writes=[folder])
    return list(paths.values())


class Progress:
    """Reads what ``ffmpeg -progress`` writes: lines of ``key=value``, in pieces of any size.

    Attributes:
        frames, dropped, doubled: the newest counts of pictures.
        finished: whether FFmpeg said that it came to the end.
    """

    def __init__(self, on_progress: Callable[[int], None]) -> None:
        self._on_progress = on_progress
        self._rest = b""
        self._size = -1
        self.frames = 0
        self.dropped = 0
        self.doubled = 0
        self.finished = False

    def feed(self, data: bytes) -> bool:
        """Take the next piece; true when the work moved on since the last."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        moved = [self._take(line) for line in lines]  # each is read, whatever the first one says
        return any(moved)

    def _take(self, line: bytes) -> bool:
        key, _, value = line.partition(b"=")
        number = int(value) if value.strip().isdigit() else None
        match key.strip(), number:
            case b"frame", int():
                return self._count(number)
            case b"drop_frames", int():
                self.dropped = number
            case b"dup_frames", int():
                self.doubled = number
            case b"total_size", int():
                moved, self._size = number != self._size, number
                return moved
            case b"progress", _:
                self.finished = value.strip() == b"end"
        return False

    def _count(self, frames: int) -> bool:
        if frames <= self.frames:
            return False
        self.frames = frames
        self._on_progress(frames)
        return True
