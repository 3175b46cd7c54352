"""Limits that an operator sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.test_contract import assert_problem
from tests.service import RunningService


def test_an_upload_over_the_limit_is_413(tmp_path: Path, clean_clip: Path) -> None:
    service = RunningService(tmp_path, "--max-upload", "1000")
    assert_problem(service.upload(clean_clip), 413, "limit of 1,000 bytes")
    assert not service.files()
    service.stop()


def test_an_upload_that_would_eat_the_reserve_is_507(
    tmp_path: Path, clean_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = RunningService(tmp_path)
    service.stop()
    monkeypatch.setenv("REELWORKS_DISK_RESERVE", str(1 << 60))
    service.start(is_ready=False)
    assert_problem(service.upload(clean_clip), 507, "no room left")
    assert not service.files()
    service.stop()
