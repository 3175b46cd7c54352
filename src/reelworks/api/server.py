"""How the application is served: sockets whose clients may be slow, silent, gone, or hostile.

A socket only reports. So what a client may send is little, and so is what a client that does not
read can make us keep: the rest of either stays in the network's own buffers.
"""

from __future__ import annotations

import resource
import socket
from asyncio.transports import BaseTransport, Transport
from typing import cast

import uvicorn
from fastapi import FastAPI
from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import SecurityError
from websockets.frames import CloseCode

from reelworks.api import problems
from reelworks.api.connection import PatientHttp

# A peer that answers no ping within this long is gone; half a minute later at most, it is noticed.
_PING_SECONDS = 20.0
_MAX_MESSAGE_BYTES = 16 * 1024
_KEPT_MESSAGES = 16
_RECEIVED_BYTES_PER_SECOND = 4 * 1024
_BUFFER_BYTES = 16 * 1024
_MANY_FILES = 65_536
# macOS says that there is no limit, and refuses what is over its own (setrlimit(2), OPEN_MAX).
_SURE_FILES = 10_240


def allow_many_files() -> None:
    """Have this process keep as many files and connections open as it may, 65,536 at most.

    A system gives a process 1,024 for a start: too few for as many sockets and what else is open.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _SURE_FILES if hard == resource.RLIM_INFINITY else min(hard, _MANY_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def server_config(
    app: FastAPI,
    *,
    access_log: bool,
    grace_seconds: int,
    ping_seconds: float = _PING_SECONDS,
) -> uvicorn.Config:
    """How to serve an application.

    Args:
        access_log: whether each request is logged.
        grace_seconds: how long what runs may go on after a signal to stop.
        ping_seconds: how often each socket's peer is asked for a sign of life, and how long it has
            to answer.
    """
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=access_log,
        timeout_graceful_shutdown=grace_seconds,
        http=PatientHttp,
        ws=BoundedWebSocket,
        ws_max_size=_MAX_MESSAGE_BYTES,
        ws_ping_interval=ping_seconds,
        ws_ping_timeout=ping_seconds,
        # Messages are short: compressing would cost each socket more memory than it saves.
        ws_per_message_deflate=False,
    )


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """A socket that keeps little of what it is sent, and of what is not taken from it."""

    _is_resting = False

    def connection_made(self, transport: BaseTransport) -> None:
        """Keep buffers small from the begin."""
        super().connection_made(transport)
        stream = cast(Transport, transport)
        stream.set_write_buffer_limits(high=_BUFFER_BYTES)
        # Nor does the system keep more: one read cannot bring much, however much is sent.
        for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            stream.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, buffer, _BUFFER_BYTES)

    def data_received(self, data: bytes) -> None:
        """Rest for as long as the client should have taken to send this."""
        was_open = self.handshake_initiated
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._refuse(self.conn.handshake_exc)
        elif was_open and not self.transport.is_closing():
            self._is_resting = True
            self.transport.pause_reading()
            self.loop.call_later(len(data) / _RECEIVED_BYTES_PER_SECOND, self._go_on)

    def _refuse(self, reason: Exception) -> None:
        """Answer a request that is not read as one for a WebSocket: nobody else does."""
        is_long = isinstance(reason, SecurityError)
        sentence = f"The WebSocket cannot be opened: {reason}."
        self.transport.write(problems.message(431 if is_long else 400, sentence))
        self.transport.close()

    def _go_on(self) -> None:
        self._is_resting = False
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    async def send(self, message: ASGISendEvent) -> None:
        """A refusal ends the handshake, too: the server would log it as a fault of ours, and so it
        would what is sent to a peer that was given up, before its connection has ended."""
        await self.writable.wait()
        if self.close_sent:
            raise ClientDisconnected
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    async def receive(self) -> ASGIReceiveEvent:
        """The next message; reading goes on when there is none left and the rest is over."""
        message = await super().receive()
        if self._is_resting and not self.transport.is_closing():
            self.transport.pause_reading()
        return message

    def send_receive_event_to_app(self) -> None:
        """Keep a few messages; what a flood brings beyond is dropped unread."""
        if self.queue.qsize() >= _KEPT_MESSAGES:
            self.frames = []
        elif self.curr_msg_data_type == "text" and not self.close_sent and not self._is_utf8():
            # The same end as the server's own, which writes the client's fault into our log.
            self.frames = []
            self.conn.send_close(CloseCode.INVALID_DATA)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def _is_utf8(self) -> bool:
        try:
            b"".join(self.frames).decode()
        except UnicodeDecodeError:
            return False
        return True

    def handle_ping(self) -> None:
        """Answer, unless the client takes nothing: the answers would pile up."""
        answer = b"".join(self.conn.data_to_send())
        if self.writable.is_set():
            self.transport.write(answer)

    def keepalive_timeout(self) -> None:
        """Let go of a peer that gave no sign of life, without waiting until it takes the rest."""
        super().keepalive_timeout()
        self.transport.abort()
