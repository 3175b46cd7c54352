"""The command line, as a person runs it."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import av
import pytest

from reelworks.app.server import address_of, listen
from reelworks.engine.database import open_database
from reelworks.errors import SettingsError
from reelworks.media.deciding.options import Options, preset_names
from reelworks.media.deciding.wishes import flag_of
from reelworks.settings import read_settings
from tests.buckets import S3Server
from tests.cli.conftest import Run
from tests.clips import make_clip
from tests.docs.commands import options, visible
from tests.media.scenes import film


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(
        tmp_path_factory.mktemp("cli") / "clip.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1"),
        *("-vf", "noise=alls=24:allf=t", "-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p"),
    )


COMMANDS = ("serve", "api", "worker", "enhance", "inspect", "presets", "queue", "doctor")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(reelworks: Run, command: str) -> None:
    ended = reelworks(command, "--help")
    assert ended.returncode == 0
    assert f"reelworks {command}" in ended.stdout
    assert "Examples" in ended.stdout


def test_the_installed_command_is_the_same_one() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "reelworks", "version"], capture_output=True, text=True, check=True
    )
    assert ended.stdout.startswith("reelworks 0.")


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_is_said_where_people_ask_for_it(reelworks: Run, flag: str) -> None:
    ended = reelworks(flag)
    assert (ended.returncode, ended.stdout) == (0, reelworks("version").stdout)


def test_no_command_shows_the_commands(reelworks: Run) -> None:
    shown = reelworks().stdout
    assert all(command in shown for command in COMMANDS)


def test_enhance_writes_a_file_beside_the_source_and_says_what_it_did(
    reelworks: Run, clip: Path
) -> None:
    ended = reelworks("enhance", str(clip))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Wrote" in ended.stdout
    assert "denoise" in ended.stdout.lower()
    assert (clip.parent / "clip_enhanced.mp4").stat().st_size > 0
    assert not list(clip.parent.glob(".reelworks-*"))


def test_enhance_writes_where_it_is_told(reelworks: Run, clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "better.mp4"
    ended = reelworks("enhance", str(clip), "-o", str(target))
    assert ended.returncode == 0, ended.stderr
    assert target.stat().st_size > 0


def test_wishes_are_carried_out(reelworks: Run, clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "kept.mp4"
    ended = reelworks("enhance", str(clip), "-o", str(target), "--preset", "none")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert target.read_bytes() == clip.read_bytes()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--denoise", "strong"), '--denoise: give "auto" or a number from 0 to 2, not "strong".'),
        (("--white-balance", "3"), '--white-balance: give "auto" or a number from 0 to 2, not 3.'),
        (("--upscale", "1.5"), "--upscale: give a whole number from 1 to 4, not 1.5."),
        (("--stabilise", "1"), '--stabilise: give "auto", true or false, not 1.'),
        (("--quality", ""), '--quality: give "auto", "small", "balanced" or "high", not "".'),
        (("--levels", "NaN"), '--levels: give "auto" or a number from 0 to 2, not "NaN".'),
        (("--preset", "foo"), "(--preset) is wrong: there is no preset 'foo'; choose one of auto,"),
    ],
)
def test_a_wrong_wish_is_a_plain_sentence_that_names_the_flag(
    reelworks: Run, clip: Path, flags: tuple[str, str], said: str
) -> None:
    before = set(clip.parent.iterdir())
    ended = reelworks("enhance", str(clip), *flags)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert set(clip.parent.iterdir()) == before


def test_every_option_has_a_flag_with_help(reelworks: Run) -> None:
    shown = reelworks("enhance", "--help").stdout
    assert [name for name in Options.model_fields if flag_of(name) not in shown] == []


@pytest.mark.parametrize("columns", ["40", "80"])
@pytest.mark.parametrize("command", ["serve", "api", "worker", "submit", "fetch"])
def test_help_names_every_flag_whole(reelworks: Run, command: str, columns: str) -> None:
    shown = reelworks(command, "--help", env={"COLUMNS": columns}).stdout
    named = [name for each in options(visible()[command]) for name in each.opts]
    assert [name for name in named if name not in shown] == []


def test_presets_are_shown_whole_at_80_columns(reelworks: Run) -> None:
    ended = reelworks("presets", env={"COLUMNS": "80"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert max(len(line) for line in ended.stdout.splitlines()) <= 80
    assert "…" not in ended.stdout
    for word in (*preset_names(), *Options.model_fields):
        assert f" {word} " in ended.stdout
    assert "│ sharpen       │ auto  │ 0.7   │" in ended.stdout


@pytest.mark.parametrize("command", ["serve", "api"])
def test_a_preset_that_is_not_there_cannot_be_the_default(reelworks: Run, command: str) -> None:
    for ended in (
        reelworks(command, "--preset", "foo"),
        reelworks(command, env={"REELWORKS_PRESET": "foo"}),
    ):
        assert ended.returncode == 2
        assert "REELWORKS_PRESET (--preset) is wrong: there is no preset 'foo'" in ended.stderr


def test_enhance_says_how_large_and_how_like_its_source_the_result_is(
    reelworks: Run, clip: Path, tmp_path: Path
) -> None:
    said = reelworks("enhance", str(clip), "-o", str(tmp_path / "better.mp4")).stdout
    assert re.search(r"^Size: \S+ [kM]B, \d+% smaller than before \(\S+ [kM]B\)\.$", said, re.M)
    likeness = (
        r"^Likeness to the source: PSNR \d+\.\d dB, SSIM 0\.\d{3} of 1 \(\d pictures compared\)\.$"
    )
    assert re.search(likeness, said, re.M)
    lines = [line for line in said.splitlines() if line.startswith(("Size", "Likeness"))]
    assert all(len(line) <= 80 for line in lines)


def test_enhance_says_that_a_copy_is_the_same(reelworks: Run, tmp_path: Path) -> None:
    clean = tmp_path / "clean.mkv"
    clean.write_bytes(film().read_bytes())
    said = reelworks("enhance", str(clean)).stdout
    assert re.search(r"^Size: \S+ kB, as before\.$", said, re.M)
    assert "Likeness to the source: identical, byte for byte.\n" in said


@pytest.mark.parametrize("name", ["both.png", "both.JPG"])
def test_enhance_compares_where_it_is_told(
    reelworks: Run, clip: Path, tmp_path: Path, name: str
) -> None:
    target, both = tmp_path / "better.mp4", tmp_path / name
    ended = reelworks("enhance", str(clip), "-o", str(target), "--compare", str(both))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "before on the left, after on the right" in ended.stdout
    with av.open(str(both)) as container:
        still = next(container.decode(video=0))
    assert (still.width, still.height) == (642, 240)
    assert {path.name for path in tmp_path.iterdir()} == {"better.mp4", name}


def test_a_comparison_that_cannot_be_written_is_refused_before_the_work(
    reelworks: Run, clip: Path, tmp_path: Path
) -> None:
    source = tmp_path / "clip.png"  # a video by another name
    source.write_bytes(clip.read_bytes())
    (tmp_path / "folder.png").mkdir()
    for path, said in (
        ("folder.png", "is a folder; name a file"),
        ("both.gif", "is a .png or .jpg file; name it both.png."),
        ("both", "is a .png or .jpg file; name it both.png."),
        ("missing/both.png", "There is no folder missing."),
        (".png", "is a .png or .jpg file"),
        (str(source), "is the source itself"),
    ):
        ended = reelworks("enhance", str(source), "-o", "better.mp4", "--compare", path)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert said in ended.stderr
        assert len(ended.stderr.splitlines()) == 1
    assert {found.name for found in tmp_path.iterdir()} == {"clip.png", "folder.png"}
    assert source.read_bytes() == clip.read_bytes()


def test_a_result_that_cannot_be_compared_is_kept_and_the_user_is_told(
    reelworks: Run, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reelworks.media.proving.proof._STALL_SECONDS", 0)  # no child is that quick
    ended = reelworks("enhance", str(clip), "-o", "one.mp4")
    assert ended.returncode == 0
    assert "It could not be compared with its source. " in ended.stdout
    ended = reelworks("enhance", str(clip), "-o", "two.mp4", "--compare", "both.png")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "two.mp4 was written, but the picture both.png could not be made. " in ended.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"one.mp4", "two.mp4"}


def test_inspect_prints_the_metadata(reelworks: Run, clip: Path) -> None:
    ended = reelworks("inspect", str(clip))
    assert (ended.returncode, ended.stderr) == (0, "")
    document = json.loads(ended.stdout)
    assert document["frame_count"] == 25
    assert document["filename"] == "clip.mp4"


@pytest.mark.parametrize("command", ["enhance", "inspect"])
def test_what_cannot_be_worked_on_is_one_plain_sentence(
    reelworks: Run, command: str, tmp_path: Path
) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("Just some words.\n" * 20)
    for path, said in (
        (text, "is text, not a video"),
        (tmp_path / "missing.mp4", "There is no file"),
        (tmp_path, f"{tmp_path} is a folder"),
        (Path(os.devnull), "/dev/null is no ordinary file"),
    ):
        ended = reelworks(command, str(path))
        assert ended.returncode == 1
        assert ended.stdout == ""
        assert ended.stderr.startswith("reelworks: ")
        assert said in ended.stderr
        assert len(ended.stderr.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"notes.mp4"}


def test_a_name_that_the_result_cannot_have_is_refused(
    reelworks: Run, clip: Path, tmp_path: Path
) -> None:
    ended = reelworks("enhance", str(clip), "-o", str(tmp_path / "better.txt"))
    assert ended.returncode == 1
    assert "name it better." in ended.stderr


def test_a_place_that_cannot_be_written_to_is_refused_before_the_work(
    reelworks: Run, tmp_path: Path
) -> None:
    source = tmp_path / "notes.mp4"
    source.write_text("What is no video is found when the work begins.\n")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "link.mp4").symlink_to(source)
    os.mkfifo(tmp_path / "pipe.mp4")
    for path, said in (
        ("folder.mp4", "folder.mp4 is a folder; name a file in it."),
        (".", ". is a folder; name a file in it."),
        ("missing/better.mp4", "There is no folder missing."),
        ("notes.mp4/better.mp4", "There is no folder notes.mp4."),
        ("link.mp4", "link.mp4 is the source itself; name another file."),
        ("pipe.mp4", "pipe.mp4 is no ordinary file; name another."),
    ):
        ended = reelworks("enhance", "notes.mp4", "-o", path)
        assert (ended.returncode, ended.stderr) == (1, f"reelworks: {said}\n")
    assert (tmp_path / "pipe.mp4").is_fifo()


def test_wrong_use_is_status_2(reelworks: Run) -> None:
    assert reelworks("enhance").returncode == 2
    assert reelworks("serve", "--port", "many").returncode == 2


def test_an_unknown_setting_is_an_error(reelworks: Run, tmp_path: Path) -> None:
    ended = reelworks("doctor", env={"REELWORKS_DATADIR": "x"})
    assert ended.returncode == 2
    assert "There is no setting REELWORKS_DATADIR" in ended.stderr
    assert "REELWORKS_DATA_DIR" in ended.stderr


def test_a_wrong_setting_names_itself(reelworks: Run, tmp_path: Path) -> None:
    ended = reelworks("doctor", env={"REELWORKS_PORT": "99999"})
    assert ended.returncode == 2
    assert "REELWORKS_PORT (--port) is wrong" in ended.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MAX_UPLOAD", "5GB", "'5GB' is no whole number; write digits alone."),
        ("MAX_UPLOAD", "0", "0 is too little; it must be more than 0."),
        ("KEEP_DAYS", "0", "0 is too little; it must be at least 1."),
        ("PORT", "99999", "99999 is too much; it may be 65535 at most."),
        ("REDIRECT_RESULTS", "maybe", "'maybe' is neither true nor false."),
        ("LOG_LEVEL", "loud", "'loud' is not one of 'debug', 'info', 'warning' or 'error'."),
    ],
)
def test_a_wrong_setting_is_said_in_plain_words(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"REELWORKS_{name}", value)

    with pytest.raises(SettingsError) as raised:
        read_settings()

    assert str(raised.value).endswith(f" is wrong: {said}")


@pytest.mark.parametrize("name", ["HOST", "DATA_DIR", "DATABASE_URL", "PORT", "CORS_ORIGINS"])
def test_an_empty_setting_is_not_taken_for_none(reelworks: Run, name: str) -> None:
    ended = reelworks("doctor", env={f"REELWORKS_{name}": ""})
    assert ended.returncode == 2
    assert f"REELWORKS_{name} (--{name.lower().replace('_', '-')}) is wrong: it is empty" in (
        ended.stderr
    )


@pytest.mark.parametrize("name", ["x%41", "why?mode=ro", "a#b", "ü ñ"])
def test_the_database_is_in_the_data_folder_whatever_that_is_called(
    name: str, tmp_path: Path
) -> None:
    settings = read_settings(data_dir=tmp_path / name)
    engine = open_database(settings.effective_database_url)
    assert engine.url.database == str(tmp_path / name / "reelworks.db")


def test_a_data_folder_whose_name_is_no_text_is_refused(reelworks: Run, tmp_path: Path) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    ended = reelworks("serve", "--data-dir", folder, "--port", "0")
    assert ended.returncode == 2
    assert ended.stderr.endswith("give it another, or another folder with --data-dir.\n")
    assert len(ended.stderr.splitlines()) == 1


def test_the_address_that_is_logged_is_one_that_browsers_take() -> None:
    assert address_of("127.0.0.1", 8000) == "http://localhost:8000"
    assert address_of("0.0.0.0", 8000) == "http://0.0.0.0:8000"
    assert address_of("::1", 8000) == "http://[::1]:8000"


def test_a_port_that_another_program_has_is_refused_at_once() -> None:
    with listen(read_settings(port=0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(SettingsError, match="Address already in use"):
            listen(read_settings(port=port))


def test_an_address_of_another_machine_is_not_taken_for_a_port_in_use() -> None:
    with pytest.raises(SettingsError) as raised:
        listen(read_settings(host="192.0.2.1", port=0))

    assert "give an address of this machine with --host" in str(raised.value)
    assert "--port" not in str(raised.value)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors_do_no_harm(closed: str) -> None:
    program = shlex.join([sys.executable, "-m", "reelworks", "version"])
    assert subprocess.run(f"{program} {closed}", shell=True, check=False).returncode == 0


def test_letters_that_a_terminal_lacks_are_spelled_out() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "reelworks", "inspect", "ünï.mp4"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == "reelworks: There is no file \\xfcn\\xef.mp4.\n"


def test_flags_win_over_variables_over_defaults(reelworks: Run, tmp_path: Path) -> None:
    variable, flag = tmp_path / "variable", tmp_path / "flag"
    env = {"REELWORKS_DATA_DIR": str(variable)}
    assert str(tmp_path / "data") in reelworks("doctor").stdout
    assert str(variable) in reelworks("doctor", env=env).stdout
    assert str(flag) in reelworks("doctor", "--data-dir", str(flag), env=env).stdout


def test_doctor_finds_everything_in_order(reelworks: Run, tmp_path: Path) -> None:
    ended = reelworks("doctor", "--data-dir", str(tmp_path))
    assert ended.returncode == 0, ended.stdout
    assert all(line.startswith("ok") for line in ended.stdout.splitlines())


def test_doctor_says_what_is_missing(reelworks: Run, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    ended = reelworks("doctor", "--data-dir", str(blocked / "data"), "--ffmpeg", "no-such-program")
    assert ended.returncode == 1
    assert "no-such-program" in ended.stdout
    assert "cannot be written" in ended.stdout


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "is not understood"),
        ("sqlite:////nowhere/at/all.db", "does not answer"),
    ],
)
def test_a_database_that_cannot_be_is_a_plain_sentence(
    reelworks: Run, tmp_path: Path, url: str, said: str
) -> None:
    doctor = reelworks("doctor", "--data-dir", str(tmp_path), "--database-url", url)
    assert doctor.returncode == 1
    assert said in doctor.stdout


def test_serving_from_a_database_url_that_is_nonsense_is_a_plain_sentence(
    reelworks: Run, tmp_path: Path
) -> None:
    arguments = ("--data-dir", str(tmp_path), "--port", "0", "--database-url", "nonsense")
    ended = reelworks("serve", *arguments)
    assert ended.returncode == 2
    assert "is not understood" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_doctor_tries_the_object_store_out(reelworks: Run, tmp_path: Path, s3: S3Server) -> None:
    url = s3.create()
    arguments = ("doctor", "--data-dir", str(tmp_path), "--storage-url", url)
    good = reelworks(*arguments, env=s3.environment)
    assert good.returncode == 0, good.stdout
    assert f"ok   object store {url}" in good.stdout
    assert s3.files(url) == set()
    bad = reelworks(*arguments, env={"AWS_SECRET_ACCESS_KEY": "another"})
    assert bad.returncode == 1
    assert "BAD  The object store s3://" in bad.stdout
    assert "look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in bad.stdout


@pytest.mark.parametrize("command", ["serve", "api", "worker"])
@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--storage-url", "s3://"), "The storage URL s3:// is not understood"),
        (("--storage-url", "/folder"), "it looks like s3://bucket/prefix"),
        (("--storage-url", "s3://elsewhere"), "has no bucket for s3://elsewhere; create it"),
    ],
)
def test_a_store_that_cannot_be_is_a_plain_sentence(
    reelworks: Run,
    tmp_path: Path,
    s3: S3Server,
    command: str,
    flags: tuple[str, ...],
    said: str,
) -> None:
    port = () if command == "worker" else ("--port", "0")
    data = ("--data-dir", str(tmp_path))
    ended = reelworks(command, *data, *port, *flags, env=s3.environment)
    assert ended.returncode == 2
    assert said in ended.stderr.splitlines()[-1]


def test_results_are_redirected_to_an_object_store_alone(reelworks: Run, tmp_path: Path) -> None:
    ended = reelworks("api", "--data-dir", str(tmp_path), "--redirect-results")
    assert ended.returncode == 2
    assert "REELWORKS_REDIRECT_RESULTS (--redirect-results) is wrong: it needs" in ended.stderr


def test_enhance_never_overwrites_its_source(reelworks: Run, clip: Path) -> None:
    before = clip.read_bytes()
    ended = reelworks("enhance", str(clip), "-o", str(clip))
    assert ended.returncode == 1
    assert "is the source itself" in ended.stderr
    assert clip.read_bytes() == before


def test_a_port_in_use_is_a_plain_sentence(reelworks: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = reelworks("serve", "--data-dir", str(tmp_path), "--port", port)
    assert ended.returncode == 2
    assert "choose another with --port" in ended.stderr


def test_a_metrics_port_in_use_ends_the_service_before_it_begins(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "reelworks", "serve", "--data-dir", str(tmp_path / "data")),
                *("--port", "0", "--metrics-port", port),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert ended.returncode == 2
    assert ended.stderr == (
        f"reelworks: Cannot serve metrics on 127.0.0.1 port {port}: Address already in use; "
        "choose another with --metrics-port.\n"
    )
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_is_a_plain_sentence(reelworks: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = reelworks("serve", "--data-dir", str(tmp_path / "file" / "data"), "--port", "0")
    assert ended.returncode == 2
    assert "cannot be used" in ended.stderr
