"""Whether a file is sent at all, by what a client says that it has (RFC 9110, section 13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reelworks.storage.store import Stat


def has_changed(headers: Mapping[str, str], stat: Stat) -> bool:
    """Whether a client asks for a file that this one is not, or not any more: 412."""
    if (wanted := headers.get("if-match")) is not None:
        return not {"*", stat.etag} & _tags(wanted)
    since = _moment(headers.get("if-unmodified-since"))
    return since is not None and _seconds(stat.modified) > since


def is_known(headers: Mapping[str, str], stat: Stat) -> bool:
    """Whether a client has this very file already: 304."""
    if (known := headers.get("if-none-match")) is not None:
        return bool({"*", stat.etag} & {tag.removeprefix("W/") for tag in _tags(known)})
    since = _moment(headers.get("if-modified-since"))
    return since is not None and _seconds(stat.modified) <= since


def _tags(header: str) -> set[str]:
    return {tag.strip() for tag in header.split(",")}


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
