"""The client where connections break, go silent, or the service is not there for a while."""

from __future__ import annotations

import io
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from reelworks.api import problems
from reelworks.client import BadRequest, Client, ProcessType, Status, Unreachable, Update
from tests.chaos.relay import Relay
from tests.clips import plain
from tests.service import RunningService
from tests.waiting import wait_for

_ORDER = (Status.PENDING, Status.PROCESSING, Status.COMPLETED, Status.FAILED)


@pytest.fixture
def relay(service: RunningService) -> Iterator[Relay]:
    """A relay in front of the service."""
    relay = Relay(("127.0.0.1", int(service.url.rpartition(":")[2])))
    yield relay
    relay.end()


@pytest.fixture
def far(relay: Relay) -> Iterator[Client]:
    """A client behind the relay."""
    with Client(f"http://127.0.0.1:{relay.port}") as client:
        yield client


def _checked(updates: Iterable[Update]) -> Iterator[Update]:
    """The updates; fails at a step back."""
    last: dict[tuple[str, ProcessType], tuple[int, int]] = {}
    for update in updates:
        key = (update.file_id, update.process_type)
        now = (_ORDER.index(update.status), update.progress)
        assert now > last.get(key, (-1, -1)), f"a step back: {last[key]} -> {now}"
        last[key] = now
        yield update


def _ends(updates: Iterable[Update]) -> list[Status]:
    return [update.status for update in updates if update.status.is_final]


def test_a_socket_that_breaks_again_and_again_costs_nothing(
    far: Client, relay: Relay, film: Path
) -> None:
    file_id = far.upload(film).file_id
    updates = _checked(far.follow(file_id))
    heard: list[Update] = []
    for update in updates:
        heard.append(update)
        if not update.status.is_final:
            relay.cut()
    assert _ends(heard) == [Status.COMPLETED] * 2


def test_an_end_that_came_while_the_client_was_away_is_told(
    far: Client, client: Client, relay: Relay, film: Path
) -> None:
    file_id = far.upload(film).file_id
    updates = _checked(far.follow(file_id))
    next(updates)
    relay.silence()
    client.wait(file_id)
    relay.resume()
    assert _ends(updates) == [Status.COMPLETED] * 2


def test_a_video_that_is_deleted_meanwhile_ends_as_failed(
    far: Client, client: Client, relay: Relay, film: Path
) -> None:
    file_id = far.upload(film).file_id
    updates = far.follow(file_id)
    next(updates)
    relay.silence()
    client.delete(file_id)
    relay.resume()
    ends = [update for update in updates if update.status.is_final]
    assert {update.process_type for update in ends} == set(ProcessType)
    assert {(update.status, update.error) for update in ends} == {(Status.FAILED, "Deleted")}


def test_videos_of_others_and_of_nobody_are_followed_too(
    client: Client, service: RunningService, film: Path
) -> None:
    nobodys = service.accepted(film)
    others = service.accepted(film, client_id="somebody else")
    for file_ids in ([nobodys], [others], [nobodys, others, client.upload(plain()).file_id]):
        ends = _ends(_checked(client.follow(*file_ids)))
        assert ends == [Status.COMPLETED] * 2 * len(file_ids)


def test_a_restarted_service_is_found_again(tmp_path: Path, film: Path) -> None:
    service = RunningService(tmp_path)
    try:
        with Client(service.url) as client:
            file_id = client.upload(film).file_id
            heard: list[Update] = []
            for update in _checked(client.follow(file_id)):
                heard.append(update)
                if len(heard) == 3:
                    service.kill()
                    threading.Thread(target=service.start).start()
        assert _ends(heard) == [Status.COMPLETED] * 2
        wait_for(service.is_ready, "the service")
    finally:
        service.stop()


def test_patience_has_an_end(relay: Relay, film: Path, client: Client) -> None:
    file_id = client.upload(film).file_id
    with Client(f"http://127.0.0.1:{relay.port}", patience=1, timeout=1) as far:
        updates = far.follow(file_id)
        next(updates)
        relay.silence()
        began = time.monotonic()
        relay.cut()
        with pytest.raises(Unreachable):
            list(updates)
        assert time.monotonic() - began < 60
    client.delete(file_id)


