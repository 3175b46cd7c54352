"""Cancel, try again, delete; another id; the theme; the keyboard."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.visitor import WORK, Visitor
from tests.service import RunningService


def test_a_video_is_cancelled_tried_again_and_deleted(
    visitor: Visitor, service: RunningService, long: Path
) -> None:
    page, name = visitor.page, long.name
    visitor.choose(long)
    card = visitor.card(name)
    expect(card.get_by_role("progressbar", name="Enhancement")).to_be_visible()
    card.get_by_role("button", name="Cancel").click()
    expect(card.locator(".state")).to_have_text("Cancelled")
    (video,) = service.videos(visitor.client_id)
    assert video["video_enhancement"]["error"] == "Cancelled"

    card.get_by_role("button", name="Try again").click()
    expect(card.locator(".state")).not_to_have_text("Cancelled")
    expect(card.get_by_role("button", name="Cancel")).to_be_visible()

    visitor.enter(name)
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete this video?")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Delete")).to_be_focused()

    page.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Your videos")).to_be_visible()
    expect(card).to_have_count(0)
    assert service.videos(visitor.client_id) == []


def test_what_the_service_refuses_is_said(
    visitor: Visitor, service: RunningService, clean: Path
) -> None:
    visitor.drop(("gone.mp4", clean.read_bytes()))
    visitor.is_ready("gone.mp4")
    visitor.enter("gone.mp4")
    visitor.expect_failures()
    (video,) = service.videos(visitor.client_id)
    visitor.page.evaluate(
        "id => fetch(`/videos/${id}`, { method: 'DELETE' })",
        video["file_id"],
    )
    visitor.page.get_by_role("button", name="Delete").click()
    visitor.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(visitor.page.locator(".notice")).to_be_visible()
    visitor.page.get_by_role("button", name="Dismiss").click()
    expect(visitor.page.locator(".notice")).to_be_hidden()


def test_another_browser_sees_the_videos_by_the_shared_link(
    visit: Visit, visitor: Visitor, clean: Path
) -> None:
    visitor.drop(("shared.mp4", clean.read_bytes()))
    visitor.is_ready("shared.mp4")
    other = visit()
    page = other.open(f"/#/as/{visitor.client_id}")
    expect(other.card("shared.mp4")).to_have_count(0)
    dialog = page.get_by_role("dialog", name="Another id")
    expect(dialog.get_by_label("Client id")).to_have_value(visitor.client_id)
    dialog.get_by_role("button", name="Use this id").click()
    other.is_ready("shared.mp4")
    assert other.client_id == visitor.client_id


def test_an_id_can_be_entered_and_is_kept(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("button", name="Your id").click()
    field = page.get_by_role("dialog").get_by_label("Client id")
    field.fill("   ")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(
        "An id needs at least one letter."
    )
    field.fill("cutting room/2")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Your id")).to_contain_text("cutting room/2")
    visitor.is_live()
    page.reload()
    visitor.is_live()
    assert visitor.client_id == "cutting room/2"
    assert visitor.messages[-1]["client_id"] == "cutting room/2"


def test_the_theme_is_chosen_and_kept(visitor: Visitor) -> None:
    page = visitor.page
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    before = page.evaluate(ground)
    page.get_by_role("button", name="Theme: as the system").click()
    page.get_by_role("button", name="Theme: light").click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate(ground) != before
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_page_is_used_by_keyboard_alone(visitor: Visitor, clean: Path) -> None:
    page = visitor.page
    visitor.drop(("keys.mp4", clean.read_bytes()))
    visitor.is_ready("keys.mp4")
    page.reload()
    visitor.is_ready("keys.mp4")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the videos")).to_be_focused()
    link = page.get_by_role("link", name="keys.mp4")
    for _ in range(40):
        page.keyboard.press("Tab")
        if link.evaluate("each => each === document.activeElement"):
            break
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="keys.mp4")).to_be_focused()
    expect(page.locator(".screen video")).to_have_count(2, timeout=WORK)
    page.go_back()
    expect(link).to_be_focused()


def test_less_motion_is_honoured(visit: Visit) -> None:
    visitor = visit(reduced_motion="reduce")
    page = visitor.open()
    duration = page.locator(".choose").evaluate("each => getComputedStyle(each).transitionDuration")
    assert {float(part.strip().removesuffix("s")) < 0.001 for part in duration.split(",")} == {True}
