"""Dropping videos on the page, and following them to their end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor
from tests.service import RunningService
from tests.waiting import wait_for


def named(path: Path, name: str) -> tuple[str, bytes]:
    """A file under another name."""
    return name, path.read_bytes()


def test_two_dropped_files_finish_live(visitor: Visitor, noisy: Path, clean: Path) -> None:
    visitor.drop(named(noisy, "noisy.mp4"), named(clean, "clean.mp4"))
    for name in ("noisy.mp4", "clean.mp4"):
        visitor.is_ready(name)
        expect(visitor.card(name).locator("img")).to_be_visible()
    updates = [m for m in visitor.messages if m["type"] == "status_update"]
    ended = {(m["file_id"], m["process_type"]) for m in updates if m["status"] == "completed"}
    assert len(ended) == 4
    expect(visitor.page.locator("#live")).to_have_text(re.compile("finished"))


def test_chosen_files_are_sent_with_the_look_that_was_chosen(
    visitor: Visitor, clean: Path, service: RunningService
) -> None:
    page = visitor.page
    page.get_by_role("radio", name="clean").check()
    page.get_by_text("Fine-tune").click()
    sharpen = page.get_by_role("slider", name="Sharpen")
    sharpen.focus()
    sharpen.press("End")
    page.get_by_label("Quality").select_option(label="high")
    page.get_by_role("checkbox", name="auto").first.check()  # of denoising
    expect(page.locator(".changed")).to_have_text("3 changes")
    visitor.choose(clean)
    visitor.is_ready(clean.name)
    (video,) = service.videos(visitor.client_id)
    assert video["preset"] == "clean"
    wished = {name: video["options"][name] for name in ("denoise", "sharpen", "quality", "levels")}
    assert wished == {"denoise": "auto", "sharpen": 2, "quality": "high", "levels": 0}


@pytest.mark.parametrize(("width", "height"), [(1280, 650), (375, 667)])
def test_what_fine_tune_opens_is_brought_into_view(
    visitor: Visitor, width: int, height: int
) -> None:
    visitor.page.set_viewport_size({"width": width, "height": height})

    visitor.page.get_by_text("Fine-tune").click()

    slider = visitor.page.get_by_role("slider", name="Sharpen")
    expect(slider).to_be_in_viewport()
    expect(visitor.page.get_by_text("Fine-tune")).to_be_in_viewport()


def test_a_text_file_is_refused_with_the_servers_sentence(
    visitor: Visitor, service: RunningService, tmp_path: Path
) -> None:
    visitor.expect_failures()  # the browser notes every answer of 400 on its console
    notes = tmp_path / "notes.txt"
    notes.write_text("no video at all\n")
    sentence = service.upload(notes, content_type="text/plain").json()["detail"]
    visitor.drop(notes)
    card = visitor.card("notes.txt")
    expect(card.locator(".fault")).to_have_text(sentence)
    card.get_by_role("button", name="Put away").click()
    expect(card).to_have_count(0)


def test_a_text_file_that_calls_itself_a_video_is_refused_too(
    visitor: Visitor, service: RunningService, tmp_path: Path
) -> None:
    visitor.expect_failures()
    notes = tmp_path / "notes.mp4"
    notes.write_text("no video at all\n")
    sentence = service.upload(notes, content_type="video/mp4").json()["detail"]
    visitor.drop(notes)
    expect(visitor.card("notes.mp4").locator(".fault")).to_have_text(sentence)


def test_an_upload_that_a_login_answers_is_told_so_and_holds_up_no_other(
    visitor: Visitor, clean: Path
) -> None:
    login = "<!doctype html><title>Log in</title>"
    visitor.page.route("**/upload", lambda route: route.fulfill(body=login), times=3)
    visitor.drop(*(named(clean, f"{each}.mp4") for each in range(4)))
    for each in range(3):
        fault = visitor.card(f"{each}.mp4").locator(".fault")
        expect(fault).to_contain_text("Something other than the service has answered")
    visitor.is_ready("3.mp4")


def test_two_uploads_run_at_once_and_one_is_given_up(
    visitor: Visitor, service: RunningService, noisy: Path
) -> None:
    devtools = visitor.context.new_cdp_session(visitor.page)
    devtools.send("Network.enable")
    devtools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 40_000},
    )
    visitor.drop(*(named(noisy, f"{name}.mp4") for name in ("one", "two", "three")))
    expect(visitor.card("one.mp4").locator(".state")).to_contain_text("Sending")
    expect(visitor.card("two.mp4").locator(".state")).to_contain_text("Sending")
    expect(visitor.card("three.mp4").locator(".state")).to_contain_text("Waits to be sent")
    visitor.card("one.mp4").get_by_role("button", name="Cancel").click()
    expect(visitor.card("one.mp4")).to_have_count(0)
    expect(visitor.card("three.mp4").locator(".state")).to_contain_text("Sending")
    for name in ("three.mp4", "two.mp4"):
        visitor.card(name).get_by_role("button", name="Cancel").click()
    expect(visitor.page.locator(".card")).to_have_count(0)
    wait_for(lambda: not [f for f in service.files() if f.startswith("incoming")], "nothing kept")
    assert service.videos(visitor.client_id) == []


HOSTILE = "<img src=x onerror=alert(1)>&amp;\u202e.mp4"


def test_a_hostile_file_name_stays_text(visitor: Visitor, clean: Path) -> None:
    dialogs: list[str] = []
    visitor.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    visitor.drop(named(clean, HOSTILE))
    visitor.is_ready(HOSTILE)
    visitor.enter(HOSTILE)
    assert visitor.page.locator("img[src=x]").count() == 0
    assert dialogs == []


def test_a_folder_is_not_sent(visitor: Visitor) -> None:
    """The browser gives a folder as an entry that only a real drop has: what is told is tested."""
    found = visitor.page.evaluate(
        """async () => {
          const { watchDrops } = await import(
            document.querySelector("script[type=module]").src.replace("main.js", "dropping.js"));
          const heard = new Promise((resolve) => watchDrops({
            over: () => {}, dropped: (files, folders) => resolve([files.length, folders]) }));
          const transfer = {
            types: ["Files"], files: [new File([], "trip")],
            items: [{ webkitGetAsEntry: () => ({ isDirectory: true, name: "trip" }) }] };
          const event = new Event("drop");
          event.dataTransfer = transfer;
          event.stopImmediatePropagation = () => {};
          window.dispatchEvent(event);
          return heard;
        }"""
    )
    assert found == [0, ["trip"]]
    expect(visitor.page.locator(".notice")).to_contain_text("1 folder left out")


@pytest.fixture(scope="module")
def collection(service: RunningService, clean: Path) -> str:
    """The id of a client that has 22 videos, which is more than a page."""
    kept = [service.accepted(clean, client_id="collector", preset="none") for _ in range(22)]
    for file_id in kept:
        service.finished(file_id)  # news of one shows it, whichever page it is on
    return "collector"


@pytest.fixture
def collector(visit: Visit, collection: str) -> Visitor:
    """Their owner, who is about to open the page."""
    visitor = visit()
    keep = f"localStorage.setItem('reelworks.client', '{collection}')"
    visitor.context.add_init_script(keep)
    return visitor


@pytest.mark.slow
def test_more_than_a_page_of_videos_is_shown_a_page_at_a_time(collector: Visitor) -> None:
    collector.open()
    cards = collector.page.locator(".card")
    expect(cards).to_have_count(20)
    collector.page.get_by_role("button", name="Show more").click()
    expect(cards).to_have_count(22)
    expect(collector.page.get_by_role("button", name="Show more")).to_be_hidden()


@pytest.mark.slow
def test_a_late_answer_takes_no_page_back(collector: Visitor, clean: Path) -> None:
    questions: list[Route] = []
    collector.page.route(re.compile("/videos.*limit=20$"), lambda route: questions.extend([route]))
    collector.open()  # asks for the list at once, and again as soon as the socket is there
    questions.pop(0).continue_()
    collector.page.get_by_role("button", name="Show more").click()
    expect(collector.page.locator(".card")).to_have_count(22)
    late = questions.pop(0)
    answer = late.fetch()
    late.fulfill(response=answer, body=answer.text().replace(clean.name, "late.mp4"))
    expect(collector.card("late.mp4")).to_have_count(20)
    expect(collector.page.get_by_role("button", name="Show more")).to_be_hidden()
