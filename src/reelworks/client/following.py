"""Follows videos to their end, over as many connections as it takes.

Each round opens the socket, looks at every unfinished video, and then listens. Looking comes after
opening, so that nothing falls between them. Where the socket cannot be had, looking alone does it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidProxy

from reelworks.client.answers import understood
from reelworks.client.news import News
from reelworks.client.nouns import Update, Video
from reelworks.client.patience import Patience
from reelworks.client.proxies import is_this_machine
from reelworks.errors import NotFound, ServiceError, Unreachable

# However a connection is doing, it is renewed after this time, with a look at everything: what a
# broken proxy swallowed is not lost for longer.
_RENEWED_SECONDS = 60.0
_POLL_SECONDS = 1.0
_OPEN_SECONDS = 10.0

Look = Callable[[str], Awaitable[Video]]


async def follow(
    videos: Sequence[Video],
    look: Look,
    socket_url: Callable[[str], str],
    trust: SSLContext | None,
    patience: Patience,
) -> AsyncGenerator[Update, None]:
    """How each process stands, and then what is new, until all of them are final.

    Args:
        videos: as they are now.
        look: how a video is now. Raises NotFound or ServiceError.
        socket_url: where the socket of a client id is.
        trust: whom to believe that they are the service; None where that is not asked.
        patience: with a service that does not answer.
    """
    news = News(videos)
    for update in news.known():
        yield update
    url, seconds = _common_socket(videos, socket_url), max(_RENEWED_SECONDS, len(videos))
    while news.unfinished():
        try:
            async with _listening(url, trust, seconds) as messages:
                for file_id in news.unfinished():
                    for update in await _look(news, file_id, look):
                        yield update
                patience.succeeded()
                while news.unfinished() and (message := await anext(messages, None)) is not None:
                    for update in _told(news, message):
                        yield update
        except ServiceError as error:
            await patience.wait(error)


def _common_socket(videos: Sequence[Video], socket_url: Callable[[str], str]) -> str | None:
    """The one socket that tells of all of these videos; None where there is none."""
    match [*{video.client_id for video in videos}]:
        case [str(client_id)] if client_id:
            return socket_url(client_id)
    return None


async def _look(news: News, file_id: str, look: Look) -> list[Update]:
    try:
        return list(news.looked_at(await look(file_id)))
    except NotFound:
        return list(news.deleted(file_id))


def _told(news: News, message: Any) -> Iterator[Update]:
    match message:
        case {"type": "status_update"}:
            yield from news.told(Update.from_message(message))


@asynccontextmanager
async def _listening(
    url: str | None, trust: SSLContext | None, seconds: float
) -> AsyncIterator[AsyncIterator[Any]]:
    """What the socket tells for some time; nothing for a moment, where there is no socket."""
    socket = None if url is None else await _open(url, trust)
    if socket is None:
        yield _nothing()
        return
    try:
        yield _messages(socket, seconds)
    finally:
        await socket.close()


async def _open(url: str, trust: SSLContext | None) -> ClientConnection | None:
    try:
        return await connect(
            url,
            ssl=trust,
            open_timeout=_OPEN_SECONDS,
            close_timeout=1,
            max_size=1 << 20,
            proxy=None if is_this_machine(urlsplit(url).hostname or "") else True,
        )
    except (OSError, TimeoutError, InvalidHandshake, InvalidMessage, InvalidProxy, ImportError):
        # Looking will tell whether it is the service or just its socket that is out of reach.
        return None


async def _nothing() -> AsyncIterator[Any]:
    await asyncio.sleep(_POLL_SECONDS)
    return
    yield {}


async def _messages(socket: ClientConnection, seconds: float) -> AsyncIterator[Any]:
    ends_at = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            async with asyncio.timeout_at(ends_at):
                text = await socket.recv()
        except TimeoutError:
            return
        except ConnectionClosed as error:
            raise Unreachable(f"The socket broke: {error}.") from error
        with understood("what happens"):
            message = json.loads(text)
        yield message
