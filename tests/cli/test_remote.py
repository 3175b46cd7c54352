"""The commands that use a running service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from reelworks.client import Client, Status
from reelworks.client.form import Progress
from reelworks.commands.screens import Lines
from tests.cli.conftest import Run
from tests.cli.terminal import Terminal
from tests.clips import clip, lavfi, plain
from tests.service import RunningService
from tests.waiting import wait_for

COMMANDS = ("submit", "status", "fetch", "cancel", "retry", "delete", "list")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    service = RunningService(tmp_path_factory.mktemp("cli-service"))
    yield service
    service.stop()


@pytest.fixture
def env(service: RunningService, request: pytest.FixtureRequest) -> dict[str, str]:
    """The variables of a user of the service, whom nobody else is."""
    return {"REELWORKS_URL": service.url, "REELWORKS_CLIENT_ID": request.node.name}


def noisy(seconds: int) -> Path:
    """About as many seconds of work."""
    picture = lavfi(f"testsrc2=size=640x360:rate=25:duration={seconds}")
    noise = ("-vf", "noise=alls=24:allf=t", "-c:v", "libx264", "-preset", "ultrafast")
    return clip(".mp4", *picture, *noise, "-crf", "16")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Text that has the name of a video."""
    path = tmp_path / "notes.mp4"
    path.write_text("Just some words.\n" * 20)
    return path


def _objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(reelworks: Run, command: str) -> None:
    ended = reelworks(command, "--help")
    assert ended.returncode == 0
    assert f"reelworks {command}" in ended.stdout
    assert "Examples" in ended.stdout
    assert command in reelworks("--help").stdout


def test_a_video_is_submitted_seen_and_fetched(
    reelworks: Run, env: dict[str, str], tmp_path: Path
) -> None:
    video = tmp_path / "clip.mp4"
    video.write_bytes(plain().read_bytes())
    ended = reelworks("submit", str(video), "--watch", env=env)
    assert ended.returncode == 0, ended.stderr
    file_id, name = ended.stdout.split()
    assert name == "clip.mp4"
    assert ended.stderr.splitlines()[0] == "Uploading clip.mp4"
    assert "clip.mp4: enhancement completed" in ended.stderr.splitlines()
    assert "clip.mp4: metadata completed" in ended.stderr.splitlines()

    shown = reelworks("status", file_id).stdout
    assert "enhancement  completed" in shown
    assert "plan         kept as it is, byte for byte" in shown
    assert reelworks("list").stdout == f"{file_id}  done        clip.mp4\n"

    ended = reelworks("fetch", file_id, "-o", "results/")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("Wrote results/clip_enhanced.mp4 (")
    assert (tmp_path / "results/clip_enhanced.mp4").read_bytes() == plain().read_bytes()
    ended = reelworks("fetch", file_id, "-o", "missing/mine.jpg", "--poster")
    assert ended.returncode == 1
    said = f"{file_id} poster: missing/mine.jpg: No such file or directory."
    assert ended.stderr.splitlines()[-1] == f"reelworks: {said}"
    ended = reelworks("fetch", file_id, "-o", "mine.jpg", "--poster")
    assert (ended.returncode, ended.stderr) == (0, f"Fetching {file_id} poster\n")
    assert (tmp_path / "mine.jpg").read_bytes().startswith(b"\xff\xd8")

    assert reelworks("delete", file_id).stdout == f"Deleted {file_id}\n"
    ended = reelworks("list")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr == f"{env['REELWORKS_CLIENT_ID']} has no videos here.\n"
    ended = reelworks("list", "--json")
    assert (ended.stdout, ended.stderr) == ("", "")


def test_json_is_one_object_a_line(reelworks: Run, env: dict[str, str]) -> None:
    ended = reelworks("submit", str(plain()), "--watch", "--json", env=env)
    assert (ended.returncode, ended.stderr) == (0, "")
    video, *updates = _objects(ended.stdout)
    file_id = video["file_id"]
    assert (video["type"], video["filename"]) == ("video", plain().name)
    assert {update["type"] for update in updates} == {"status_update"}
    assert set(updates[0]) == {
        *("type", "file_id", "process_type", "status", "progress", "error", "timestamp")
    }
    ends = [update for update in updates if update["status"] == "completed"]
    assert len(ends) == 2
    for command in (("status", file_id), ("list",)):
        (again,) = _objects(reelworks(*command, "--json").stdout)
        assert (again["type"], again["file_id"]) == ("video", file_id)
    (fetched,) = _objects(reelworks("fetch", file_id, "--json").stdout)
    assert Path(fetched["path"]).stat().st_size == fetched["bytes"]
    assert (fetched["type"], fetched["result"]) == ("fetched", "enhanced")
    (cancelled,) = _objects(reelworks("cancel", file_id, "--json").stdout)
    assert cancelled["video_enhancement"]["status"] == "completed"
    (deleted,) = _objects(reelworks("delete", file_id, "--json").stdout)
    assert deleted == {"type": "deleted", "file_id": file_id}


