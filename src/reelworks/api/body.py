"""The body of a request as it arrives: a client may vanish, or refuse to end."""

from __future__ import annotations

from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request

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


async def hear_out(body: AsyncIterator[bytes]) -> None:
    """Read on for a while, and keep nothing."""
    heard = 0
    with suppress(ClientDisconnect, ClientSilent):
        async for piece in body:
            heard += len(piece)
            if heard > _HEAR_OUT_BYTES:
                return
