"""The page behind a proxy that has put the service under a path of its own."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.deploy.files import DEPLOY
from tests.deploy.site import answers, free_port, nginx
from tests.service import RunningService
from tests.waiting import wait_for


def test_the_page_works_under_a_path(
    visit: Visit, service: RunningService, tmp_path: Path, clean: Path
) -> None:
    port = free_port()
    routes = (DEPLOY / "nginx/reelworks.inc").read_text()
    # As the how-to says.
    routes = routes.replace("location / {", "location /reelworks/ {")
    routes = routes.replace("proxy_pass http://reelworks;", "proxy_pass http://reelworks/;")

    def here(text: str) -> str:
        text = text.replace("include reelworks.inc;", routes)
        text = text.replace("listen 8000;", f"listen 127.0.0.1:{port};")
        return text.replace("api:8000 resolve", service.url.removeprefix("http://"))

    with nginx(tmp_path / "nginx", "balancer.conf", here):
        url = f"http://127.0.0.1:{port}/reelworks"
        wait_for(lambda: answers(f"{url}/healthz/live"), "nginx to answer")
        visitor = visit(url=url)
        page = visitor.open()
        visitor.drop(clean)
        visitor.is_ready(clean.name)
        visitor.enter(clean.name)
        expect(page.locator(".time")).to_have_text("0:00 / 0:01")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the enhanced video").click()
        assert download.value.path().stat().st_size == clean.stat().st_size
        page.close()  # before the proxy, whose end it would notice
