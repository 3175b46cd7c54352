"""How long the pictures of a process will take yet. Pure."""

from __future__ import annotations

from datetime import datetime

from reelworks.model import Process, Status

_LAST_PERCENT = 99
# What stands still for longer than this, and than so many percents take, is about something else.
_STANDS_MS = 5_000
_STANDS_PERCENT = 5


def seconds_left(process: Process, at: datetime) -> int | None:
    """How many seconds the rest of a process's pictures take, at the pace that it has had of late.

    None where nobody knows: before it has got on twice, where it stands still, and when all
    pictures are done and the result is being checked, which is not in it. Where a percent takes
    longer than usual, that is the pace from now on.

    Args:
        at: the present moment, by the clock of the process's own times.
    """
    if process.status is not Status.PROCESSING or process.progress >= _LAST_PERCENT:
        return None
    if process.pace_ms is None or process.moved_at is None:
        return None
    stood_ms = max(0, round((at - process.moved_at).total_seconds() * 1000))
    if stood_ms > max(_STANDS_MS, _STANDS_PERCENT * process.pace_ms):
        return None
    pace_ms = max(process.pace_ms, stood_ms)
    left_ms = pace_ms * (100 - process.progress) - stood_ms
    return -(-left_ms // 1000)
