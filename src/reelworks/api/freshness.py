"""Answers are asked for anew, unless they say otherwise.

Where an answer does not say how long it holds, a cache in front of the service may decide: Varnish
keeps it for two minutes, and how a video stands would be told from before. Results may be replaced,
too: they are asked for each time, and answered 304 where they are the same.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Fresh:
    """Says of each answer that says nothing of it that no cache may use it unasked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("cache-control", "no-cache")
            await send(message)

        await self._app(scope, receive, sending)
