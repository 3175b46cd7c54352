"""The client over a running service."""

from __future__ import annotations

import asyncio
import gc
import inspect
import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest

from reelworks.client import (
    AsyncClient,
    BadRequest,
    Client,
    Conflict,
    NotFound,
    ProcessType,
    Result,
    ServiceError,
    Status,
    Unreachable,
)
from reelworks.client.fetching import plain_name
from tests.client.conftest import unheard_of
from tests.clips import plain
from tests.service import RunningService
from tests.waiting import wait_for


def test_a_video_goes_up_is_followed_and_comes_down(client: Client, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    video = client.upload(plain(), filename="clip.mp4", on_progress=lambda *now: told.append(now))
    size = plain().stat().st_size
    assert told[-1] == (size, size)
    assert (video.filename, video.size_bytes) == ("clip.mp4", size)
    assert video.client_id == client.client_id
    updates = list(client.follow(video.file_id))
    for process_type in ProcessType:
        course = [update for update in updates if update.process_type is process_type]
        assert [each.timestamp for each in course] == sorted(each.timestamp for each in course)
        assert (course[-1].status, course[-1].progress) == (Status.COMPLETED, 100)
    assert client.wait(video.file_id).is_final

    original = client.fetch(video.file_id, Result.ORIGINAL, tmp_path / "back.mp4")
    assert original.read_bytes() == plain().read_bytes()
    names = [client.fetch(video.file_id, result, tmp_path).name for result in Result]
    assert names == [
        "clip_enhanced.mp4",
        "clip.mp4",
        "clip_metadata.json",
        "clip_poster.jpg",
        "clip_compare.jpg",
    ]
    document = json.loads((tmp_path / "clip_metadata.json").read_text())
    assert document == client.metadata(video.file_id)
    assert client.fetch(video.file_id, "original", tmp_path).name == "clip (2).mp4"
    there = {path.name for path in tmp_path.iterdir()}
    assert there == {*names, "back.mp4", "clip (2).mp4"}


def test_everything_is_there_for_asyncio_too(service: RunningService, tmp_path: Path) -> None:
    async def use() -> None:
        async with AsyncClient(service.url) as client:
            one, two = await asyncio.gather(
                client.upload(plain(), filename="one.mp4"), client.upload(plain())
            )
            async with aclosing(client.follow(one.file_id, two.file_id)) as updates:
                ends = [each async for each in updates if each.status.is_final]
            assert {each.file_id for each in ends} == {one.file_id, two.file_id}
            assert len(ends) == 4
            path = await client.fetch(one.file_id, to=tmp_path)
            assert path.name == "one_enhanced.mp4"
            listed = {video.file_id async for video in client.videos()}
            assert listed == {one.file_id, two.file_id}

    asyncio.run(use())


def test_both_clients_have_the_same_methods() -> None:
    def public(kind: type) -> dict[str, list[str]]:
        found = inspect.getmembers(kind, inspect.isfunction)
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in found
            if not name.startswith("_")
        }

    assert public(Client) == public(AsyncClient)


def test_a_video_is_read_from_an_open_file_and_from_a_pipe(client: Client) -> None:
    with plain().open("rb") as file:
        assert client.upload(file).filename == plain().name
    assert client.upload(io.BytesIO(plain().read_bytes())).filename == "upload"
    read_end, write_end = os.pipe()

    def write() -> None:
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(plain().read_bytes())

    threading.Thread(target=write, daemon=True).start()
    with os.fdopen(read_end, "rb") as pipe:
        video = client.upload(pipe, filename="piped.mp4")
    assert (video.filename, video.size_bytes) == ("piped.mp4", plain().stat().st_size)


_WAITS_FOR_PIPES = """
import asyncio, os, sys
from reelworks.client import AsyncClient

async def main(url, silent, unopened):
    writer = os.open(silent, os.O_RDWR)
    async with AsyncClient(url) as client:
        for pipe in (silent, unopened):
            try:
                await asyncio.wait_for(client.upload(pipe), 0.3)
            except TimeoutError:
                print("gave up")

asyncio.run(main(*sys.argv[1:]))
"""


def test_who_gives_up_on_a_silent_pipe_goes_on_at_once(
    service: RunningService, tmp_path: Path
) -> None:
    pipes = [str(tmp_path / name) for name in ("silent.mp4", "unopened.mp4")]
    for pipe in pipes:
        os.mkfifo(pipe)
    command = [sys.executable, "-c", _WAITS_FOR_PIPES, service.url, *pipes]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout.splitlines() == ["gave up", "gave up"]


