"""Children are watched, stopped and reaped, and die with their parent."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from tests import family
from tests.clips import lavfi, plain, toolbox
from tests.limits import with_many_files
from tests.waiting import wait_for

from reelworks.errors import (
    ChildFailed,
    ChildHung,
    ChildStarved,
    NoChildren,
    NoThreads,
    WorkStopped,
)
from reelworks.media.children.child import COMMAND
from reelworks.media.children.forking import Child, ForkServer
from reelworks.media.children.process import Children, collect

FOREVER = "import time; time.sleep(600)"
TELL_PID_AND_STAY = f"import os; print(os.getpid(), flush=True); {FOREVER}"


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


class Listener:
    """Keeps what a child wrote on standard output."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.spoken = threading.Event()

    def feed(self, data: bytes) -> bool:
        self.heard += data
        self.spoken.set()
        return True


def is_alive(pid: int) -> bool:
    try:
        return family.is_alive(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def test_hands_over_standard_output_and_returns_the_log() -> None:
    listener = Listener()
    program = "import sys; sys.stdout.write('out' * 9); sys.stderr.write('log')"

    log = Children().run(python(program), listener.feed)

    assert (bytes(listener.heard), log) == (b"out" * 9, "log")


def test_a_child_has_no_standard_input() -> None:
    listener = Listener()

    Children().run(python("import sys; print(len(sys.stdin.read()))"), listener.feed)

    assert listener.heard == b"0\n"


def test_a_child_is_where_its_parent_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Children().run(python("pass"), Listener().feed)  # the fork server was started elsewhere
    monkeypatch.chdir(tmp_path)

    Children().run(python("open('here', 'w')"), Listener().feed, writes=[tmp_path])

    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_a_child_needs_no_folder_to_be_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert Children().run(python("pass"), Listener().feed) == ""


def test_a_service_that_holds_a_thousand_sockets_starts_children() -> None:
    listener = Listener()

    with with_many_files():
        Children().run(python("print('here')"), listener.feed)

    assert listener.heard == b"here\n"


def test_a_child_may_be_told_more_than_fits_among_its_arguments() -> None:
    listener = Listener()
    told = b"x" * 1_000_000

    Children().run(python("import sys; print(len(sys.stdin.read()))"), listener.feed, told=told)

    assert listener.heard.strip() == b"1000000"


def test_a_nonzero_exit_is_an_error_with_its_reason() -> None:
    program = "import sys; print('first', file=sys.stderr); sys.exit('bad luck')"

    with pytest.raises(ChildFailed, match="failed: bad luck") as failed:
        Children().run(python(program), Listener().feed)

    assert failed.value.log == "first\nbad luck"


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="files in memory are Linux's")
def test_a_child_is_told_without_a_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    listener = Listener()
    Children().run(python("print(input())"), listener.feed, told=b"hello")
    assert listener.heard == b"hello\n"


def test_what_a_child_said_before_it_was_killed_is_not_why() -> None:
    program = "import os, sys; print('of no matter', file=sys.stderr); os.kill(os.getpid(), 9)"

    with pytest.raises(ChildFailed, match=r"killed by signal 9: most likely .* no memory left"):
        Children().run(python(program), Listener().feed)


def limited(stack_bytes: int, all_bytes: int) -> list[str]:
    """What a command begins with that may claim so much memory."""
    program = (
        "import os, resource, sys\n"
        f"for limit, size in ((resource.RLIMIT_STACK, {stack_bytes}),\n"
        f"        (resource.RLIMIT_AS, {all_bytes})):\n"
        "    resource.setrlimit(limit, (size, resource.getrlimit(limit)[1]))\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    return python(program)


def test_an_encoder_that_gets_no_threads_is_not_the_videos_fault() -> None:
    # Each thread claims a gigabyte, and there are 40: FFmpeg itself has a few.
    ffmpeg = toolbox().ffmpeg
    picture = [str(ffmpeg), "-v", "error", *lavfi("color=size=64x64:duration=0.1")]
    encode = ["-c:v", "libx264", "-threads", "64", "-f", "null", "-"]

    with pytest.raises(NoThreads, match="raise the limit"):
        Children().run(
            [*limited(1 << 30, 40 << 30), *picture, *encode],
            Listener().feed,
            reads=[ffmpeg.parent],
        )


@pytest.mark.parametrize(
    "work", [["-c:v", "libx264"], ["-vf", "nlmeans"], ["-vf", "scale=16000:16000"]]
)
def test_a_child_that_gets_no_memory_says_so(work: list[str]) -> None:
    # A picture has 96 megabytes.
    ffmpeg = toolbox().ffmpeg
    pictures = [str(ffmpeg), "-v", "error", *lavfi("color=size=8000x8000:duration=9")]
    few_threads = ["-threads", "1", "-filter_threads", "1", "-f", "null", "-"]

    with pytest.raises(ChildStarved, match="got no memory"):
        Children().run(
            [*limited(1 << 20, 1000 << 20), *pictures, *work, *few_threads],
            Listener().feed,
            reads=[ffmpeg.parent],
        )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["-c:v", "libx265"], "Image size is too small"),
        (["-vf", "scale=iw*3:ih*3,extractplanes=y+u[y][u];[y]nullsink;[u]copy"], "their formats"),
    ],
)
def test_why_ffmpeg_failed_is_told_and_not_what_followed_from_it(
    arguments: list[str], why: str
) -> None:
    tiny = [str(toolbox().ffmpeg), "-v", "warning", *lavfi("color=size=8x8:duration=0.1")]

    with pytest.raises(ChildFailed, match=why) as failed:
        Children().run([*tiny, *arguments, "-f", "null", "-"], Listener().feed)

    assert "@ 0x" not in str(failed.value)


