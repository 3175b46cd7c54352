"""``python -m tests.browser.screenshots``: takes the pictures of the page that the documents show.

The page is the real one, over a real service that has enhanced real clips.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import at_rest, opened_browser
from tests.browser.pictures import SHOTS, make_shot
from tests.service import RunningService
from tests.waiting import wait_for

IMAGES = Path(__file__).parents[2] / "docs" / "images"
CLIENT = "studio"
WIDTHS = (390, 820, 1440)
HEIGHTS = {390: 844, 820: 1180, 1440: 940}
expect.set_options(timeout=60_000)
SCHEMES = ("light", "dark")
SHOWN = "Launch at dusk.mp4"
MOST_BYTES = 300_000


def main() -> None:
    """Make the clips, enhance them, and take every picture."""
    with tempfile.TemporaryDirectory(prefix="reelworks-screenshots-") as folder:
        service = RunningService(Path(folder))
        try:
            fill(service, Path(folder))
            with paused(service), opened_browser() as browser:
                for width in WIDTHS:
                    for scheme in SCHEMES:
                        take(browser, service, width, scheme)
        finally:
            service.stop()


def fill(service: RunningService, folder: Path) -> None:
    """Upload the clips; the last one is still under way when the pictures are taken."""
    *done, last = [make_shot(shot, folder) for shot in SHOTS]
    for path in done:
        service.finished(service.accepted(path, client_id=CLIENT), seconds=600)
    last_id = service.accepted(last, client_id=CLIENT)
    wait_for(
        lambda: service.status("video-enhancement", last_id)["progress"] > 5,
        "the last clip to be under way",
        seconds=600,
    )


@contextmanager
def paused(service: RunningService) -> Iterator[None]:
    """What is under way stays so for all pictures."""
    pids = service.worker_pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def take(browser: Browser, service: RunningService, width: int, scheme: str) -> None:
    """The list and a video, at one width in one theme."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHTS[width]},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    context.add_init_script(f"localStorage.setItem('reelworks.client', '{CLIENT}')")
    page = context.new_page()
    page.goto(service.url)
    expect(page.locator(".pulse")).to_have_text("Live")
    expect(page.locator(".card img:visible")).to_have_count(len(SHOTS) - 1)
    at_rest(page)
    save(page, f"page-{width}-{scheme}")
    page.get_by_role("link", name=SHOWN).click()
    expect(page.locator("svg.plot")).to_be_visible()
    wait_for(
        lambda: page.evaluate(
            "[...document.querySelectorAll('video')].every(v => v.readyState > 1)"
        ),
        "the first pictures",
    )
    page.get_by_role("slider", name="Divider").evaluate("each => each.blur()")
    at_rest(page)
    save_whole(page, f"page-video-{width}-{scheme}")
    context.close()


def save(page: Page, name: str) -> None:
    """A picture of what is in sight: 256 colours, dithered, as photographs want."""
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    picture = Image.open(path).convert("RGB")
    palette = picture.quantize(256, kmeans=1)
    picture.quantize(palette=palette).save(path, optimize=True)
    assert path.stat().st_size < MOST_BYTES, f"{path} is larger than {MOST_BYTES} bytes"


def save_whole(page: Page, name: str) -> None:
    """A picture of the whole page."""
    path = IMAGES / f"{name}.jpg"
    page.screenshot(path=path, full_page=True, type="jpeg", quality=82)
    assert path.stat().st_size < MOST_BYTES, f"{path} is larger than {MOST_BYTES} bytes"


if __name__ == "__main__":
    main()
