"""Sockets of a real server whose clients are slow, silent, gone, or hostile; no worker runs."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from reelworks.errors import EngineError
from reelworks.model import ProcessType
from tests.api.conftest import OpenedApi
from tests.api.served import Served
from tests.videos import add_video, new_video
from tests.waiting import wait_for

ENHANCEMENT = ProcessType.VIDEO_ENHANCEMENT
MANY = 400


@pytest.fixture
def impatient(api: OpenedApi) -> Iterator[Served]:
    """A server that wants signs of life twice a second."""
    served = Served(api, ping_seconds=0.5)
    yield served
    served.end()


def many_videos(api: OpenedApi, client_id: str) -> list[str]:
    """More than fits into all buffers of a socket, when each is told."""
    videos = [new_video(client_id=client_id) for _ in range(MANY)]
    with api.base.records.writing() as connection:
        for video in videos:
            api.base.records.add(connection, video)
    return [video.file_id for video in videos]


def received(opened: ClientConnection, count: int) -> list[dict[str, Any]]:
    return [json.loads(opened.recv(timeout=30)) for _ in range(count)]


@pytest.mark.parametrize("message", ["hello", '{"type": "subscribe"}', b"\x00\xff", "", "x" * 9999])
def test_a_message_that_is_not_understood_is_answered(served: Served, message: str) -> None:
    with served.client("asks") as opened:
        opened.send(message)
        assert json.loads(opened.recv(timeout=20)) == {
            "type": "error",
            "message": "This socket only reports; it understands no messages from the client.",
        }
        opened.send("again")
        assert json.loads(opened.recv(timeout=20))["type"] == "error"


@pytest.mark.parametrize("client_id", ["", "a%00b", "x" * 257])
def test_a_client_id_that_no_video_can_have_is_said_to_be_wrong(
    served: Served, client_id: str
) -> None:
    with connect(f"ws://127.0.0.1:{served.port}/ws/{client_id}") as opened:
        message = json.loads(opened.recv(timeout=20))
        assert message["type"] == "error"
        assert "client_id must be" in message["message"]
        with pytest.raises(ConnectionClosed) as closed:
            opened.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize("client_id", ["a\nb", "a\n", "\n", "a\r\n/b", "a/b", "%2F", "ü☃"])
def test_whatever_a_client_is_called_its_socket_tells_of_its_videos(
    served: Served, client_id: str
) -> None:
    file_id = add_video(served.api.base.records, client_id=client_id)
    with connect(f"ws://127.0.0.1:{served.port}/ws/{quote(client_id, safe='')}") as opened:
        greeting, *told = received(opened, 3)
    assert greeting["client_id"] == client_id
    assert {each["file_id"] for each in told} == {file_id}


@pytest.mark.parametrize("question", ["now", "unfinished"])
def test_a_socket_that_the_database_does_not_let_open_is_told_why(
    served: Served,
    question: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away(*_: Any) -> Any:
        raise EngineError("The database does not answer; try again.")

    monkeypatch.setattr(served.app.state.service.records, question, away)
    early = connect(f"ws://127.0.0.1:{served.port}/ws/early")
    with early as opened, pytest.raises(ConnectionClosed) as closed:
        opened.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013
    assert closed.value.rcvd.reason == "The database does not answer; try again."
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
    monkeypatch.undo()
    with served.client("early"):
        assert served.subscriptions("early") == 1


def test_a_message_that_is_too_long_ends_the_socket_and_no_other(served: Served) -> None:
    with served.client("longwinded") as opened, served.client("other") as other:
        opened.send("x" * 20_000)
        with pytest.raises(ConnectionClosed) as closed:
            opened.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        add_video(served.api.base.records, client_id="other")
        assert received(other, 1)[0]["type"] == "upload_status"


@pytest.mark.parametrize("parts", [[b"\xff"], [b"\xe2", b"\x28\xa1"]])
def test_text_that_is_none_ends_the_socket_and_is_no_fault_of_ours(
    served: Served, parts: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    with served.client("garbled") as opened:
        opened.send(parts, text=True)
        with pytest.raises(ConnectionClosed) as closed:
            opened.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1007
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("path", ["/ws/gone", "/none"])
def test_clients_that_go_within_their_handshake_are_no_fault_of_ours(
    served: Served, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    request = (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", served.port)) as gone:
            gone.sendall(request.encode())
    with served.client("stays"):
        wait_for(lambda: served.subscriptions("gone") == 0, "those who went")
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


def test_a_socket_that_does_not_read_holds_nobody_up_and_gets_the_newest_state_later(
    served: Served,
) -> None:
    records = served.api.base.records
    files = many_videos(served.api, "slow")
    with served.raw("slow") as slow, served.client("slow") as quick:
        received(quick, 2 * MANY)
        for progress in (10, 20, 30, 40):
            for file_id in files[:10]:
                records.begin(file_id, ENHANCEMENT)
                records.advance(file_id, ENHANCEMENT, progress)
            reached: set[str] = set()
            while len(reached) < 10:
                (message,) = received(quick, 1)
                if message["progress"] == progress:
                    reached.add(message["file_id"])
        (subscription,) = (
            each for each in served.app.state.service.hub._subscriptions["slow"] if each._newest
        )
        assert len(subscription._newest) <= 2 * MANY
        told = _texts(slow, until=lambda seen: _reached(seen, 40) == 10)
    changed = [each for each in told if each.get("progress") and each["progress"] > 0]
    # Of four states of each only the newest, where its first had yet to be told at all.
    assert 10 <= len(changed) < 40


def test_a_peer_that_gives_no_sign_of_life_is_let_go(impatient: Served) -> None:
    with impatient.raw("gone"), impatient.client("here") as here:
        wait_for(lambda: impatient.subscriptions("gone") == 1, "the subscription")
        wait_for(lambda: impatient.subscriptions("gone") == 0, "its end", seconds=20)
        add_video(impatient.api.base.records, client_id="here")
        assert received(here, 1)[0]["type"] == "upload_status"


def test_what_is_told_just_as_a_peer_is_given_up_is_no_fault_of_ours(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async def give_up(peer: Any) -> None:
        subscription.push(process, is_new=True)  # it is told when this is over
        peer.keepalive_timeout()

    with served.raw("gone") as gone:
        _texts(gone, until=lambda seen: seen)  # its greeting
        (subscription,) = served.app.state.service.hub._subscriptions["gone"]
        add_video(served.api.base.records, client_id="another")
        (process, *_) = served.api.base.records.changed_since(0)
        (peer,) = served.protocols()
        asyncio.run_coroutine_threadsafe(give_up(peer), peer.loop).result(20)
        wait_for(lambda: not peer.tasks, "its end")
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


def test_a_peer_that_takes_nothing_is_let_go_with_all_that_waits_for_it(impatient: Served) -> None:
    many_videos(impatient.api, "stuck")
    with impatient.raw("stuck"):
        wait_for(lambda: impatient.subscriptions("stuck") == 1, "the subscription")
        wait_for(lambda: impatient.subscriptions("stuck") == 0, "its end", seconds=20)


TEXT, PING = 0x81, 0x89


@pytest.mark.parametrize("kind", [TEXT, PING])
def test_a_flood_is_held_back_and_others_are_served(served: Served, kind: int) -> None:
    frame = bytes([kind, 0x81, 0, 0, 0, 0]) + b"x"
    victims = f"victim-{kind}"
    with served.raw("flood") as flooding, served.client(victims) as victim:
        flooding.settimeout(1)
        sent = _flood(flooding, frame * 1000)
        assert sent < 4_000_000
        add_video(served.api.base.records, client_id=victims)
        assert received(victim, 1)[0]["type"] == "upload_status"
        assert served.subscriptions("flood") == 1


def _flood(flooding: socket.socket, data: bytes) -> int:
    """Send until nothing is taken for a second; returns how many bytes were, at most 10 MB."""
    sent = 0
    while sent < 10_000_000:
        try:
            sent += flooding.send(data)
        except TimeoutError:
            break
    return sent


def _reached(seen: list[dict[str, Any]], progress: int) -> int:
    return sum(1 for each in seen if each.get("progress") == progress)


def _texts(opened: socket.socket, until: Any) -> list[dict[str, Any]]:
    """The messages on a raw connection, from the beginning on."""
    seen: list[dict[str, Any]] = []
    buffer = b""
    deadline = time.monotonic() + 60
    while not until(seen):
        assert time.monotonic() < deadline, f"only {len(seen)} messages came"
        buffer += opened.recv(65536)
        while len(buffer) >= 4:
            size, begin = buffer[1], 2
            if size == 126:
                size, begin = int.from_bytes(buffer[2:4]), 4
            if len(buffer) < begin + size:
                break
            if buffer[0] == TEXT:
                seen.append(json.loads(buffer[begin : begin + size]))
            buffer = buffer[begin + size :]
    return seen