def test_a_crash_names_the_signal() -> None:
    with pytest.raises(ChildFailed, match="was killed by signal 11"):
        Children().run(python("import os; os.kill(os.getpid(), 11)"), Listener().feed)


def test_only_the_tail_of_a_long_log_is_kept() -> None:
    program = "import sys; sys.stderr.write('x' * 5_000_000 + 'the end')"

    log = Children().run(python(program), Listener().feed)

    assert len(log) <= 16 * 1024
    assert log.endswith("the end")


def test_a_child_without_progress_is_killed() -> None:
    listener = Listener()

    with pytest.raises(ChildHung, match="made no progress"):
        Children().run(python(TELL_PID_AND_STAY), listener.feed, stall_seconds=5)

    assert not is_alive(int(listener.heard))


def test_talk_without_progress_does_not_help() -> None:
    program = "while True: print('still here', flush=True)"

    with pytest.raises(ChildHung):
        Children().run(python(program), lambda _: False, stall_seconds=1)


def test_a_growing_output_file_is_progress(tmp_path: Path) -> None:
    output = tmp_path / "out"
    # Twice as long as it may stand still, but never still.
    program = (
        "import pathlib, sys, time\n"
        "for n in range(20):\n"
        "    pathlib.Path(sys.argv[1]).write_text(str(n)); time.sleep(0.3)\n"
    )

    Children().run(
        [*python(program), str(output)],
        lambda _: False,
        writes=[tmp_path],
        output=output,
        stall_seconds=3,
    )

    assert output.read_text() == "19"


def test_stop_kills_the_child_and_unwinds_the_work() -> None:
    children, listener = Children(), Listener()
    ended: list[BaseException] = []

    def work() -> None:
        try:
            children.run(python(TELL_PID_AND_STAY), listener.feed)
        except WorkStopped as stopped:
            ended.append(stopped)

    thread = threading.Thread(target=work)
    thread.start()
    assert listener.spoken.wait(20)
    children.stop()
    thread.join(timeout=5)

    assert not thread.is_alive()
    assert len(ended) == 1
    assert not is_alive(int(listener.heard))


@pytest.mark.parametrize("signal_", ["SIGINT", "SIGHUP"])
def test_a_terminals_signals_are_left_to_who_started_the_child(signal_: str) -> None:
    listener = Listener()
    program = (
        f"import os, signal; os.kill(os.getpid(), signal.{signal_}); "
        f"print(signal.{signal_} in signal.sigpending())"
    )
    Children().run(python(program), listener.feed)
    assert listener.heard.strip() == b"True"


def test_nothing_starts_after_stop() -> None:
    children = Children()
    children.stop()

    with pytest.raises(WorkStopped):
        children.run(python(FOREVER), Listener().feed)


def test_an_error_of_the_callers_own_kills_the_child() -> None:
    pids: list[int] = []

    def feed(data: bytes) -> bool:
        pids.append(int(data))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Children().run(python(TELL_PID_AND_STAY), feed)

    assert not is_alive(pids[0])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_child_dies_with_its_parent() -> None:
    program = (
        "import sys\n"
        "from reelworks.media.children.process import Children\n"
        "def feed(data):\n"
        "    sys.stdout.buffer.write(data); sys.stdout.flush(); return True\n"
        f"Children().run([sys.executable, '-c', {TELL_PID_AND_STAY!r}], feed)\n"
    )
    parent = subprocess.Popen(python(program), stdout=subprocess.PIPE)
    assert parent.stdout is not None
    try:
        grandchild = int(parent.stdout.readline())
        assert is_alive(grandchild)
        os.kill(parent.pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(grandchild), "the grandchild's end")
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()


