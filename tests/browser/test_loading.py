"""What the page costs before it shows itself, and what its modules decide."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

FIRST_PAINT_BYTES = 150_000


def test_the_first_paint_needs_little(visit: Visit) -> None:
    visitor = visit()
    devtools = visitor.context.new_cdp_session(visitor.page)
    devtools.send("Network.enable")
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page = visitor.open()
    expect(page.get_by_role("radio", name=re.compile("^auto"))).to_be_visible()
    assert len(sizes) > 30
    assert 10_000 < sum(sizes) < FIRST_PAINT_BYTES


def test_a_second_visit_loads_nothing_but_what_may_have_changed(visitor: Visitor) -> None:
    visitor.page.reload()
    visitor.is_live()
    sizes = visitor.page.evaluate(
        """performance.getEntriesByType("resource")
             .filter((each) => each.name.includes("/assets/")).map((each) => each.transferSize)"""
    )
    assert len(sizes) > 30
    assert set(sizes) == {0}


IMPORTED = """async (name) => {
  const main = document.querySelector("script[type=module]").src;
  return (%s)(await import(main.replace("main.js", name)));
}"""


def told(visitor: Visitor, module: str, question: str) -> Any:
    """What a function of a module of the page answers."""
    return visitor.page.evaluate(IMPORTED % question, module)


def test_tries_to_reconnect_are_spread_and_have_a_longest_wait(visitor: Visitor) -> None:
    waits = told(
        visitor,
        "socket.js",
        "(m) => [1, 2, 3, 20].flatMap((n) => [m.waitAfter(n, 0), m.waitAfter(n, 1)])",
    )
    assert waits == [300, 500, 600, 1000, 1200, 2000, 9000, 15000]


def test_old_news_changes_nothing(visitor: Visitor) -> None:
    before, after = told(
        visitor,
        "videos.js",
        """(m) => {
          const at = (second) => `2026-11-22T20:15:0${second}.000+00:00`;
          const process = { status: "processing", progress: 50, error: null, last_updated: at(5) };
          const video = { file_id: "a", video_enhancement: process, metadata_extraction: process };
          const said = (timestamp, progress) => ({ file_id: "a", process_type: "video_enhancement",
            status: "processing", progress, error: null, timestamp });
          const videos = m.withVideo(new Map(), video);
          const progress = (map) => map.get("a").video_enhancement.progress;
          const old = { ...process, progress: 10, last_updated: at(1) };
          const late = { ...video, video_enhancement: old };
          const newer = m.withUpdate(videos, said(at(6), 60));
          return [
            [progress(m.withUpdate(videos, said(at(4), 40))), progress(m.withVideo(videos, late))],
            [progress(newer), newer.size],
          ];
        }""",
    )
    assert before == [50, 50]
    assert after == [60, 1]


def test_what_a_page_of_the_list_lacks_was_deleted_unless_it_is_newer_or_older(
    visitor: Visitor,
) -> None:
    left = told(
        visitor,
        "videos.js",
        """(m) => {
          const video = (file_id, second) => {
            const created_at = `2026-11-22T20:15:0${second}Z`;
            const process = { last_updated: created_at };
            const both = { video_enhancement: process, metadata_extraction: process };
            return { file_id, created_at, ...both };
          };
          const names = ["older", "first", "gone", "second", "sent"];
          const all = names.map(video);
          const [older, first, gone, second] = all;
          const known = new Map(all.map((each) => [each.file_id, each]));
          const page = { videos: [second, first], next: "more" };
          const asked = [older, first, gone, second];
          return [...m.withNewest(known, page, asked).keys()].sort();
        }""",
    )
    assert left == ["first", "older", "second", "sent"]


def test_the_follower_is_held_to_the_leader(visitor: Visitor) -> None:
    rates = told(
        visitor, "together.js", "(m) => [0, 0.01, 0.04, -0.04, 0.2, -0.2, 1, -1].map(m.rateFor)"
    )
    assert rates == [1, 1, 0.94, 1.06, 0.88, 1.12, None, None]


def test_no_markup_can_be_made_of_a_text(visitor: Visitor) -> None:
    outcome = visitor.page.evaluate(
        """() => { try { document.body.innerHTML = "<b>x</b>"; return "made"; }
                   catch (fault) { return fault.name; } }"""
    )
    assert outcome == "TypeError"
    visitor.faults = [fault for fault in visitor.faults if "TrustedHTML" not in fault]
