"""What keeps nobody out: axe finds nothing, in both themes and at every width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import at_rest
from tests.browser.visitor import Visitor
from tests.service import RunningService

SCHEMES = ["light", "dark"]


@pytest.fixture(scope="module")
def visitor(
    browser: Browser, service: RunningService, noisy: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visitor]:
    """One with a video that is ready, and an upload that was refused. Nothing moves."""
    visitor = Visitor(browser, service, reduced_motion="reduce")
    visitor.open()
    visitor.drop(("ready.mp4", noisy.read_bytes()))
    visitor.is_ready("ready.mp4")
    visitor.expect_failures()
    visitor.drop(("notes.txt", b"no video at all\n"))
    expect(visitor.card("notes.txt").locator(".fault")).not_to_be_empty()
    yield visitor
    visitor.leave()


@pytest.fixture(params=SCHEMES)
def page(visitor: Visitor, request: pytest.FixtureRequest) -> Page:
    """The list, in a theme."""
    visitor.page.emulate_media(color_scheme=request.param)
    visitor.page.set_viewport_size({"width": 1280, "height": 900})
    visitor.page.goto(f"{visitor.url}/#/")
    expect(visitor.card("ready.mp4")).to_be_visible()
    return visitor.page


def violations(page: Page) -> list[str]:
    """What axe finds wrong, and finds again: a page that is told news repaints as axe looks."""
    return _found(page) and _found(page)


def _found(page: Page) -> list[str]:
    # In the middle of a change of colour every contrast is a wrong one.
    at_rest(page)
    found = Axe().run(page).response
    assert "color-contrast" in {rule["id"] for rule in found["passes"] + found["violations"]}
    return [
        f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]
    ]


def test_the_list_keeps_nobody_out(page: Page) -> None:
    page.locator(".options").evaluate("each => (each.open = true)")
    assert violations(page) == []


def test_a_video_keeps_nobody_out(page: Page) -> None:
    page.get_by_role("link", name="ready.mp4").click()
    expect(page.locator(".screen video")).to_have_count(2)
    expect(page.locator("svg.plot")).to_be_visible()
    page.locator(".else").evaluate("each => (each.open = true)")
    assert violations(page) == []


def test_the_dialogs_keep_nobody_out(page: Page) -> None:
    page.get_by_role("button", name="Your id").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("link", name="ready.mp4").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_being_offline_keeps_nobody_out(visitor: Visitor, page: Page) -> None:
    visitor.context.set_offline(True)
    expect(page.locator(".banner")).to_be_visible()
    assert violations(page) == []
    visitor.context.set_offline(False)
    visitor.is_live()


@pytest.mark.parametrize("width", [320, 390, 820, 1440])
def test_nothing_is_cut_off_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    overflow = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(overflow) <= 0
    page.get_by_role("link", name="ready.mp4").click()
    expect(page.locator("svg.plot")).to_be_visible()
    assert page.evaluate(overflow) <= 0
