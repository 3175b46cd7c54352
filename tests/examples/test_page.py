"""The page among the examples, in a real browser, served by the nginx in front of a service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import chromium_path, opened_browser
from tests.deploy.site import free_port, nginx
from tests.service import RunningService
from tests.waiting import wait_for

EXAMPLES = Path(__file__).parents[2] / "examples"
WORK = 200_000


@pytest.fixture
def origin(service: RunningService, tmp_path: Path) -> Iterator[str]:
    """Where nginx serves both the page and the service."""
    origin = f"http://127.0.0.1:{free_port()}"

    def change(text: str) -> str:
        address = service.url.removeprefix("http://")
        text = re.sub(r"server api:\S+ resolve", f"server {address}", text)
        listen = f"listen {origin.removeprefix('http://')};"
        own = f"location = /page.html {{ root {EXAMPLES}; }}"
        return text.replace("listen 8000;", f"{listen} {own}")

    def answers() -> bool:
        try:
            return httpx.get(f"{origin}/page.html").is_success
        except httpx.TransportError:
            return False

    with nginx(tmp_path / "nginx", "balancer.conf", change):
        wait_for(answers, "nginx")
        yield origin


@pytest.fixture
def page(origin: str) -> Iterator[Page]:
    """The page, opened; in the end it must have met no error."""
    chromium_path()
    faults: list[str] = []
    with opened_browser() as browser:
        page = browser.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{origin}/page.html")
        yield page
    assert faults == []


def test_the_page_uploads_and_watches(page: Page, video: Path, notes: Path) -> None:
    page.get_by_label("Videos").set_input_files([video, notes])
    refused = page.get_by_text(re.compile("notes.mp4: The file is text, not a video"))
    expect(refused).to_be_visible(timeout=WORK)
    for process in ("video_enhancement", "metadata_extraction"):
        done = page.get_by_text(re.compile(f"{process}: completed, 100 %"))
        expect(done).to_be_visible(timeout=WORK)
