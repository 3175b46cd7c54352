"""The body of a request as it arrives: a client may vanish, or refuse to end."""

from __future__ import annotations

from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from reelworks.errors import ClientSilent

# A telephone that left the network says no word of it: its connection would stay open for ever.
SILENT_SECONDS = 120.0
# A client that is refused while it still sends may never read why: so much is heard out first.
_HEAR_OUT_BYTES = 64 << 20


async def arriving(request: Request) -> AsyncIterator[bytes]:
    """The pieces of a body.

    Raises:
        ClientSilent: none came for ``SILENT_SECONDS``.
        ClientDisconnect: the client went away.
    """
    pieces = aiter(request.stream())
    while True:
        try:
            async with timeout(SILENT_SECONDS):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise ClientSilent(
                f"Nothing of the upload came for {SILENT_SECONDS:g} seconds; "
                "nothing of it was kept, send it again."
            ) from error
        yield piece


class HeardOut(Response):
    """An answer to a request whose body need not have come yet, nor ever come.

    It is sent at once. The connection lasts until the body was heard, so that who reads only then
    finds the answer; of a long one, or where nothing more comes, not all of it.
    """

    def __init__(self, answer: Response, body: AsyncIterator[bytes]) -> None:
        super().__init__(answer.body, answer.status_code, dict(answer.headers))
        self._rest = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and then read on for a while and keep nothing."""

        async def send_on(message: Message) -> None:
            is_body = message["type"] == "http.response.body"
            await send({**message, "more_body": True} if is_body else message)

        await super().__call__(scope, receive, send_on)
        heard = 0
        with suppress(ClientDisconnect, ClientSilent):
            async for piece in self._rest:
                heard += len(piece)
                if heard > _HEAR_OUT_BYTES:
                    break
        await send({"type": "http.response.body"})
