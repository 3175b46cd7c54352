"""Whether a file is sent at all, by what a client says that it has (RFC 9110, section 13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from starlette.datastructures import Headers

from reelworks.storage.store import Stat


def has_changed(headers: Headers, stat: Stat) -> bool:
    """Whether a client asks for a file that this one is not, or not any more: 412."""
    if wanted := headers.getlist("if-match"):
        return not {"*", stat.etag} & _tags(wanted)
    since = _moment(headers.get("if-unmodified-since"))
    return since is not None and _seconds(stat.modified) > since


def is_known(headers: Headers, stat: Stat) -> bool:
    """Whether a client has this very file already: 304."""
    if known := headers.getlist("if-none-match"):
        return bool({"*", stat.etag} & {tag.removeprefix("W/") for tag in _tags(known)})
    since = _moment(headers.get("if-modified-since"))
    return since is not None and _seconds(stat.modified) <= since


def _tags(lines: Sequence[str]) -> set[str]:
    """A list may come on several lines (section 5.3)."""
    return {tag.strip() for line in lines for tag in line.split(",")}


def _moment(header: str | None) -> datetime | None:
    """None for what is no date: as if nothing had been said."""
    try:
        moment = None if header is None else parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _seconds(moment: datetime) -> datetime:
    """As it is told: a header has no fractions."""
    return moment.replace(microsecond=0)
