"""The examples that are scripts, run as their reader would run them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clips import plain
from tests.service import RunningService

EXAMPLES = Path(__file__).parents[2] / "examples"


def _run(
    service: RunningService, folder: Path, *command: str | Path
) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"REELWORKS_URL": service.url}
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=200
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_shell_script_uploads_polls_and_fetches(
    service: RunningService, video: Path, notes: Path, tmp_path: Path
) -> None:
    script = EXAMPLES / "upload.sh"
    ended = _run(service, tmp_path, script, video, "results")
    assert ended.returncode == 0, ended.stderr
    results = tmp_path / "results"
    enhanced = results / "a _film__ of the sea, 2026_enhanced.mp4"
    assert {path.name for path in results.iterdir()} == {
        *(enhanced.name, "metadata.json", "compare.jpg")
    }
    assert enhanced.read_bytes() == plain().read_bytes()
    assert json.loads((results / "metadata.json").read_text())["frame_count"] == 25

    ended = _run(service, tmp_path, script, notes)
    assert ended.returncode == 1
    assert "is text, not a video" in ended.stderr


def test_the_python_program_watches_and_fetches(
    service: RunningService, video: Path, notes: Path, tmp_path: Path
) -> None:
    program = EXAMPLES / "watch.py"
    ended = _run(service, tmp_path, sys.executable, program, video, notes, "nowhere.mp4")
    assert ended.returncode == 1
    assert "nowhere.mp4: No such file or directory." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert f"{notes}: The file is text, not a video" in ended.stderr
    assert "enhanced 100 %" in ended.stdout
    assert "metadata 100 %" in ended.stdout
    assert (tmp_path / "a _film__ of the sea, 2026_enhanced.mp4").exists()
    assert (tmp_path / 'a "film"; of the sea, 2026_metadata.json').exists()
    assert _run(service, tmp_path, sys.executable, program, video).returncode == 0