def test_wishes_go_along(reelworks: Run, env: dict[str, str]) -> None:
    flags = ("--preset", "vivid", "--denoise", "1.5", "--json")
    (video,) = _objects(reelworks("submit", str(plain()), *flags, env=env).stdout)
    assert video["preset"] == "vivid"
    assert video["options"]["denoise"] == 1.5


def test_one_bad_file_does_not_stop_the_others(
    reelworks: Run, env: dict[str, str], notes: Path, tmp_path: Path
) -> None:
    files = (str(notes), str(tmp_path / "missing.mp4"), str(tmp_path), str(plain()))
    ended = reelworks("submit", *files, "--json", env=env)
    assert ended.returncode == 1
    assert [video["filename"] for video in _objects(ended.stdout)] == [plain().name]
    text, missing, folder = ended.stderr.splitlines()
    assert text.startswith(f"reelworks: {notes}: The file is text, not a video; ")
    assert missing == f"reelworks: {tmp_path}/missing.mp4: No such file or directory."
    assert folder == f"reelworks: {tmp_path}: Is a directory."


@pytest.mark.parametrize(
    ("output", "said"),
    [("a reader that has gone", []), ("/dev/full", ["reelworks: No space left on device."])],
)
def test_where_nothing_can_be_told_no_file_is_to_blame(
    env: dict[str, str], output: str, said: list[str]
) -> None:
    if output == "/dev/full":
        writer = os.open(output, os.O_WRONLY)
    else:
        reader, writer = os.pipe()
        os.close(reader)
    command = (sys.executable, "-m", "reelworks", "submit", str(plain()), str(plain()))
    ended = subprocess.run(
        command, env=os.environ | env, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [f"Uploading {plain().name}", *said]


@pytest.mark.parametrize("command", ["status", "fetch", "cancel", "retry", "delete"])
def test_an_unknown_file_is_a_plain_sentence(
    reelworks: Run, env: dict[str, str], command: str
) -> None:
    ended = reelworks(command, "nonsense", "--json", env=env)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("reelworks: ")
    assert "There is no file nonsense" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [("list",), ("status", "x"), ("submit", str(plain()))])
def test_no_service_is_a_plain_sentence(reelworks: Run, command: tuple[str, ...]) -> None:
    ended = reelworks(*command, "--url", "http://127.0.0.1:1", "--json")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "reelworks: No service answers at http://127.0.0.1:1: connection refused.\n"
    )


