"""How long a process will take yet. Pure."""

from __future__ import annotations

from datetime import datetime

from reelworks.model import Process, Status

_LAST_PERCENT = 99


def seconds_left(process: Process, at: datetime) -> int | None:
    """How many seconds the rest of a process takes, at the pace it has had of late.

    None where nobody knows: before it has got on twice, and when all pictures are done and the
    result is being checked. Where it has stood still for longer than a percent usually takes, that
    is its pace from now on.

    Args:
        at: the present moment, by the clock of the process's own times.
    """
    if process.status is not Status.PROCESSING or process.progress >= _LAST_PERCENT:
        return None
    if process.pace_ms is None or process.moved_at is None:
        return None
    stood_ms = max(0, round((at - process.moved_at).total_seconds() * 1000))
    pace_ms = max(process.pace_ms, stood_ms)
    left_ms = pace_ms * (100 - process.progress) - stood_ms
    return -(-left_ms // 1000)
