"""``reelworks queue``: for a person in 80 columns, for a program as JSON."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from reelworks.engine.database import migrate, open_database
from reelworks.engine.overview import Census, Job, Standing, Worker
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.model import ProcessType, Status
from reelworks.queue_view import as_tables
from tests.cli.conftest import Run
from tests.videos import new_video

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
JOB = Job(
    file_id="7f3c1c8e-52a1-4b8e-9d55-1f2a3b4c5de1",
    process_type=ProcessType.VIDEO_ENHANCEMENT,
    part=None,
    filename="holiday.mp4",
    client_id="somebody-with-quite-a-long-name",
    size_bytes=1_234_567_890,
    status=Status.PROCESSING,
    progress=99,
    error=None,
    begun=3,
    takeovers=2,
    since=NOW - timedelta(minutes=59),
    host="machine-17-f5087452-4026531836",
    pid=123456,
)
STANDING = Standing(
    at=NOW,
    census=Census(
        processes={(kind, status): 1 for kind in ProcessType for status in Status},
        queued=40,
        claimed=1,
        oldest_seconds=3.5,
        workers=1,
        slots=8,
    ),
    workers=[
        Worker(
            host="machine-17-f5087452-4026531836",
            pid=123456,
            slots=8,
            busy=1,
            started_at=NOW - timedelta(days=3),
            renewed_at=NOW - timedelta(seconds=0.4),
            is_lost=False,
        )
    ],
    running=[JOB],
    waiting=[replace(JOB, host=None, pid=None)],
    failed=[replace(JOB, error="The file ends in the middle of a picture, after 3 of 7 minutes.")],
    failed_in_a_day=1,
)


def shown(standing: Standing) -> list[str]:
    written = io.StringIO()
    console = Console(file=written, width=80, markup=False, highlight=False)
    for each in as_tables(standing):
        console.print(each)
    return written.getvalue().splitlines()


def test_it_is_readable_in_80_columns() -> None:
    lines = shown(STANDING)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= 80
    assert text.count(JOB.file_id) == 3
    assert "machine-17  123456     1      8  3 d  renewed 0.4 s ago" in text
    assert "enhance  99 %  59 min  machine-17:123456" in text
    assert "1.23 GB  59 min  somebody-with-" in text
    assert "  and 39 more; see --limit" in text


def test_what_a_stranger_is_called_neither_steers_a_terminal_nor_fills_it() -> None:
    idle = replace(STANDING, workers=[], running=[], failed=[])
    plain = len(shown(idle))
    for client_id in ("a\x1b[31mb\nc", "x" * 256):
        lines = shown(replace(idle, waiting=[replace(JOB, client_id=client_id)]))
        assert len(lines) <= plain + 1
        assert all(line.isprintable() for line in lines)
    assert any("xxx…" in line for line in lines)


def test_a_lost_worker_is_named_as_such() -> None:
    lost = replace(STANDING.workers[0], is_lost=True)
    job = replace(JOB, host=None, pid=None)
    text = "\n".join(shown(replace(STANDING, workers=[lost], running=[job])))
    assert "lost; its work is being handed on" in text
    assert "a lost worker" in text


def test_an_idle_service_is_one_line() -> None:
    idle = replace(STANDING, workers=[], running=[], waiting=[], failed=[])
    assert len(shown(idle)) == 1


def test_a_part_of_a_process_goes_by_its_name() -> None:
    assert "chunk 3" in "\n".join(shown(replace(STANDING, running=[replace(JOB, part="chunk 3")])))


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A data folder with one video that waits."""
    engine = open_database(f"sqlite:///{tmp_path / 'served' / 'reelworks.db'}")
    migrate(engine)
    Submission(Records(engine), Queue(engine)).submit(new_video())
    engine.dispose()
    return tmp_path / "served"


def test_the_command_shows_a_services_queue(reelworks: Run, served: Path) -> None:
    ended = reelworks("queue", "--data-dir", str(served))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(
        "0 workers with 0 slots; 0 running, 2 waiting, 0 failed in the last day\n"
    )


def test_json_holds_everything(reelworks: Run, served: Path) -> None:
    document = json.loads(reelworks("queue", "--data-dir", str(served), "--json").stdout)
    assert document["queue"]["waiting"] == 2
    assert document["processes"]["video_enhancement"]["pending"] == 1
    assert {job["filename"] for job in document["waiting"]} == {"clip.mp4"}
    assert datetime.fromisoformat(document["at"]).tzinfo is not None


def test_where_no_service_was_there_is_no_queue(reelworks: Run, tmp_path: Path) -> None:
    ended = reelworks("queue", "--data-dir", str(tmp_path / "nothing"))
    assert ended.returncode == 2
    assert "There is no database" in ended.stderr
    assert not (tmp_path / "nothing").exists()


def test_a_database_that_is_away_is_said_to_be(reelworks: Run, free_tcp_port: int) -> None:
    url = f"postgresql://me:secret@127.0.0.1:{free_tcp_port}/videos"
    ended = reelworks("queue", "--database-url", url)
    assert ended.returncode == 2
    assert "does not answer: nothing listens there; start it, or mend the URL." in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
