"""The browser that the tests drive: the system's own Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str:
    """Where Chromium is; without one the test is skipped, except where it has to be there."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None and os.environ.get("CI") == "true":
        pytest.fail("There is no Chromium; .ci/run installs it.")
    if path is None:
        pytest.skip("needs Chromium (apt-get install chromium)")
    return path


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """A browser without a window."""
    # As root, which containers are, Chromium's own sandbox does not start.
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


def at_rest(page: Page) -> None:
    """Wait until nothing that has an end moves, and every picture in sight is there."""
    page.evaluate(
        """async () => {
          const inSight = (image) => image.checkVisibility()
            && image.getBoundingClientRect().top < innerHeight
          await Promise.all([...document.images].filter(inSight).map((image) => image.decode()))
          const endless = (each) => each.effect.getComputedTiming().endTime > 1e5
          const moving = document.getAnimations().filter((each) => !endless(each))
          await Promise.all(moving.map((each) => each.finished.catch(() => {})))
        }"""
    )
