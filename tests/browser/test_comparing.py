"""Looking at one video: before and after, its colours, its metadata, what was done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit
from tests.browser.visitor import WORK, Visitor
from tests.service import RunningService
from tests.waiting import wait_for

VIDEOS = "[...document.querySelectorAll('.screen video')]"


@pytest.fixture(scope="module")
def looking(browser: Browser, service: RunningService, noisy: Path) -> Iterator[Visitor]:
    """One who has opened an enhanced video; the tests of this file share it."""
    visitor = Visitor(browser, service)
    visitor.open()
    visitor.drop(("noisy.mp4", noisy.read_bytes()))
    visitor.is_ready("noisy.mp4")
    visitor.enter("noisy.mp4")
    yield visitor
    visitor.leave()


@pytest.fixture
def page(looking: Visitor) -> Page:
    """The page on which it is open."""
    return looking.page


def divider_at(page: Page) -> int:
    return int(page.get_by_role("slider", name="Divider").get_attribute("aria-valuenow") or -1)


def test_the_divider_moves_by_keyboard(page: Page) -> None:
    divider = page.get_by_role("slider", name="Divider between before and after")
    divider.focus()
    for key, expected in [
        ("Home", 0),
        ("ArrowRight", 1),
        ("Shift+ArrowRight", 11),
        ("ArrowLeft", 10),
        ("PageUp", 20),
        ("End", 100),
        ("ArrowRight", 100),
    ]:
        divider.press(key)
        assert divider_at(page) == expected, key
    assert divider.get_attribute("aria-valuetext") == "100 % before, 0 % after"


def test_the_divider_is_dragged_and_shows_more_of_one_side(page: Page) -> None:
    divider = page.get_by_role("slider", name="Divider")
    divider.press("Home")
    for _ in range(5):
        divider.press("PageUp")
    box = page.locator(".screen").bounding_box()
    grip = page.locator(".divider").bounding_box()
    assert box is not None
    assert grip is not None
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 10, steps=4)
    page.mouse.up()
    assert abs(divider_at(page) - 25) <= 1
    clip = page.locator(".screen .before").evaluate("video => getComputedStyle(video).clipPath")
    assert re.match(r"inset\(0(px|%)? (calc\(.*\)|7[45]\.?\d*%)", clip), clip


def test_both_videos_run_as_one(page: Page) -> None:
    page.get_by_role("button", name="Play").click()
    wait_for(lambda: page.evaluate(f"{VIDEOS}[0].currentTime") > 0.5, "the video to run")
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate(f"{VIDEOS}.every(video => video.paused)")
    wait_for(lambda: page.evaluate(f"{VIDEOS}.every(video => !video.seeking)"), "both to be there")
    after, before = page.evaluate(f"{VIDEOS}.map(video => video.currentTime)")
    assert abs(after - before) < 0.04  # a picture
    assert page.evaluate(f"{VIDEOS}.map(video => video.muted)") == [False, True]


def test_seeking_moves_both(page: Page) -> None:
    position = page.get_by_role("slider", name="Position")
    position.focus()
    position.press("Home")
    wait_for(
        lambda: page.evaluate(
            f"{VIDEOS}.every(video => !video.seeking && video.currentTime === 0)"
        ),
        "both to be there",
    )
    for _ in range(3):
        position.press("PageUp")
    wait_for(lambda: page.evaluate(f"{VIDEOS}.every(video => !video.seeking)"), "both to be there")
    after, before = page.evaluate(f"{VIDEOS}.map(video => video.currentTime)")
    assert after == before > 0.2
    expect(position).to_have_attribute("aria-valuetext", re.compile(r"0:0\d of 0:02"))


def test_the_sound_can_be_turned_off(page: Page) -> None:
    page.get_by_role("button", name="Mute").click()
    assert page.evaluate(f"{VIDEOS}[0].muted")
    page.get_by_role("button", name="Sound on").click()
    assert not page.evaluate(f"{VIDEOS}[0].muted")


def test_the_histograms_are_drawn_and_can_be_read_off(page: Page, looking: Visitor) -> None:
    level = page.get_by_role("slider", name="Level to read off")
    level.focus()
    level.press("Home")
    level.press("ArrowRight")
    (video,) = looking.service.videos(looking.client_id)
    shares = looking.service.metadata(video["file_id"])["color_profile"]["histograms"]
    red = f"{round(100 * shares['r'][1], 2):g} %"
    expect(page.locator(".values")).to_contain_text(f"Level 1Red {red}")
    expect(level).to_have_attribute("aria-valuetext", re.compile(f"Red {re.escape(red)}"))
    box = level.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    expect(page.locator(".values")).to_contain_text(re.compile("Level 12[78]"))
    summary = page.locator("svg.plot").get_attribute("aria-label") or ""
    assert re.match(r"Half of the values are at or below red \d+, green \d+ and blue \d+", summary)
    assert page.locator(".area").count() == 3


def test_what_was_done_is_said_with_reasons(page: Page, looking: Visitor) -> None:
    (video,) = looking.service.videos(looking.client_id)
    plan = video["plan"]
    done = page.locator(".done")
    assert plan["filters"]
    for applied in plan["filters"]:
        expect(done).to_contain_text(applied["reason"])
    for finding in plan["findings"]:
        expect(done).to_contain_text(finding)
    expect(done).to_contain_text("SSIM")


def test_the_metadata_is_a_table_and_everything_else_unfolds(page: Page) -> None:
    table = page.get_by_role("table")
    expect(table.get_by_role("row", name="Picture 320 × 192")).to_be_visible()
    expect(table.get_by_role("row", name="Sound aac 1 channel", exact=True)).to_be_visible()
    page.get_by_text("Everything else").click()
    page.locator(".else summary").filter(has_text="colour").click()
    expect(page.locator(".else")).to_contain_text("pixel_format")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON").click()
    document = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert document["filename"] == "noisy.mp4"


def test_both_videos_can_be_downloaded(page: Page, noisy: Path) -> None:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the original").click()
    assert Path(download.value.path()).read_bytes() == noisy.read_bytes()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the enhanced video").click()
    assert download.value.suggested_filename == "noisy_enhanced.mp4"


def test_a_video_that_the_browser_cannot_play_is_compared_as_a_picture(
    visit: Visit, foreign: Path
) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.drop(("old.avi", foreign.read_bytes()))
    visitor.is_ready("old.avi")
    visitor.enter("old.avi")
    expect(page.locator(".why")).to_contain_text("This browser cannot play", timeout=WORK)
    expect(page.locator(".screen img")).to_have_count(2)
    # Once it is loaded, of which nothing else tells.
    page.wait_for_function(
        """() => {
            const { clientWidth, clientHeight } = document.querySelector(".screen");
            return Math.abs(clientWidth / clientHeight - 320 / 240) < 0.01;
        }"""
    )
    page.get_by_role("slider", name="Divider").press("Home")
    assert divider_at(page) == 0


def test_a_video_that_is_not_there_is_said_to_be_missing(visit: Visit) -> None:
    visitor = visit()
    visitor.expect_failures()
    page = visitor.open("/#/videos/00000000-0000-4000-8000-000000000000")
    expect(page.locator(".plain")).to_have_text("There is no such video, or it was deleted.")
