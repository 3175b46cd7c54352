"""What is under way when the server stops, and takes longer than it may: it is told so, or left."""

from __future__ import annotations

import logging
from asyncio import CancelledError
from concurrent.futures import ThreadPoolExecutor

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reelworks.api import problems

log = logging.getLogger(__name__)


class Unawaited(ThreadPoolExecutor):
    """Threads that the server does not wait for when it stops.

    They may be at a question to a database that stands still.
    """

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Begin nothing more."""
        super().shutdown(wait=False, cancel_futures=True)


class Stopping:
    """Answers a request that the server gives up, unless its answer has begun."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except CancelledError:
            # Nobody but the server gives up a request of ours, and it does so at its end alone.
            if scope["type"] != "http":
                raise
            log.warning("%s %s was cut off: the server stops", scope["method"], scope["path"])
            if not begun:
                # Not that nothing was done: a thread that has begun goes on to its end.
                sentence = (
                    "The service stops, and cannot say how this ended; look, or send it again."
                )
                await problems.problem(500, sentence)(scope, receive, send)
