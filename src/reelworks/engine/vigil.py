"""For how long somebody has watched without a gap, by a clock that others set. Pure."""

from __future__ import annotations


class Vigil:
    """Looks at something again and again.

    Who slept, or could not look, knows nothing of what went on meanwhile, and begins anew. So does
    he whose clock was set: what it says of the time between two looks is wrong.
    """

    def __init__(self, enough_ms: int) -> None:
        """Args:
        enough_ms: how long a watch is worth something. Of half of that, a gap spoils it.
        """
        self._enough_ms = enough_ms
        self._since: int | None = None
        self._last = 0

    def look(self, now_ms: int) -> bool:
        """Look once more; whether the watch is worth something by now."""
        is_gap = not 0 <= now_ms - self._last <= self._enough_ms // 2
        if self._since is None or is_gap:
            self._since = now_ms
        self._last = now_ms
        return now_ms - self._since >= self._enough_ms