def test_children_that_lose_their_fork_server_are_not_to_blame_and_the_next_has_another() -> None:
    listener = Listener()
    with ThreadPoolExecutor() as threads:
        run = threads.submit(Children().run, python(TELL_PID_AND_STAY), listener.feed)
        assert listener.spoken.wait(20)
        family.end_fork_server()
        with pytest.raises(NoChildren):
            run.result()

    wait_for(lambda: not is_alive(int(listener.heard)), "the child's end")
    assert Children().run(python("pass"), Listener().feed) == ""


def test_a_machine_that_starts_no_more_processes_is_told() -> None:
    """As a fork server tells it: that of these tests may fork as often as it likes."""
    ours, its = socket.socketpair()
    server, nothing = ForkServer(), Path(os.devnull)
    with its, closing(Child(server, ours, nothing.open("rb"), nothing.open("rb"))) as child:
        its.sendall(json.dumps({"errno": errno.EAGAIN}).encode())
        its.shutdown(socket.SHUT_WR)
        with pytest.raises(BlockingIOError):
            child.wait(20)
    server.leave()


def test_a_child_outlives_no_fork_server_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reelworks.media.children.forking._KILLED_BY", 1.0)
    listener = Listener()

    def halt(data: bytes) -> bool:
        listener.feed(data)
        (server,) = family.fork_servers(os.getpid())
        server.suspend()
        return True

    with pytest.raises(ChildHung):
        Children().run(python(TELL_PID_AND_STAY), halt, stall_seconds=1)

    wait_for(lambda: not is_alive(int(listener.heard)), "the child's end")
    assert Children().run(python("pass"), Listener().feed) == ""


def test_a_child_knows_nothing_of_its_siblings() -> None:
    """An open end of theirs would keep their readers waiting for as long as it lives."""
    listener = Listener()
    files = "import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1], flush=True)"
    with ThreadPoolExecutor() as threads:
        children = Children()
        sibling = threads.submit(children.run, python(TELL_PID_AND_STAY), listener.feed)
        assert listener.spoken.wait(20)
        heard = bytearray()
        children.run(python(files), collect(heard))
        children.stop()
        with pytest.raises(WorkStopped):
            sibling.result()

    assert heard == b"[0, 1, 2]\n"


def test_a_task_runs_in_a_copy_of_the_fork_server_as_it_does_in_a_new_interpreter() -> None:
    """The second is what happens where processes with libraries cannot be copied."""
    video = plain()
    python_itself, *rest = COMMAND
    in_new_one = [python_itself, "-B", *rest]
    told = json.dumps({"path": str(video), "count": True}).encode()
    answers = []
    for command in (COMMAND, in_new_one):
        heard = bytearray()
        Children().run([*command, "probe"], collect(heard), told=told, reads=[video])
        answers.append(heard.splitlines()[-1])

    assert answers[0].startswith(b"result=")
    assert answers[0] == answers[1]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone keeps such a score")
def test_a_child_is_nicer_and_first_to_go_when_memory_runs_out() -> None:
    listener = Listener()
    program = "import os; print(os.nice(0), open('/proc/self/oom_score_adj').read())"

    Children().run(python(program), listener.feed)

    niceness, score = listener.heard.split()
    assert int(niceness) >= 5
    assert int(score) == 1000


def test_the_children_of_one_work_are_stopped_and_no_others() -> None:
    children = Children()
    cancelled, kept = children.of("cancelled"), children.of("kept")
    children.stop_work("cancelled")
    children.stop_work("not in hand")

    with pytest.raises(WorkStopped):
        cancelled.run(python(FOREVER), Listener().feed)
    assert children.of("cancelled") is cancelled
    assert kept.run(python("pass"), Listener().feed) == ""


def test_the_children_of_each_work_stop_with_all() -> None:
    children = Children()
    one = children.of("one")
    children.stop()

    with pytest.raises(WorkStopped):
        one.run(python(FOREVER), Listener().feed)


def test_a_work_that_nobody_has_in_hand_is_forgotten() -> None:
    children = Children()
    children.of("one").stop()

    assert not children.of("one").is_stopping()
