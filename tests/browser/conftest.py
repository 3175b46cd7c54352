"""A browser and a running service for the tests of a file, and a visitor for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import chromium_path, opened_browser
from tests.browser.visitor import Visitor
from tests.clips import clip, lavfi
from tests.service import RunningService

Visit = Callable[..., Visitor]

# Milliseconds: a machine that tests two files at a time on two cores is slow at times.
expect.set_options(timeout=20_000)


# Not for the session: while Playwright is open, nothing else in its thread can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium."""
    with opened_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that every test of a file may use and none may break."""
    chromium_path()  # without it there is nothing to serve
    service = RunningService(tmp_path_factory.mktemp("service"))
    yield service
    service.stop()


@pytest.fixture
def visit(browser: Browser, service: RunningService) -> Iterator[Visit]:
    """Makes visitors; after the test each of them must have met no fault."""
    visitors: list[Visitor] = []

    def make(at: RunningService = service, **options: Any) -> Visitor:
        visitors.append(Visitor(browser, at, **options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.leave()


@pytest.fixture
def visitor(visit: Visit) -> Visitor:
    """One who has the page open."""
    visitor = visit()
    visitor.open()
    return visitor


@pytest.fixture(scope="session")
def noisy() -> Path:
    """Two seconds that are encoded, with sound."""
    return clip(
        ".mp4",
        *lavfi("testsrc2=size=320x192:rate=25:duration=2"),
        *lavfi("sine=frequency=330:duration=2"),
        *("-vf", "noise=alls=24:allf=t", "-c:v", "libx264", "-preset", "ultrafast"),
        *("-crf", "14", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"),
    )


@pytest.fixture(scope="session")
def clean() -> Path:
    """A second that is copied."""
    return clip(
        ".mp4",
        *lavfi("testsrc2=size=320x240:rate=25:duration=1"),
        *("-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p"),
    )


@pytest.fixture(scope="session")
def long() -> Path:
    """A clip that takes long enough to be interrupted."""
    return clip(
        ".mp4",
        *lavfi("testsrc2=size=480x272:rate=25:duration=20"),
        *("-vf", "noise=alls=20:allf=t", "-c:v", "libx264", "-preset", "ultrafast"),
        *("-crf", "26", "-pix_fmt", "yuv420p"),
    )


@pytest.fixture(scope="session")
def foreign() -> Path:
    """A clip that no browser plays."""
    return clip(
        ".avi",
        *lavfi("testsrc2=size=320x240:rate=25:duration=1"),
        *("-vf", "noise=alls=20:allf=t", "-c:v", "mpeg4", "-q:v", "2"),
    )
