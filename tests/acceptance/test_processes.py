"""Several processes serve one API: a client notices nothing of that, nor when one of them ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from reelworks.telemetry.instruments import MULTIPROCESS
from tests.family import asked
from tests.service import RunningService, messages_until_final
from tests.waiting import wait_for

PROCESSES = 3


class RunningApi(RunningService):
    """``reelworks api``; its worker is a program of its own."""

    command = "api"
    begun = 0
    """How many processes have begun to serve so far, or are about to."""

    def start(self, *, is_ready: bool = True) -> None:
        self.begun += PROCESSES
        super().start(is_ready=is_ready)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    api = RunningApi(tmp_path_factory.mktemp("processes"), "--processes", str(PROCESSES))
    yield api
    api.stop()


@pytest.fixture
def worker(api: RunningApi) -> Iterator[None]:
    command = [sys.executable, "-m", "reelworks", "worker", "--data-dir", str(api.data)]
    with (api.data.parent / "worker.log").open("ab") as log:
        worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
    yield
    worker.terminate()
    worker.wait(20)


def serving(api: RunningApi) -> list[int]:
    """The processes that serve, each once it listens."""
    children = psutil.Process(api.process.pid).children()
    return [child.pid for child in children if "--listener" in asked(child.cmdline, [])]


@contextmanager
def only(pid: int, api: RunningApi) -> Iterator[None]:
    """Let no other process take a connection."""
    others = [other for other in serving(api) if other != pid]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def all_ready(api: RunningApi) -> list[int]:
    """Wait until as many processes serve as there should be."""
    wait_for(lambda: api.log.read_text().count("serving on") == api.begun, "all to serve")
    pids = serving(api)
    assert len(pids) == PROCESSES
    for pid in pids:
        with only(pid, api):  # on a connection of its own
            assert httpx.get(f"{api.url}/healthz/ready", timeout=20).status_code == 200
    return pids


def test_every_process_tells_of_everything(api: RunningApi, worker: None, clean_clip: Path) -> None:
    with ExitStack() as opened:
        sockets = []
        for pid in all_ready(api):
            with only(pid, api):
                sockets.append(opened.enter_context(api.socket("me")))
        assert open_sockets(api) == PROCESSES  # whichever of them is asked
        file_id = api.accepted(clean_clip, client_id="me")
        for socket in sockets:
            told = [message["status"] for message in messages_until_final(socket, file_id)]
            assert told[0] == "uploaded"
            assert told.count("completed") == 2
    assert {each["status"] for each in api.finished(file_id)} == {"completed"}


def open_sockets(api: RunningApi) -> float:
    text = httpx.get(f"{api.url}/metrics").text
    found = re.search(r"^reelworks_open_sockets (\S+)$", text, re.MULTILINE)
    assert found
    return float(found[1])


def test_what_they_count_lies_where_no_system_clears_away(api: RunningApi) -> None:
    counting = {Path(psutil.Process(pid).environ()[MULTIPROCESS]) for pid in all_ready(api)}
    assert [folder.parent for folder in counting] == [api.data / "metrics"]


def test_one_that_is_killed_is_missed_by_nobody(api: RunningApi) -> None:
    victim, *others = all_ready(api)
    with only(victim, api), api.socket("me"):
        os.kill(victim, signal.SIGKILL)
    api.begun += 1
    assert httpx.get(f"{api.url}/healthz/ready", timeout=20).status_code == 200
    wait_for(lambda: victim not in serving(api) and len(serving(api)) == PROCESSES, "another one")
    assert set(others) <= set(all_ready(api))
    assert open_sockets(api) == 0


def test_all_leave_when_told_to(api: RunningApi) -> None:
    pids = all_ready(api)
    with api.socket("me"):
        api.stop()  # fails where they hang
    assert api.process.returncode == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)
    api.start()


def test_all_leave_when_their_parent_is_killed(api: RunningApi) -> None:
    pids = all_ready(api)
    api.process.kill()
    api.process.wait()
    wait_for(lambda: not any(psutil.pid_exists(pid) for pid in pids), "their end")
    api.start()
    all_ready(api)
