"""A log line says which work it is about, whoever writes it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reelworks.telemetry.logs import handler
from reelworks.telemetry.subject import about, at_stage

log = logging.getLogger("some.library")


@contextmanager
def written(form: str) -> Iterator[None]:
    """Records of this block are written as the service would write them."""
    root, writer = logging.getLogger(), handler(form)
    root.addHandler(writer)
    try:
        yield
    finally:
        root.removeHandler(writer)


def test_text_shows_the_work_before_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    with written("text"):
        log.warning("outside")
        with about("some-id", "video_enhancement", 2):
            log.warning("between stages")
            with at_stage("render", 3):
                log.warning("within")
    outside, between, within = capsys.readouterr().err.splitlines()
    assert outside.endswith("WARNING some.library: outside")
    assert between.endswith(": [video_enhancement some-id attempt 2] between stages")
    assert within.endswith(": [video_enhancement some-id attempt 2 render try 3] within")


def test_json_has_the_work_in_fields_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with written("json"):
        with about("some-id", "video_enhancement", 2), at_stage("render", 3):
            log.warning("café %d", 7)
        log.warning("outside")
    within, outside = map(json.loads, capsys.readouterr().err.splitlines())
    assert within | {"time": None, "pid": None} == {
        "time": None,
        "level": "WARNING",
        "logger": "some.library",
        "pid": None,
        "message": "café 7",
        "file_id": "some-id",
        "process": "video_enhancement",
        "attempt": 2,
        "stage": "render",
        "tries": 3,
    }
    assert within["time"].endswith("+00:00")
    assert set(outside) == {"time", "level", "logger", "pid", "message"}


def test_json_is_one_line_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with written("json"):
        try:
            int("wrong")
        except ValueError:
            log.exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: invalid" in json.loads(line)["exc_info"]


def test_requests_are_logged_in_the_same_form(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    access = logging.getLogger("uvicorn.access")
    # A server without this log, in any test before, switched it off for the whole process.
    monkeypatch.setattr(access, "propagate", True)
    with written("json"):
        access.warning('%s - "%s %s"', "1.2.3.4", "GET", "/")
    assert json.loads(capsys.readouterr().err)["message"] == '1.2.3.4 - "GET /"'


def said_by(program: str) -> bytes:
    """What a program of its own writes, whose logging is configured by its own words."""
    program = f"from reelworks.telemetry.logs import configure_logging; {program}"
    ran = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, check=True)
    return ran.stderr


def test_the_engine_writes_lines_of_the_same_form() -> None:
    said = said_by(
        "from dbos._logger import dbos_logger, init_logger; "
        "configure_logging('info', 'json'); init_logger(); dbos_logger.warning('away')"
    )
    assert json.loads(said)["message"] == "away"


def test_a_pool_of_connections_says_nothing_of_its_everyday_work() -> None:
    said = said_by(
        "from reelworks.engine.database import open_database; "
        "configure_logging('info', 'text'); open_database('postgresql://host/name').dispose()"
    )
    assert said == b""
