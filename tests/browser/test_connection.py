"""Losing the service and finding it again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.chromium import chromium_path
from tests.browser.conftest import Visit
from tests.browser.visitor import WORK, Visitor
from tests.service import RunningService


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[RunningService]:
    """A service that a test may kill."""
    chromium_path()
    service = RunningService(tmp_path)
    yield service
    service.stop()


def is_offline(visitor: Visitor) -> None:
    expect(visitor.page.locator(".pulse")).to_have_text("Offline", timeout=60_000)
    expect(visitor.page.locator(".banner")).to_contain_text("Offline")


def knows_that_nothing_answers(visitor: Visitor) -> None:
    """It has asked, too: where only sockets are lost, uploads may still arrive."""
    is_offline(visitor)
    expect(visitor.page.get_by_text("The service does not answer.")).to_be_visible()


def test_what_finished_while_the_network_was_away_is_caught_up(
    visitor: Visitor, service: RunningService, noisy: Path
) -> None:
    visitor.drop(("away.mp4", noisy.read_bytes()))
    expect(visitor.card("away.mp4")).to_have_attribute("data-state", "working")
    (video,) = service.videos(visitor.client_id)
    visitor.expect_failures()
    visitor.context.set_offline(True)
    is_offline(visitor)
    assert {status["status"] for status in service.finished(video["file_id"])} == {"completed"}
    expect(visitor.card("away.mp4").locator(".state")).not_to_have_text("Ready")
    visitor.context.set_offline(False)
    visitor.is_live()
    visitor.is_ready("away.mp4")
    expect(visitor.page.locator(".banner")).to_be_hidden()


def test_a_service_that_dies_midway_is_found_again_and_the_work_goes_on(
    visit: Visit, own_service: RunningService, long: Path
) -> None:
    visitor = visit(own_service)
    visitor.open()
    visitor.expect_failures()
    visitor.listen()
    visitor.choose(long)
    expect(visitor.card(long.name).locator(".state")).to_contain_text("Enhancing", timeout=WORK)
    own_service.kill()
    is_offline(visitor)
    own_service.start()
    visitor.is_live()
    expect(visitor.card(long.name).locator(".state")).to_contain_text("Enhancing", timeout=WORK)
    visitor.hears("Connected again.")
    visitor.card(long.name).get_by_role("button", name="Cancel").click()
    expect(visitor.card(long.name).locator(".state")).to_have_text("Cancelled")


def test_an_upload_that_breaks_off_is_sent_again(
    visit: Visit, own_service: RunningService, noisy: Path
) -> None:
    visitor = visit(own_service)
    visitor.open()
    visitor.expect_failures()
    devtools = visitor.context.new_cdp_session(visitor.page)
    devtools.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 20_000}
    devtools.send("Network.emulateNetworkConditions", slow)
    visitor.drop(("broken.mp4", noisy.read_bytes()))
    card = visitor.card("broken.mp4")
    expect(card.locator(".state")).to_contain_text("Sending")
    own_service.kill()
    expect(card.locator(".fault")).to_contain_text("The connection broke off")
    devtools.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    own_service.start()
    visitor.is_live()
    card.get_by_role("button", name="Send again").click()
    visitor.is_ready("broken.mp4")


def test_uploads_wait_while_the_network_is_away(visitor: Visitor, clean: Path) -> None:
    visitor.expect_failures()
    names = [f"{each}.mp4" for each in range(3)]
    on_their_way: list[Route] = []
    visitor.page.route("**/upload", lambda route: on_their_way.extend([route]))
    visitor.drop(*((name, clean.read_bytes()) for name in names))
    expect(visitor.card(names[1]).locator(".state")).to_contain_text("Sen")
    visitor.context.set_offline(True)
    knows_that_nothing_answers(visitor)
    for route in on_their_way:
        route.abort()
    visitor.card(names[0]).get_by_role("button", name="Send again").click()
    visitor.drop(("late.mp4", clean.read_bytes()))
    waiting = (*names[2:], "late.mp4", names[0])
    for name in waiting:
        expect(visitor.card(name).locator(".state")).to_contain_text("Waits to be sent")
    visitor.page.unroute("**/upload")
    visitor.context.set_offline(False)
    for name in waiting:
        expect(visitor.card(name)).not_to_have_attribute("data-state", "sending")
    expect(visitor.card(names[1]).get_by_role("button", name="Send again")).to_be_visible()


def test_a_file_that_is_gone_when_its_turn_comes_is_said_to_be(
    visitor: Visitor, clean: Path, tmp_path: Path
) -> None:
    """As from a card that was taken out."""
    visitor.expect_failures()
    visitor.context.set_offline(True)
    knows_that_nothing_answers(visitor)
    taken = tmp_path / "taken.mp4"
    taken.write_bytes(clean.read_bytes())
    visitor.choose(taken)
    card = visitor.card("taken.mp4")
    expect(card.locator(".state")).to_contain_text("Waits to be sent")
    taken.unlink()
    visitor.context.set_offline(False)
    expect(card.locator(".fault")).to_contain_text("The file cannot be read any more")
    expect(card.get_by_role("button", name="Send again")).to_be_hidden()


# An upload goes its way; how it ended ("load" or "error") is heard from `window.hear(how)` on.
_ANSWERED_LATE = """() => {
  const add = XMLHttpRequest.prototype.addEventListener;
  const heard = new Promise((resolve) => (window.hear = resolve));
  XMLHttpRequest.prototype.addEventListener = function (name, react) {
    add.call(this, "load", async (event) => (await heard) === name && react(event));
  };
}"""


def test_a_video_that_is_told_of_before_its_upload_is_answered_has_one_card(
    visitor: Visitor, noisy: Path
) -> None:
    visitor.listen()
    visitor.page.evaluate(_ANSWERED_LATE)
    visitor.drop(("twice.mp4", noisy.read_bytes()), ("twice.mp4", noisy.read_bytes()))
    cards = visitor.card("twice.mp4")
    expect(cards.get_by_text("Ready")).to_have_count(2, timeout=WORK)
    expect(cards).to_have_count(2)
    visitor.page.evaluate("window.hear('load')")
    visitor.hears("twice.mp4 uploaded.")  # of both at once, or of one after the other
    expect(cards).to_have_count(2)


def test_an_upload_whose_answer_is_lost_is_told_by_its_video(visitor: Visitor, noisy: Path) -> None:
    visitor.listen()
    visitor.page.evaluate(_ANSWERED_LATE)
    visitor.drop(("lost.mp4", noisy.read_bytes()))
    visitor.is_ready("lost.mp4")
    visitor.page.evaluate("window.hear('error')")
    visitor.hears("lost.mp4 uploaded.")
    expect(visitor.card("lost.mp4")).to_have_count(1)


def test_what_was_deleted_elsewhere_is_gone_when_one_comes_back(
    visitor: Visitor, service: RunningService, clean: Path
) -> None:
    """Of what is finished no socket tells the end."""
    visitor.drop(("kept.mp4", clean.read_bytes()), ("gone.mp4", clean.read_bytes()))
    visitor.is_ready("kept.mp4")
    visitor.is_ready("gone.mp4")
    (gone,) = (v for v in service.videos(visitor.client_id) if v["filename"] == "gone.mp4")
    service.delete(gone["file_id"])
    visitor.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(visitor.card("gone.mp4")).to_have_count(0)
    expect(visitor.card("kept.mp4")).to_have_count(1)


def test_trying_at_once_needs_no_waiting(visit: Visit, own_service: RunningService) -> None:
    visitor = visit(own_service)
    visitor.open()
    visitor.expect_failures()
    own_service.kill()
    is_offline(visitor)
    # Late enough not to come by itself while the service starts.
    later = re.compile(r"Next try in 1[2-5] s")
    expect(visitor.page.locator(".banner")).to_contain_text(later, timeout=120_000)
    own_service.start()
    visitor.page.get_by_role("button", name="Try now").click(timeout=5_000)
    visitor.is_live()


def test_an_answer_that_was_none_is_asked_for_again(visitor: Visitor, noisy: Path) -> None:
    visitor.expect_failures()
    refused: list[str] = []

    def fail_at_the_end(route: Route) -> None:
        answer = route.fetch()
        ends = re.findall(r'"status":"(?:completed|failed)"', answer.text())
        if len(ends) == 2 and len(refused) < 2:
            refused.append(route.request.url)
            route.fulfill(status=500, body="")
        else:
            route.fulfill(response=answer)

    visitor.page.route(re.compile(r"/videos[?/][^/]+$"), fail_at_the_end)
    visitor.drop(("stumble.mp4", noisy.read_bytes()))
    visitor.is_ready("stumble.mp4")
    expect(visitor.card("stumble.mp4").locator("img")).to_be_visible()
    assert refused