def test_a_service_that_does_not_answer_in_time_is_unreachable(relay: Relay) -> None:
    relay.silence()
    with (
        Client(f"http://127.0.0.1:{relay.port}", timeout=0.5) as far,
        pytest.raises(Unreachable, match="took too long to answer"),
    ):
        list(far.videos())


def test_a_download_goes_on_where_it_broke_off(
    far: Client, relay: Relay, large: Path, tmp_path: Path
) -> None:
    file_id = far.upload(large).file_id
    size = large.stat().st_size
    told: list[int] = []
    cuts = iter((size // 5, size // 2))
    cut_at = next(cuts)

    def cut(done: int, total: int | None) -> None:
        nonlocal cut_at
        assert total == size
        told.append(done)
        if done >= cut_at:
            cut_at = next(cuts, size + 1)
            relay.cut()

    path = far.fetch(file_id, "original", tmp_path / "back.avi", on_progress=cut)
    assert cut_at == size + 1
    assert path.read_bytes() == large.read_bytes()
    assert told == sorted(told)  # nothing was received twice
    assert [each.name for each in tmp_path.iterdir()] == ["back.avi"]
    far.delete(file_id)


def test_a_download_that_fails_leaves_nothing(
    client: Client, relay: Relay, large: Path, tmp_path: Path
) -> None:
    file_id = client.upload(large).file_id
    target = tmp_path / "back.avi"
    target.write_text("as it was")
    with Client(f"http://127.0.0.1:{relay.port}", patience=0.5, timeout=1) as far:
        with pytest.raises(Unreachable):
            far.fetch(file_id, "original", target, on_progress=lambda *_: relay.silence())
        relay.resume()
        with pytest.raises(ZeroDivisionError):
            far.fetch(file_id, "original", target, on_progress=lambda *_: 1 // 0)
    assert target.read_text() == "as it was"
    assert [each.name for each in tmp_path.iterdir()] == ["back.avi"]
    client.delete(file_id)


def test_an_upload_that_breaks_is_one_sentence_and_leaves_nothing(
    far: Client, relay: Relay, large: Path, service: RunningService
) -> None:
    before = service.files()
    with pytest.raises(Unreachable, match="broke"):
        far.upload(large, on_progress=lambda *_: relay.cut())
    wait_for(lambda: service.files() <= before, "the rest of the upload to be removed")
    assert list(far.videos()) == []


def test_an_upload_over_a_slow_line_is_not_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        thread = threading.Thread(target=_hear_late, args=(listener, 0.5))
        thread.start()
        with (
            Client(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.1) as client,
            pytest.raises(BadRequest, match="All was heard"),
        ):
            client.upload(io.BytesIO(bytes(12 << 20)), filename="a.mp4")
        thread.join()


def _hear_late(listener: socket.socket, seconds: float) -> None:
    """Take nothing of a request for so long; then all, and refuse it."""
    opened, _ = listener.accept()
    with opened, opened.makefile("rb") as request:
        time.sleep(seconds)
        head = {}
        while line := request.readline().strip():
            name, _, value = line.partition(b": ")
            head[name.lower()] = value
        request.read(int(head[b"content-length"]))
        opened.sendall(problems.message(400, "All was heard."))


def test_an_upload_that_is_refused_while_it_is_sent_says_why(far: Client, tmp_path: Path) -> None:
    text = tmp_path / "long.mp4"
    with text.open("wb") as file:
        file.truncate(300 << 20)
    with pytest.raises((BadRequest, Unreachable)) as raised:
        far.upload(text, options={"denoise": 9})
    assert isinstance(raised.value, BadRequest), raised.value


def test_memory_stays_flat_whatever_is_sent_and_fetched(
    client: Client, large: Path, tmp_path: Path
) -> None:
    tracemalloc.start()
    try:
        file_id = client.upload(large).file_id
        client.fetch(file_id, "original", tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert large.stat().st_size > 30_000_000
    assert peak < 12_000_000
    client.delete(file_id)
