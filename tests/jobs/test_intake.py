"""What becomes of an upload that is not accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelworks.engine.database import open_database
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.errors import NotAVideo
from reelworks.jobs.intake import Intake
from reelworks.storage.local import LocalStorage
from tests.clips import toolbox


@pytest.fixture
def intake(tmp_path: Path) -> Intake:
    """Its database is away."""
    engine = open_database("sqlite:////nowhere/at/all.db")
    records = Records(engine)
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    return Intake(storage, records, Submission(records, Queue(engine)), toolbox(), max_bytes=1000)


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_breaks_off_leaves_nothing_though_the_database_is_away(
    intake: Intake, tmp_path: Path
) -> None:
    upload = intake.begin(None)
    upload.write(b"half a video")
    upload.close()
    assert left(tmp_path) == []


def test_what_is_refused_leaves_nothing_though_the_database_is_away(
    intake: Intake, tmp_path: Path
) -> None:
    upload = intake.begin(None)
    upload.write(b"Dear reader,\n")
    with pytest.raises(NotAVideo):
        upload.accept(filename="letter.mp4", client_id=None, preset=None, wishes={})
    upload.close()
    assert left(tmp_path) == []
