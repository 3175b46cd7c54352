"""Somebody who looks at the page: opens it, drops files on it, and notices what goes wrong."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    WebSocket,
    expect,
)

from tests.service import RunningService

WORK = 120_000
"""Milliseconds within which a short clip is processed, also on a machine that is busy."""

# What the browser itself says where the network fails; the page cannot keep it from that.
_NETWORK_WORDS = re.compile(r"net::ERR_|WebSocket connection to|Failed to load resource")

_DROP = """
([target, files]) => {
  const transfer = new DataTransfer();
  for (const { name, type, data } of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
  for (const name of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(name, options));
  }
}
"""
_TYPES = {".mp4": "video/mp4", ".avi": "video/x-msvideo", ".txt": "text/plain"}


class Visitor:
    """A browser of its own, with an id of its own, on the page of a service.

    Attributes:
        service: whose page it is.
        url: where the page is.
        page: Playwright's page.
        faults: errors on the console, in the page, and requests to other hosts.
        messages: what the sockets said.
    """

    def __init__(
        self, browser: Browser, service: RunningService, url: str | None = None, **options: Any
    ) -> None:
        """Args:
        url: where the page is, if not at the service itself.
        """
        self.service = service
        self.url = url or service.url
        self.context: BrowserContext = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.messages: list[dict[str, Any]] = []
        self._expects_failures = False
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", self._request)
        self.page.on("websocket", self._websocket)
        self.page.set_default_timeout(20_000)

    def open(self, path: str = "/") -> Page:
        """Open the page, and wait until it is live."""
        self.page.goto(f"{self.url}{path}")
        self.is_live()
        return self.page

    def is_live(self) -> None:
        """The page says so."""
        expect(self.page.locator(".pulse")).to_have_text("Live", timeout=60_000)

    def listen(self) -> None:
        """Keep what a screen reader is told from now on: each sentence replaces the last."""
        self.page.evaluate(
            """() => {
                const region = document.querySelector("#live");
                window.told = [];
                new MutationObserver(() => window.told.push(region.textContent))
                    .observe(region, { childList: true, characterData: true, subtree: true });
            }"""
        )

    def hears(self, sentence: str) -> None:
        """It is told, or was since ``listen``."""
        self.page.wait_for_function(
            "sentence => window.told.some((text) => text.includes(sentence))", arg=sentence
        )

    @property
    def client_id(self) -> str:
        """The id that the page made."""
        return str(self.page.evaluate("localStorage.getItem('reelworks.client')"))

    def drop(self, *files: Path | tuple[str, bytes]) -> None:
        """Let files go over the page; a tuple is a name and what the file holds."""
        named = [(f.name, f.read_bytes()) if isinstance(f, Path) else f for f in files]
        data = [
            {
                "name": name,
                "type": _TYPES.get(Path(name).suffix, ""),
                "data": b64encode(held).decode(),
            }
            for name, held in named
        ]
        target = self.page.locator("main").element_handle()
        self.page.evaluate(_DROP, [target, data])

    def choose(self, path: Path) -> None:
        """Choose a file; quicker than dropping where it is large."""
        self.page.get_by_label("Choose videos").set_input_files(path)

    def card(self, name: str) -> Locator:
        """The card of a video or an upload on the sheet."""
        return self.page.locator(".card").filter(
            has=self.page.get_by_role("heading", name=name, exact=True)
        )

    def is_ready(self, name: str) -> None:
        """Both processes of a video end well, and the page says so."""
        expect(self.card(name).locator(".state")).to_have_text("Ready", timeout=WORK)

    def enter(self, name: str) -> None:
        """Open a video."""
        self.card(name).get_by_role("link", name=name).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(name)

    def expect_failures(self) -> None:
        """From now on the browser may complain about the network."""
        self._expects_failures = True

    def leave(self) -> None:
        """Close; fails where anything went wrong that nobody sees."""
        self.context.close()
        assert self.faults == []

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if not (self._expects_failures and _NETWORK_WORDS.search(message.text)):
            self.faults.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        here = urlsplit(self.url).netloc
        if url.scheme not in ("data", "blob") and url.netloc != here:
            self.faults.append(f"request to {request.url}")

    def _websocket(self, socket: WebSocket) -> None:
        if urlsplit(socket.url).netloc != urlsplit(self.url).netloc:
            self.faults.append(f"socket to {socket.url}")
        socket.on("framereceived", lambda frame: self.messages.append(json.loads(frame)))
