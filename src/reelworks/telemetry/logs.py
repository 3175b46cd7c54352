"""One line a record on standard error, as text or as JSON, each with the work that it is about."""

from __future__ import annotations

import logging
import sys
from dataclasses import asdict
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from reelworks.telemetry.work import Work, current

_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(about)s%(message)s"
# Chatty at "info", and about nothing that an operator of ours can change.
_QUIET = ("alembic", "dbos", "uvicorn.error")


def configure_logging(level: str, form: str) -> None:
    """Write this process's log.

    Args:
        level: "debug", "info", "warning" or "error".
        form: "text" or "json".
    """
    logging.basicConfig(level=level.upper(), handlers=[handler(form)])
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def handler(form: str) -> logging.Handler:
    """Writes records to standard error in a form, with the work of the thread that wrote them."""
    writer = logging.StreamHandler(sys.stderr)
    # On the handler: a filter of a logger does not see the records of the loggers below it.
    writer.addFilter(_add_work)
    writer.setFormatter(_json() if form == "json" else logging.Formatter(_TEXT))
    return writer


def about(work: Work) -> str:
    """The work that a line is about, for a person to read."""
    words = [work.process or "", work.file_id]
    if work.run is not None:
        words.append(f"run {work.run}")
    if work.stage is not None:
        words.append(f"{work.stage} attempt {work.attempt}")
    return f"[{' '.join(filter(None, words))}] "


def _add_work(record: logging.LogRecord) -> bool:
    work = current()
    record.about = about(work) if work else ""
    fields = asdict(work) if work else {}
    record.work = {name: value for name, value in fields.items() if value is not None}
    return True


class _Json(JsonFormatter):
    """The work's fields beside the others, rather than within one."""

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        super().add_fields(log_data, record, message_dict)
        log_data |= record.__dict__["work"]


def _json() -> logging.Formatter:
    return _Json(
        ["levelname", "name", "process", "message"],
        timestamp="time",
        # "process" is one of a video's two.
        rename_fields={"levelname": "level", "name": "logger", "process": "pid"},
        reserved_attrs=[*RESERVED_ATTRS, "about", "work"],
        json_ensure_ascii=False,
    )
