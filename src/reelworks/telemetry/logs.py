"""One line a record on standard error, as text or as JSON, each with what it is about."""

from __future__ import annotations

import logging
import sys
from dataclasses import asdict
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from reelworks.telemetry.subject import Subject, subject

_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(about)s%(message)s"
# Chatty at "info", and about nothing that an operator of ours can change.
_QUIET = ("alembic", "dbos", "reelworks.engine.sharing", "uvicorn.error")


def configure_logging(level: str, form: str) -> None:
    """Write this process's log.

    Args:
        level: "debug", "info", "warning" or "error".
        form: "text" or "json".
    """
    logging.basicConfig(level=level.upper(), handlers=[handler(form)])
    # It brings a handler of its own, with another form of lines, where it finds none.
    logging.getLogger("dbos").addHandler(logging.NullHandler())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def handler(form: str) -> logging.Handler:
    """Writes records to standard error in a form, with what their thread was about."""
    writer = logging.StreamHandler(sys.stderr)
    # On the handler: a filter of a logger does not see the records of the loggers below it.
    writer.addFilter(_add_subject)
    writer.setFormatter(_json() if form == "json" else logging.Formatter(_TEXT))
    return writer


def _shown(subject: Subject) -> str:
    """What a line is about, for a person to read."""
    words = [subject.process, subject.file_id]
    if subject.attempt is not None:
        words.append(f"attempt {subject.attempt}")
    if subject.stage is not None:
        words.append(f"{subject.stage} try {subject.tries}")
    return f"[{' '.join(word for word in words if word)}] "


def _add_subject(record: logging.LogRecord) -> bool:
    about = subject()
    record.about = _shown(about) if about else ""
    fields = asdict(about) if about else {}
    record.subject = {name: value for name, value in fields.items() if value is not None}
    return True


class _Json(JsonFormatter):
    """The subject's fields beside the others, rather than within one."""

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        super().add_fields(log_data, record, message_dict)
        log_data |= record.__dict__["subject"]


def _json() -> logging.Formatter:
    return _Json(
        ["levelname", "name", "process", "message"],
        timestamp="time",
        # "process" is one of a video's two.
        rename_fields={"levelname": "level", "name": "logger", "process": "pid"},
        reserved_attrs=[*RESERVED_ATTRS, "about", "subject"],
        json_ensure_ascii=False,
    )
