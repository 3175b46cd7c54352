"""A signal to stop is heard at every moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import create_server, socket

import httpx
import pytest
import uvicorn

from reelworks.app.api import run_api
from reelworks.settings import read_settings
from reelworks.signals import leave_when_told, unwind_when_told
from tests.clips import make_clip
from tests.databases import PostgresServer
from tests.service import RunningService
from tests.waiting import wait_for

_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """The handlers of the tests' own process are there again afterwards."""
    before = {number: signal.getsignal(number) for number in _STOPS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", _STOPS)
def test_a_signal_while_the_server_starts_stops_it(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = uvicorn.Server.run

    def run_after_the_signal(server: uvicorn.Server, sockets: list[socket]) -> None:
        signal.raise_signal(number)
        assert server.should_exit
        run(server, sockets)

    monkeypatch.setattr(uvicorn.Server, "run", run_after_the_signal)
    run_api(read_settings(data_dir=tmp_path / "data", port=0))


@pytest.mark.parametrize("number", _STOPS)
def test_a_signal_while_a_store_is_waited_for_is_heard(
    number: signal.Signals, tmp_path: Path
) -> None:
    with create_server(("127.0.0.1", 0)) as store:
        store.settimeout(60)
        variables = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{store.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
        flags = ["--data-dir", str(tmp_path), "--storage-url", "s3://bucket"]
        worker = subprocess.Popen(
            [sys.executable, "-m", "reelworks", "worker", *flags], env=os.environ | variables
        )
        with store.accept()[0]:  # it asks, and is not answered
            worker.send_signal(number)
            try:
                assert worker.wait(60) == 128 + number
            finally:
                worker.kill()


def test_a_worker_says_at_once_what_it_waits_for(tmp_path: Path) -> None:
    log = tmp_path / "log"
    variables = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    flags = ["--data-dir", str(tmp_path / "data"), "--storage-url", "s3://bucket"]
    with log.open("wb") as opened:
        worker = subprocess.Popen(
            [sys.executable, "-m", "reelworks", "worker", *flags],
            env=os.environ | variables,
            stderr=opened,
        )
    said = "waiting for the store: The object store s3://bucket does not answer; start it"
    try:
        wait_for(lambda: said in log.read_text(), said)
        assert worker.poll() is None
    finally:
        worker.kill()
        worker.wait()


def test_ctrl_c_while_the_command_line_is_loaded_ends_it_without_a_word(tmp_path: Path) -> None:
    loading = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    (tmp_path / "typer.py").write_text(loading)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    ended = subprocess.run(
        [sys.executable, "-m", "reelworks", "version"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


def test_nohup_is_heeded() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for have in (unwind_when_told, lambda: leave_when_told(lambda: None)):
        have()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_told_to_end_leaves_nothing(
    number: signal.Signals, tmp_path: Path
) -> None:
    clip = make_clip(
        tmp_path / "noisy.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=8"),
        *("-vf", "noise=alls=24:allf=t", "-c:v", "libx264", "-preset", "ultrafast"),
    )
    command = [sys.executable, "-m", "reelworks", "enhance", str(clip), "--denoise", "1"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as program:
        wait_for(lambda: list(tmp_path.glob(".reelworks-*")), "it to begin", seconds=150)
        program.send_signal(number)
    assert program.returncode == 128 + number
    assert list(tmp_path.iterdir()) == [clip]


def test_a_command_that_is_told_to_end_as_its_folder_is_made_leaves_nothing(
    tmp_path: Path,
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", "-f", "lavfi", "-i", "testsrc2=duration=1")
    told = """
import os, signal
from reelworks.__main__ import main

make = os.mkdir

def mkdir(path, *mode):
    make(path, *mode)
    if ".reelworks-" in str(path):
        signal.raise_signal(signal.SIGTERM)

os.mkdir = mkdir
main()
"""
    command = [sys.executable, "-c", told, "enhance", str(clip), "--denoise", "1"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
    assert ended.returncode == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == [clip]


class _Api(RunningService):
    command = "api"


def test_an_api_that_is_told_to_stops_also_while_the_database_stands_still(
    postgres: PostgresServer, template: str, tmp_path: Path
) -> None:
    url = postgres.create(template)
    api = _Api(tmp_path, "--database-url", url)
    try:
        with api.socket("me"), postgres.standing_still():
            # Long enough for what the socket is told of to be looked for, too.
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(f"{api.url}/videos", params={"client_id": "me"}, timeout=1)
            api.stop()
        assert api.process.returncode == 0
    finally:
        if api.process.poll() is None:
            api.kill()
        postgres.drop(url)
