"""A child sees its own files and no others, whatever a crafted file makes it try."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from tests.clips import toolbox

from reelworks.errors import ChildFailed
from reelworks.media.children.landlock import landlock_version
from reelworks.media.children.process import Children, collect

pytestmark = pytest.mark.skipif(
    landlock_version() == 0, reason="this kernel has no Landlock, which holds children to this"
)


def python(program: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", f"import sys\n{program}", *map(str, arguments)]


READ = "print(open(sys.argv[1]).read(), end='')"
WRITE = "open(sys.argv[1], 'w').write('x')"
LIST = "import os; print(os.listdir(sys.argv[1]))"


def said(command: list[str], **allowed: list[Path]) -> str:
    heard = bytearray()
    Children().run(command, collect(heard), **allowed)
    return heard.decode()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "somebody elses" / "secret.txt"
    path.parent.mkdir()
    path.write_text("secret")
    return path


def test_it_reads_the_file_that_it_is_given(secret: Path) -> None:
    assert said(python(READ, secret), reads=[secret]) == "secret"


def test_it_reads_it_through_a_link(secret: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(secret)
    assert said(python(READ, link), reads=[link]) == "secret"


@pytest.mark.parametrize("program", [READ, WRITE, LIST])
def test_it_neither_reads_nor_writes_nor_sees_another(program: str, secret: Path) -> None:
    path = secret.parent if program is LIST else secret
    with pytest.raises(ChildFailed, match="PermissionError"):
        said(python(program, path))
    assert secret.read_text() == "secret"


def test_what_it_may_read_it_may_not_change(secret: Path) -> None:
    with pytest.raises(ChildFailed, match="PermissionError"):
        said(python(WRITE, secret), reads=[secret])
    with pytest.raises(ChildFailed, match="PermissionError"):
        said(python("import os; os.remove(sys.argv[1])", secret), reads=[secret])
    assert secret.read_text() == "secret"


def test_it_writes_into_the_folder_that_it_is_given(tmp_path: Path) -> None:
    said(python(WRITE, tmp_path / "result"), writes=[tmp_path])
    assert (tmp_path / "result").read_text() == "x"


def test_it_reads_nothing_of_the_system_that_is_a_secret() -> None:
    with pytest.raises(ChildFailed, match="PermissionError"):
        said(python(READ, "/etc/passwd"))


@pytest.mark.skipif(landlock_version() < 4, reason="this kernel's Landlock knows no sockets")
def test_it_connects_to_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
        with pytest.raises(ChildFailed, match="PermissionError"):
            said(python(program))


def test_what_it_starts_is_held_to_it_as_well(secret: Path) -> None:
    program = "import subprocess; subprocess.run([sys.executable, *sys.argv[1:]], check=True)"
    with pytest.raises(ChildFailed):
        said(python(program, "-c", f"open({str(secret)!r})"))


def test_ffmpeg_is_refused_another_file_even_without_allow_lists(
    secret: Path, tmp_path: Path
) -> None:
    """A script of two files, of which the second is none of its business."""
    tools, script = toolbox(), tmp_path / "script.txt"
    script.write_text(f"ffconcat version 1.0\nfile '{secret}'\n")
    command = [str(tools.ffmpeg), "-v", "error", "-f", "concat", "-safe", "0", "-i", str(script)]
    with pytest.raises(ChildFailed, match="Permission denied"):
        tools.children.run([*command, "-f", "null", "-"], collect(bytearray()), reads=[script])
