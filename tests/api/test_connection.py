"""What comes over a connection before the framework sees a request of it."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator

import pytest

from reelworks.api import connection
from tests.api.conftest import OpenedApi
from tests.api.served import Served

OFFER = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAA\r\n"
)
FORM = b'--x\r\nContent-Disposition: form-data; name="client_id"\r\n\r\nme\r\n--x--\r\n'
POST = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
LIVE = b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n"
LAST = b"Connection: close\r\n\r\n"


@pytest.fixture(scope="module")
def served(api: OpenedApi) -> Iterator[Served]:
    served = Served(api)
    yield served
    served.end()


@pytest.fixture
def impatient(served: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
    return served


def answers(served: Served, *pieces: bytes) -> list[bytes]:
    """What is answered to bytes that are sent piece by piece, until the server ends it."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as opened:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            opened.sendall(piece)
        received = b""
        while piece := opened.recv(4096):
            received += piece
    return received.split(b"HTTP/1.1 ")[1:]


def detail(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    return str(json.loads(body)["detail"])


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: %d\r\n\r\n%s" % (len(FORM), FORM),
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(FORM), FORM),
    ],
)
@pytest.mark.parametrize("size", [1, 50, 10_000])
def test_the_body_behind_an_offer_of_another_protocol_is_read(
    served: Served, body: bytes, size: int
) -> None:
    """As Java's client makes it with every first request, and ``curl --http2``."""
    sent = POST + OFFER + body + LIVE + LAST
    pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
    refused, live = answers(served, *pieces)
    assert detail(refused) == "The form field 'file' is missing; send the video in it."
    assert live.startswith(b"200")


def test_a_request_without_a_body_may_offer_another_protocol(served: Served) -> None:
    first, second = answers(served, LIVE + OFFER + b"\r\n", LIVE + OFFER + LAST)
    assert first.startswith(b"200")
    assert second.startswith(b"200")


def handshake(path: bytes, *headers: bytes) -> bytes:
    needed = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    first = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n"
    return first + needed + key + b"".join(each + b"\r\n" for each in headers) + b"\r\n"


@pytest.mark.parametrize(
    "headers", [[b"Cookie: a=" + b"b" * 20_000], [b"X-%d: a" % each for each in range(200)]]
)
def test_whatever_a_browser_sends_along_the_socket_is_opened(
    served: Served, headers: list[bytes]
) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as opened:
        opened.sendall(handshake(b"/ws/me", *headers))
        assert opened.recv(64).startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (handshake(b"/ws/" + b"a" * 9000), b"431", "cannot be opened: read 90"),
        (handshake(b"/ws/me", b"Content-Length: 3") + b"abc", b"400", "cannot be opened: did"),
        (handshake(b"/ws"), b"404", "no WebSocket at /ws; there is one at /ws/ and a client id"),
        (handshake(b"/upload"), b"404", "no WebSocket at /upload"),
    ],
)
def test_a_socket_that_cannot_be_had_is_refused_in_a_sentence(
    served: Served, sent: bytes, status: bytes, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    (answer,) = answers(served, sent)
    assert answer.startswith(status)
    assert said in detail(answer)
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("sent", [b"", b"GE", LIVE, LIVE + b"\r\n" + LIVE])
def test_a_request_that_never_comes_is_not_waited_for(impatient: Served, sent: bytes) -> None:
    assert len(answers(impatient, sent)) == sent.count(b"\r\n\r\n")


CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"GET /", b"a" * 64_000),
        (LIVE + b"a", b"a" * 64_000),
        (LIVE + b"a: ", b"a" * 64_000),
        (LIVE, b"a: a\r\n" * 10_000),
        (CHUNKED + b"5;a=", b"a" * 64_000),
        (CHUNKED + b"0\r\na: ", b"a" * 64_000),
    ],
    ids=["path", "name", "value", "headers", "extension", "trailer"],
)
def test_a_head_without_an_end_is_not_kept(served: Served, begin: bytes, piece: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as opened:
        opened.sendall(begin)
        try:
            for _ in range(1000):
                opened.sendall(piece)
        except ConnectionError:  # it was refused meanwhile
            return
    pytest.fail("64 MB of a head were taken")


def test_a_request_whose_head_is_too_long_is_told_so(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_HEAD_BYTES", 1000)
    (answer,) = answers(served, LIVE + b"Cookie: a=" + b"b" * 1000)
    assert answer.startswith(b"431")
    assert detail(answer) == "The request's head is longer than 1000 bytes."


def test_requests_that_are_sent_ahead_are_read_little_by_little(served: Served) -> None:
    request = LIVE + b"\r\n"
    sent = 18_000
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as opened:
        sender = threading.Thread(target=opened.sendall, args=[request * sent])
        sender.start()
        answered, most = 0, 0
        while answered < sent:
            answered += opened.recv(65536).count(b"HTTP/1.1 200")
            most = max(most, *(len(each.pipeline) for each in served.protocols()))
        sender.join()
    assert most * len(request) <= 2 * (256 << 10)  # what one read brings, and a little more


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01", "GET /ä HTTP/1.1\r\n".encode() + LAST]
)
def test_what_is_no_request_is_answered_like_every_other_error(served: Served, sent: bytes) -> None:
    (answer,) = answers(served, sent)
    assert answer.startswith(b"400")
    assert detail(answer).startswith("This is no HTTP request")
