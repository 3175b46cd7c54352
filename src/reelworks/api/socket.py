"""``/ws/{client_id}``: tells a client live what happens to its videos."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.responses import Response
from starlette.convertors import Convertor, register_url_convertor
from starlette.status import WS_1008_POLICY_VIOLATION, WS_1013_TRY_AGAIN_LATER

from reelworks.api import problems
from reelworks.api.parameters import check_client_id
from reelworks.api.service import Service, ServiceDependency
from reelworks.errors import BadRequest, ReelworksError, Unavailable
from reelworks.events import messages
from reelworks.events.hub import Subscription
from reelworks.telemetry.instruments import open_sockets

router = APIRouter()

_MAX_REASON = 123


class _AnyText(Convertor[str]):
    """The rest of a path, whatever it is: the framework's own kinds end where a line does."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """As it is."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


register_url_convertor("text", _AnyText())


@router.websocket("/ws/{client_id:text}")
async def status_updates(socket: WebSocket, client_id: str, service: ServiceDependency) -> None:
    """The connection message, how each unfinished process stands, then every change."""
    await socket.accept()
    with suppress(WebSocketDisconnect):  # the ordinary end of every socket
        await _serve(socket, client_id, service)


@router.get("/ws", include_in_schema=False)
@router.get("/ws/{client_id:text}", include_in_schema=False)
async def no_socket() -> Response:
    """What came as an ordinary request, as from a proxy that keeps the Upgrade header to itself."""
    sentence = (
        "This is a WebSocket; connect with ws:// or wss://, "
        "and have a proxy in front of it pass on the Upgrade header."
    )
    return problems.problem(426, sentence, {"upgrade": "websocket", "connection": "upgrade"})


@router.websocket("/{path:text}")
async def no_such_socket(socket: WebSocket) -> None:
    """Any other path. The framework's own answer, 403, sounds as if there were a login."""
    path = socket.url.path
    sentence = f"There is no WebSocket at {path}; there is one at /ws/ and a client id behind it."
    await socket.send_denial_response(problems.problem(404, sentence))


async def _serve(socket: WebSocket, client_id: str, service: Service) -> None:
    try:
        check_client_id(client_id)
        # Listening comes before the greeting: what a client does after it is never missed.
        async with service.hub.subscribe(client_id) as subscription:
            with open_sockets.track_inprogress():
                await socket.send_text(messages.connection(client_id).text)
                await _converse(socket, subscription)
    except BadRequest as error:
        await socket.send_text(messages.Error(message=str(error)).text)
        await socket.close(WS_1008_POLICY_VIOLATION)
    except Unavailable as error:
        # No message: the first one that a client waits for is the greeting, once it is let in.
        await socket.close(WS_1013_TRY_AGAIN_LATER, _reason(error))


def _reason(error: ReelworksError) -> str:
    """An error as a close frame can hold it: 125 bytes, of which two are the code (RFC 6455)."""
    return str(error).encode()[:_MAX_REASON].decode(errors="ignore")


async def _converse(socket: WebSocket, subscription: Subscription) -> None:
    """Tell and answer, until the client goes away."""
    tasks = [
        asyncio.create_task(_tell(socket, subscription)),
        asyncio.create_task(_answer(socket)),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome


async def _tell(socket: WebSocket, subscription: Subscription) -> None:
    async for message in subscription.messages():
        await socket.send_text(message.text)


async def _answer(socket: WebSocket) -> None:
    """There is nothing yet that a client could ask for."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000), message.get("reason"))
        await socket.send_text(messages.NOT_UNDERSTOOD.text)
        # One that sends without a pause lets others have their turn too.
        await asyncio.sleep(0)
