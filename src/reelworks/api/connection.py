"""How connections are kept: requests that never come, never end, are none, or offer other
protocols, and answers that nobody takes."""

from __future__ import annotations

import socket
from array import array
from asyncio import TimerHandle
from asyncio.transports import BaseTransport
from typing import cast

from httptools import HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from reelworks.api import problems

# Who has connected and gone, or sends a head letter by letter, would keep its connection for ever.
# Browsers connect ahead of their need, so a while is allowed.
HEAD_SECONDS = 60.0
# Who has asked for a film and does not read on, or is off the net, would keep it, too. Players that
# are paused for longer ask for the rest with a range.
UNTAKEN_SECONDS = 120.0
# The parser keeps a head until it is whole, and copies what it has of a line at every piece that
# comes: an endless one would take the memory of the service and the time of everyone. Browsers keep
# 180 cookies of 4 KiB for a host.
MOST_HEAD_BYTES = 1 << 20

# What is read of a request for a WebSocket. Its reader takes 128 headers of 8 KiB at most, and
# browsers send along whatever cookies other programs of the same host have set.
_OF_HANDSHAKES = (
    *(b"host", b"upgrade", b"connection", b"origin", b"content-length", b"transfer-encoding"),
    *(b"sec-websocket-", b"x-forwarded-"),
)


class PatientHttp(HttpToolsProtocol):
    """HTTP/1.1, for clients as they are."""

    _waiting: TimerHandle | None = None
    # How much has come since something was told, with all of the piece that told it: it is of a
    # head, or stands around the chunks of a body.
    _in_vain = 0

    def connection_made(self, transport: BaseTransport) -> None:
        """Wait for the first request."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self.parser = _Parser(self)
        _limit_untaken(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what comes, unless it is a head that does not end."""
        super().data_received(data)
        self._in_vain += len(data)
        if self._in_vain > MOST_HEAD_BYTES and not self.transport.is_closing():
            sentence = f"The request's head is longer than {MOST_HEAD_BYTES} bytes."
            self.transport.write(problems.message(431, sentence))
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins: its head is waited for."""
        self._in_vain = 0
        super().on_message_begin()
        self._stop_waiting()
        self._wait()

    def on_headers_complete(self) -> None:
        """The head of a request is there; one that is read once more is not heeded yet."""
        self._in_vain = 0
        self._stop_waiting()
        if not self.asks_in_vain():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of a request's body."""
        self._in_vain = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request."""
        self._in_vain = 0
        if not self.asks_in_vain():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer is given; who has sent many requests ahead is read on when all of them are."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()

    def asks_in_vain(self) -> bool:
        """Whether a request offers to go on in another protocol than ours, such as h2c."""
        upgrades = self.parser.should_upgrade() and not self._should_upgrade()
        return upgrades and any(name == b"upgrade" for name, _ in self.headers)

    def head_without_offer(self) -> bytes:
        """The head of the present request, as if nothing had been offered."""
        first = b"%s %s HTTP/1.1" % (self.parser.get_method(), self.url)
        kept = [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([first, *kept, b"\r\n"])

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on, with what the reader of handshakes needs to know."""
        headers = self.scope["headers"]
        self.scope["headers"] = [each for each in headers if each[0].startswith(_OF_HANDSHAKES)]
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """What cannot be read is answered as every other error is."""
        sentence = "This is no HTTP request; is it sent as plain HTTP, its URL percent-encoded?"
        self.transport.write(problems.message(400, sentence))
        self.transport.close()

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _give_up(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def _limit_untaken(transport: BaseTransport) -> None:
    """Have the system end a connection whose peer has taken nothing for long (tcp(7))."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # elsewhere than on Linux it ends with the peer alone
        milliseconds = round(UNTAKEN_SECONDS * 1000)
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


class _Parser(HttpRequestParser):
    """Goes on where the usual one ends: at a request that offers another protocol.

    A server may leave such an offer alone (RFC 9110, section 7.8). Java's client and ``curl
    --http2`` make it with every first request, and an upload's body comes behind.
    """

    def __init__(self, protocol: PatientHttp) -> None:
        super().__init__(protocol)
        self._protocol = protocol
        # As the server sets up its own: what comes behind a last request is not held against it.
        self.set_dangerous_leniencies(lenient_data_after_close=True)

    def feed_data(self, data: bytes | bytearray | memoryview | array[int]) -> None:
        """Read on."""
        try:
            super().feed_data(data)
        except HttpParserUpgrade as upgrade:
            if not self._protocol.asks_in_vain():
                raise
            head = self._protocol.head_without_offer()
            again = _Parser(self._protocol)
            self._protocol.parser = again
            again.feed_data(head + bytes(data)[cast(int, upgrade.args[0]) :])