def test_what_the_service_refuses_is_said_in_its_own_sentence(
    client: Client, tmp_path: Path
) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("Just some words.\n" * 20)
    with pytest.raises(BadRequest, match=r"The file is text, not a video"):
        client.upload(text)
    with pytest.raises(BadRequest, match=r"there is no preset 'foo'"):
        client.upload(plain(), preset="foo")
    with pytest.raises(BadRequest, match=r"options\.denoise: give"):
        client.upload(plain(), options={"denoise": 9})
    with pytest.raises(FileNotFoundError):
        client.upload(tmp_path / "missing.mp4")
    assert list(client.videos()) == []


def test_a_long_file_that_is_refused_at_once_is_refused_in_words(
    client: Client, tmp_path: Path
) -> None:
    text = tmp_path / "long.mp4"
    text.write_text("Just some words.\n" * 3_000_000)
    with pytest.raises(BadRequest, match=r"there is no preset 'foo'"):
        client.upload(text, preset="foo")


@pytest.mark.parametrize("file_id", [unheard_of(), "nonsense", "", "..", "a?b#c", "é", "\udcff"])
def test_a_file_that_is_not_there_is_not_found(
    client: Client, tmp_path: Path, file_id: str
) -> None:
    for ask in (client.video, client.metadata, client.cancel, client.retry, client.delete):
        with pytest.raises(NotFound, match="no file"):
            ask(file_id)
    with pytest.raises(NotFound, match="no file"):
        next(client.follow(file_id))
    with pytest.raises(NotFound, match="no file"):
        client.fetch(file_id, to=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_named(client: Client, tmp_path: Path) -> None:
    video = client.upload(plain())
    there = tmp_path / "missing" / "clip.mp4"
    with pytest.raises(FileNotFoundError) as raised:
        client.fetch(video.file_id, "original", there)
    assert raised.value.filename == str(there)
    (tmp_path / "notes").touch()
    with pytest.raises(NotADirectoryError) as raised_too:
        client.fetch(video.file_id, "original", tmp_path / "notes" / "clip.mp4")
    assert raised_too.value.filename == str(tmp_path / "notes" / "clip.mp4")


def test_what_is_no_ordinary_file_is_not_replaced(client: Client, tmp_path: Path) -> None:
    video = client.upload(plain())
    client.wait(video.file_id)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="no ordinary file"):
        client.fetch(video.file_id, Result.METADATA, pipe)
    assert pipe.is_fifo()
    assert [*tmp_path.iterdir()] == [pipe]


def test_cancel_retry_delete(client: Client, film: Path, tmp_path: Path) -> None:
    file_id = client.upload(film).file_id
    cancelled = client.cancel(file_id)
    assert cancelled.is_final
    assert cancelled.video_enhancement.error == "Cancelled"
    with pytest.raises(NotFound):
        client.fetch(file_id, to=tmp_path)
    assert client.retry(file_id).video_enhancement.attempt == 2
    assert client.wait(file_id).video_enhancement.status is Status.COMPLETED
    with pytest.raises(Conflict, match="nothing to retry"):
        client.retry(file_id)
    client.delete(file_id)
    with pytest.raises(NotFound):
        client.video(file_id)
    assert list(tmp_path.iterdir()) == []


def test_a_list_is_fetched_page_by_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reelworks.client.async_client._PAGE_VIDEOS", 2)
    sent = [client.upload(plain()).file_id for _ in range(5)]
    assert [video.file_id for video in client.videos()] == sent[::-1]


def test_nobody_there_is_one_sentence() -> None:
    said = r"^No service answers at http://127\.0\.0\.1:1: connection refused\.$"
    with Client("http://127.0.0.1:1") as client, pytest.raises(Unreachable, match=said):
        client.video(unheard_of())


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://127.0.0.1:1"])
def test_no_proxy_stands_before_this_machine(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with (
        Client("http://localhost:1") as client,
        pytest.raises(Unreachable, match="connection refused"),
    ):
        client.video(unheard_of())


def test_a_proxy_that_cannot_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(ServiceError, match="proxy that the environment names cannot be used"):
        Client("http://example.org")


def test_who_is_not_reached_through_a_proxy_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:secret@127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "example.net")
    said = (
        r"^No service answers at http://example\.org through the proxy http://127\.0\.0\.1:1 that "
        r"the environment names: connection refused\.$"
    )
    with Client("http://example.org") as client, pytest.raises(Unreachable, match=said):
        client.video(unheard_of())