def test_submit_says_whose_preset_it_takes(reelworks: Run) -> None:
    shown = " ".join(reelworks("submit", "--help").stdout.replace("│", " ").split())

    assert "see reelworks presets. [default: (the service's own)]" in shown


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--url", "nonsense"), "REELWORKS_URL (--url) is wrong: 'nonsense' is no address"),
        (("--preset", "foo"), "--preset is wrong: there is no preset 'foo'"),
        (("--denoise", "9"), '--denoise: give "auto" or a number from 0 to 2, not 9.'),
        (("--client-id", ""), "REELWORKS_CLIENT_ID (--client-id) is wrong: "),
    ],
)
def test_wrong_use_is_a_plain_sentence(
    reelworks: Run, env: dict[str, str], flags: tuple[str, str], said: str
) -> None:
    ended = reelworks("submit", str(plain()), *flags, env=env)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_result_is_no_file_called_dash(reelworks: Run, tmp_path: Path) -> None:
    ended = reelworks("fetch", "0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11", "-o", "-")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("reelworks: --output names a file or a folder")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_needed_for_several_results(
    reelworks: Run, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    ended = reelworks("fetch", "a", "b", "-o", "file", env=env)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "reelworks: file: File exists.\n"


def test_what_failed_is_a_failure(reelworks: Run, env: dict[str, str]) -> None:
    film = noisy(6)
    (video,) = _objects(reelworks("submit", str(film), "--json", env=env).stdout)
    file_id = video["file_id"]
    assert "failed: Cancelled" in reelworks("cancel", file_id).stdout
    ended = reelworks("status", file_id, "--watch")
    assert ended.returncode == 1
    assert f"{film.name}: enhancement failed: Cancelled" in ended.stderr
    assert reelworks("retry", file_id).returncode == 0
    reelworks("delete", file_id)


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_the_bars_fit_the_terminal(env: dict[str, str], tmp_path: Path, columns: int) -> None:
    long = tmp_path / "a rather long name of a film about the sea, and of what came after it.mp4"
    wide = tmp_path / "日本の夏休みの映画.mp4"
    for path in (long, wide):
        path.write_bytes(noisy(3).read_bytes())
    terminal = Terminal(columns, "submit", str(long), str(wide), "--watch", env=env, cwd=tmp_path)
    assert terminal.end() == 0, terminal.now()
    bars = [
        line
        for lines in terminal.shown
        for line in lines
        if line.lstrip().startswith(("enhance ", "metadata "))
    ]
    moving = [line for line in bars if "%" in line]
    assert any("━" in line for line in moving)
    assert all(line.split("%")[0].rstrip()[-1].isdigit() for line in moving)
    # Nothing is wrapped: below each name are its two bars, and each is one line.
    for lines in terminal.shown:
        for above, below in pairwise(lines):
            if above.lstrip().startswith("enhance "):
                assert below.lstrip().startswith("metadata ")
    assert terminal.ever("2 videos: ")
    last = "".join(terminal.now())
    assert last.count(": done") == 2
    assert "━" not in last
    assert "…" not in last


def test_no_colour_is_no_colour(env: dict[str, str], tmp_path: Path) -> None:
    for variables, has_colour in (({}, True), ({"NO_COLOR": "1"}, False)):
        arguments = ("submit", str(plain()), "--watch")
        terminal = Terminal(80, *arguments, env=env | variables, cwd=tmp_path)
        assert terminal.end() == 0, terminal.now()
        assert (b"\x1b[3" in terminal.raw or b"\x1b[38;" in terminal.raw) is has_colour


def test_a_terminal_that_can_do_nothing_gets_lines(env: dict[str, str], tmp_path: Path) -> None:
    arguments = ("submit", str(plain()), "--watch")
    terminal = Terminal(80, *arguments, env=env | {"TERM": "dumb"}, cwd=tmp_path)
    assert terminal.end() == 0, terminal.now()
    assert b"\x1b" not in terminal.raw
    assert f"{plain().name}: enhancement completed" in terminal.now()


def test_a_list_is_readable_in_a_narrow_terminal(env: dict[str, str], tmp_path: Path) -> None:
    with Client(env["REELWORKS_URL"], env["REELWORKS_CLIENT_ID"]) as client:
        file_id = client.upload(plain(), filename="a rather long name of a film.mp4").file_id
        client.wait(file_id)
    for columns, expected in (
        (40, [file_id, "  done        a rather long name of a f…"]),
        (80, [f"{file_id}  done        a rather long name of a film.…"]),
    ):
        terminal = Terminal(columns, "list", env=env, cwd=tmp_path)
        assert terminal.end() == 0, terminal.now()
        assert terminal.now() == expected


def test_ctrl_c_within_an_upload_does_not_say_that_it_was_in_vain(
    env: dict[str, str], tmp_path: Path
) -> None:
    """The service may have accepted it, and have been about to answer."""
    os.mkfifo(tmp_path / "clip.mp4")
    terminal = Terminal(100, "submit", "clip.mp4", env=env, cwd=tmp_path)
    wait_for(lambda: terminal.ever("Uploading clip.mp4"), "the upload")
    terminal.interrupt()
    assert terminal.end(30) == 1
    said = "Stopped. Whether clip.mp4 was uploaded in time, `reelworks list` says."
    assert terminal.now()[-1] == f"reelworks: {said}"


class _Interrupted(Lines):
    """Ctrl-C as an upload is about to begin, or has just ended."""

    def __init__(self, *, is_sent: bool) -> None:
        super().__init__()
        self._is_sent = is_sent

    @contextmanager
    def moving(self, verb: str, name: str) -> Iterator[Progress | None]:
        if self._is_sent:
            yield None
        raise KeyboardInterrupt


@pytest.mark.parametrize("is_sent", [False, True])
def test_ctrl_c_at_the_edge_of_an_upload_does_not_say_that_it_was_in_vain(
    is_sent: bool, env: dict[str, str], reelworks: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = _Interrupted(is_sent=is_sent)
    monkeypatch.setattr("reelworks.commands.remote.choose", lambda as_json: screen)
    ended = reelworks("submit", str(plain()), env=env)
    assert ended.returncode == 1
    said = f"Stopped. Whether {plain().name} was uploaded in time, `reelworks list` says."
    assert ended.stderr.splitlines()[-1] == f"reelworks: {said}"
    with Client(env["REELWORKS_URL"], env["REELWORKS_CLIENT_ID"]) as client:
        assert len(list(client.videos())) == is_sent


def test_what_is_refused_is_not_said_to_be_on_its_way(
    env: dict[str, str], notes: Path, tmp_path: Path
) -> None:
    arguments = ("submit", str(noisy(12)), str(notes), "--watch")
    terminal = Terminal(80, *arguments, env=env, cwd=tmp_path)
    wait_for(lambda: terminal.ever("enhance "), "the bars")
    terminal.interrupt()
    assert terminal.end(30) == 1
    said = " ".join(terminal.now())
    assert "Stopped; the service goes on with what is uploaded." in said
    assert "in time" not in said


def test_ctrl_c_ends_the_watching_and_not_the_work(env: dict[str, str], tmp_path: Path) -> None:
    terminal = Terminal(80, "submit", str(noisy(12)), "--watch", env=env, cwd=tmp_path)
    wait_for(lambda: terminal.ever("enhance "), "the bars")
    terminal.interrupt()
    assert terminal.end(30) == 1
    said = " ".join(terminal.now())
    assert "Stopped; the service goes on with what is uploaded." in said
    with Client(env["REELWORKS_URL"], env["REELWORKS_CLIENT_ID"]) as client:
        (video,) = client.videos()
        assert video.file_id in said.replace(" ", "")
        assert client.wait(video.file_id).video_enhancement.status is Status.COMPLETED
