"""The documentation is a site in which everything leads somewhere, and nothing leads away."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import opened_browser
from tests.docs.pages import DOCS

ROOT = DOCS.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a link or an anchor that leads nowhere fails."""
    folder = tmp_path_factory.mktemp("docs")
    # It writes beside its configuration, and caches there.
    shutil.copytree(DOCS, folder / "docs")
    (folder / "zensical.toml").write_text((ROOT / "zensical.toml").read_text())
    built = subprocess.run(
        [Path(sys.executable).with_name("zensical"), "build", "--strict", "--clean"],
        cwd=folder,
        env=os.environ | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = re.sub(r"\x1b\[[0-9;]*m", "", built.stdout + built.stderr)
    assert built.returncode == 0, said
    return folder / "site"


class _Loaded(HTMLParser):
    """What a page makes a browser load; links that a person follows are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a":
            self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loaded = _Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.addresses
        assert [each for each in loaded.addresses if re.match(r"(https?:)?//", each)] == [], page


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder over HTTP, as any plain web server has it."""
    handler = partial(_Silent, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def test_a_browser_finds_what_is_searched_for_and_asks_nobody_else(site: Path) -> None:
    asked: list[str] = []
    with served(site) as url, opened_browser() as browser:
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/index.html")
        # The field is made by a script, which also makes the button open it.
        field = page.locator("input[aria-autocomplete=list]")
        field.wait_for(state="attached")
        page.locator("button.md-search__button").click()
        field.fill("REELWORKS_KEEP_DAYS")
        page.locator("a[href*='reference/settings.html?h=REELWORKS_KEEP_DAYS']").first.click()
        page.wait_for_url("**/reference/settings.html*")
    assert [each for each in asked if not each.startswith((url, "data:", "blob:"))] == []


def test_every_page_is_in_the_navigation_or_a_decision() -> None:
    navigation = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    listed = set(_leaves(navigation))
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    assert {page for page in pages - listed if not page.startswith("decisions/0")} == set()


def _leaves(navigation: list[dict[str, Any]]) -> Iterator[str]:
    for entry in navigation:
        for value in entry.values():
            if isinstance(value, str):
                yield value
            else:
                yield from _leaves(value)


def test_the_index_lists_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")} - {"README.md"}
    listed = {page for page in pages if f"]({page})" in index}
    assert {page for page in pages - listed if not page.startswith("decisions/0")} == set()