def test_a_proxy_that_wants_a_login_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(b"407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.removeprefix("http://"))
        said = f"through the proxy {proxy} .* 407 .* if it wants a login, let the variable say "
        with Client("http://example.org") as client, pytest.raises(ServiceError, match=said):
            client.video(unheard_of())


def test_a_proxy_that_leads_nowhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(b"407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        said = f"through the proxy {proxy} that the environment names broke: 407 "
        with Client("https://example.org") as client, pytest.raises(Unreachable, match=said):
            client.video(unheard_of())


def test_an_answer_that_cannot_be_unpacked_is_one_sentence() -> None:
    with (
        answering(b"200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone") as url,
        Client(url) as client,
        pytest.raises(Unreachable, match="incorrect header check"),
    ):
        client.video(unheard_of())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"401 Unauthorized\r\n", "401 Unauthorized; if it wants a login, give the address as in"),
        (b"502 Bad Gateway\r\n", "502 Bad Gateway: what is in front of the service does not reach"),
        (b"301 Moved\r\nLocation: https://a.example/b\r\n", "leads on to https://a.example/b;"),
        (b"404 Not Found\r\n", "not as Reelworks answers; is this the right address?"),
    ],
)
def test_what_stands_in_front_of_the_service_is_told_from_it(answer: bytes, said: str) -> None:
    with (
        answering(answer + b"Content-Length: 0\r\n\r\n") as url,
        Client(url) as client,
        pytest.raises(ServiceError) as raised,
    ):
        client.video(unheard_of())
    assert said in str(raised.value)


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """The address of something that gives this answer to one request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as opened:
                opened.recv(4096)
                opened.sendall(b"HTTP/1.1 " + answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_password_in_the_address_is_not_shown() -> None:
    with (
        Client("http://me:secret@127.0.0.1:1") as client,
        pytest.raises(Unreachable) as raised,
    ):
        client.video(unheard_of())
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://host", "http://", "http://a:99999", "http://\x7f"]
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a service"):
        Client(url)


def test_a_client_that_is_forgotten_ends_its_thread(service: RunningService) -> None:
    before = set(threading.enumerate())
    client = Client(service.url)
    assert list(client.videos()) == []
    (thread,) = (each for each in threading.enumerate() if each.name == "reelworks-client")
    del client
    gc.collect()
    wait_for(lambda: not thread.is_alive(), "the client's thread to end")
    assert set(threading.enumerate()) <= before


def test_a_program_that_forgets_its_client_ends() -> None:
    program = "from reelworks.client import Client; client = Client('http://127.0.0.1:1')"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_an_iteration_that_is_left_behind_ends_with_its_client(
    service: RunningService, recwarn: pytest.WarningsRecorder
) -> None:
    file_id = service.accepted(plain())
    with Client(service.url) as client:
        updates = client.follow(file_id)
        next(updates)
    del updates
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []


def test_an_iteration_of_another_thread_ends_with_its_client(
    service: RunningService, film: Path
) -> None:
    begun = threading.Event()

    def follow(client: Client, file_id: str) -> None:
        updates = client.follow(file_id)
        next(updates)
        begun.set()
        with pytest.raises(RuntimeError, match=r"closed|not running"):
            list(updates)

    with ThreadPoolExecutor() as threads:
        with Client(service.url) as client:
            file_id = client.upload(film).file_id
            following = threads.submit(follow, client, file_id)
            assert begun.wait(20)
        following.result(20)
    with pytest.raises(RuntimeError, match=r"The client was closed\."):
        client.delete(file_id)
    with Client(service.url) as client:
        client.delete(file_id)


def test_a_client_may_be_closed_twice(service: RunningService) -> None:
    client = Client(service.url)
    client.close()
    client.close()


def test_the_client_loads_nothing_of_the_service() -> None:
    program = "import sys, reelworks.client; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    own = {name for name in loaded if name.startswith("reelworks.")}
    rest = {name for name in own if not name.startswith("reelworks.client")}
    assert rest == {"reelworks.errors", "reelworks.model"}
    assert {"pydantic", "sqlalchemy", "fastapi", "numpy", "av"}.isdisjoint(loaded)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("clip.mp4", "clip.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\clip.mov", "clip.mov"),
        ("..", "other"),
        ("", "other"),
        ("a\x1b[2Jb.mp4", "a[2Jb.mp4"),
        ("日" * 200 + ".mp4", "日" * 66 + ".mp4"),
        ("a." + "x" * 300, "a." + "x" * 19),
        (
            "می\u200cخواهم\u202e \U0001f468\u200d\U0001f469",
            "می\u200cخواهم \U0001f468\u200d\U0001f469",
        ),
    ],
)
def test_a_name_from_elsewhere_stays_in_its_folder(sent: str, kept: str) -> None:
    assert plain_name(sent, otherwise="other") == kept
