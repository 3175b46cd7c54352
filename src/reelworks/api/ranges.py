"""Which bytes a ``Range`` header asks for (RFC 9110, section 14), and how several are sent."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from reelworks.errors import BadRequest

_MAX_RANGES = 100
# Far more digits than any file's size has; Python reads no number of over 4,300.
_RANGE = re.compile(r"(\d{0,999})-(\d{0,999})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes from ``start`` up to ``stop``, which is behind the last one."""

    start: int
    stop: int

    def header(self, size: int) -> str:
        """As ``Content-Range``, of so many bytes."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


class OutsideError(Exception):
    """No range that was asked for is inside the file."""


def read_ranges(header: str, size: int) -> list[Range]:
    """The ranges that are inside a file of ``size`` bytes; none where all of it is to be sent, as
    where they are counted in another unit.

    Raises:
        BadRequest: the header cannot be understood.
        OutsideError: no range is inside the file.
    """
    unit, _, listed = header.partition("=")
    if unit.strip().lower() != "bytes":
        return []
    # Empty elements are allowed in any list (section 5.6.1.2), but not a list of nothing else.
    wanted = [one.strip() for one in listed.split(",") if one.strip()] or [""]
    if len(wanted) > _MAX_RANGES:
        return []
    inside = [each for one in wanted if (each := _read(one, size)) is not None]
    if not inside:
        raise OutsideError
    return inside if _are_apart(inside) else []


def _read(text: str, size: int) -> Range | None:
    match = _RANGE.fullmatch(text)
    if match is None or text == "-":
        raise BadRequest("The Range header cannot be understood.")
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            raise BadRequest("The Range header cannot be understood.")
    return Range(start, stop) if start < stop else None


def _are_apart(ranges: Sequence[Range]) -> bool:
    """Nobody needs the same bytes twice: who asks for them may be after our bandwidth."""
    ordered = sorted(ranges, key=lambda each: each.start)
    return all(a.stop <= b.start for a, b in itertools.pairwise(ordered))
