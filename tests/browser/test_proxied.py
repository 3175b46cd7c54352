"""The page behind a proxy that has put the service under a path of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor
from tests.deploy.files import DEPLOY
from tests.deploy.site import answers, free_port, nginx
from tests.service import RunningService
from tests.waiting import wait_for


@contextmanager
def proxied(
    folder: Path, service: RunningService, *changes: tuple[str, str], path: str = ""
) -> Iterator[str]:
    """Where a service is behind nginx, in whose routes some words are others."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{path}"
    routes = (DEPLOY / "nginx/reelworks.inc").read_text()
    for old, new in changes:
        routes = routes.replace(old, new)

    def here(text: str) -> str:
        text = text.replace("include reelworks.inc;", routes)
        text = text.replace("listen 8000;", f"listen 127.0.0.1:{port};")
        return text.replace("api:8000 resolve", service.url.removeprefix("http://"))

    with nginx(folder / "nginx", "balancer.conf", here):
        wait_for(lambda: answers(f"{url}/healthz/live"), "nginx to answer")
        yield url


def test_the_page_works_under_a_path(
    visit: Visit, service: RunningService, tmp_path: Path, clean: Path
) -> None:
    # As the how-to says.
    location = ("location / {", "location /reelworks/ {")
    upstream = ("proxy_pass http://reelworks;", "proxy_pass http://reelworks/;")
    with proxied(tmp_path, service, location, upstream, path="/reelworks") as url:
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


def test_a_file_that_a_proxy_finds_too_long_is_said_to_be(
    visit: Visit, service: RunningService, tmp_path: Path, clean: Path
) -> None:
    limit = ("client_max_body_size 0;", "client_max_body_size 1k;")
    with proxied(tmp_path, service, limit) as url:
        visitor = visit(url=url)
        page = visitor.open()
        visitor.expect_failures()
        visitor.drop(clean)
        expect(visitor.card(clean.name).locator(".fault")).to_have_text(
            "The file is larger than a server in front of Reelworks allows."
        )
        page.close()


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_upload_that_a_proxy_could_not_hand_on_can_be_sent_again(
    visitor: Visitor, clean: Path, status: int
) -> None:
    visitor.expect_failures()
    answer = "<html><body><h1>nginx</h1></body></html>"
    visitor.page.route(
        "**/upload", lambda route: route.fulfill(status=status, body=answer), times=1
    )
    visitor.drop(clean)
    visitor.card(clean.name).get_by_role("button", name="Send again").click()
    visitor.is_ready(clean.name)
