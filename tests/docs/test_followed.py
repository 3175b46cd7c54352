"""A reader who types what the README and the tutorial say gets what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import clips
from tests.docs.pages import DOCS
from tests.service import RunningService

_PROGRAMS = Path(sys.executable).parent
# What the fixture stands for, or what the tests are a part of.
_LEFT_OUT = re.compile(r"make (serve|test|docs)\b|git clone|cd ")
_UPLOADED = re.compile(r'"file_id": ?"([0-9a-f-]{36})"')
_ANY_ID = "0b0c5e2e-…"
# These ask the service at its usual address, where nothing else is said.
_ASKS = r"bin/reelworks (submit|status|fetch|cancel|retry|delete|list)"


@dataclass
class Reader:
    """Somebody who types one thing after another, in a folder, beside a running service."""

    folder: Path
    service: RunningService
    file_id: str = ""
    typed: list[str] = field(default_factory=list)

    def shell(self, block: str) -> None:
        """Run the commands of a block, one by one."""
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip() and not line.startswith("#") and not _LEFT_OUT.match(line):
                self._run(["bash", "-c", self._here(line)])

    def python(self, block: str) -> None:
        """Run a program."""
        self._run([sys.executable, "-c", self._here(block)])

    def _run(self, command: list[str]) -> None:
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | {"CURL_HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.typed.append(command[-1])
        assert ended.returncode == 0, f"{command[-1]}\n{ended.stdout}\n{ended.stderr}"
        if found := _UPLOADED.search(ended.stdout):
            self.file_id = found[1]
            self.service.finished(self.file_id)

    def _here(self, text: str) -> str:
        address = self.service.url.removeprefix("http://")
        text = text.replace("localhost:8000", address).replace(_ANY_ID, self.file_id)
        text = re.sub(_ASKS, rf"\g<0> --url {self.service.url}", text)
        return text.replace(".venv/bin/", f"{_PROGRAMS}/")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Someone with the repository's Makefile and two clips, and a curl that is silent."""
    folder = tmp_path / "reader"
    folder.mkdir()
    (folder / ".curlrc").write_text("silent\nshow-error\n")
    shutil.copy(DOCS.parent / "Makefile", folder)
    shutil.copy(clips.plain(), folder / "clip.mp4")
    shutil.copy(clips.plain(), folder / "holiday.mov")
    service = RunningService(tmp_path / "service")
    yield Reader(folder, service)
    service.stop()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/first-video.md"])
def test_everything_that_is_to_be_typed_works(page: str, reader: Reader) -> None:
    text = (DOCS.parent / page).read_text()
    for kind, block in re.findall(r"^```(sh|python)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        if kind == "sh":
            reader.shell(block)
        else:
            reader.python(block)
    assert reader.file_id
    assert len(reader.typed) > 5
