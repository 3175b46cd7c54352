"""A slash at the end of a path means nothing.

The framework redirects to the path without it. To an upload that answer comes before its body is
read: who streams cannot send it twice, and curl shows nothing. And it names an address as this
server knows it, which is another one behind a proxy that has put the service under a path.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class Unslashed:
    """Serves a request as if it had no slash at its end. A client id may end with one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one socket as it is."""
        if scope["type"] == "http" and scope["path"] != "/":
            scope = {**scope, "path": scope["path"].removesuffix("/")}
        await self._app(scope, receive, send)
