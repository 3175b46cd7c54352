"""What becomes of an upload that is not accepted, or seems not to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelworks.engine.database import open_database
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.errors import EngineError, NotAVideo, StorageError
from reelworks.jobs.intake import Intake
from reelworks.model import NewVideo
from reelworks.storage.local import LocalStorage
from tests.clips import plain, toolbox


class _Unheard(Submission):
    """Its commit happens, and the connection breaks before the answer."""

    def submit(self, video: NewVideo) -> None:
        super().submit(video)
        raise EngineError("The database does not answer; try again.")


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
        upload.check()
    upload.close()
    assert left(tmp_path) == []


def test_an_upload_that_is_cleared_away_is_not_refused_as_no_video(
    intake: Intake, tmp_path: Path
) -> None:
    upload = intake.begin(None)
    upload.write(b"half a video")
    (arriving,) = left(tmp_path)
    arriving.unlink()
    with pytest.raises(StorageError, match="cannot be used: No such file"):
        upload.check()
    upload.close()


def test_an_upload_is_accepted_though_the_answer_to_its_commit_was_lost(
    records: Records, tmp_path: Path
) -> None:
    storage = LocalStorage(tmp_path / "data", reserve_bytes=0)
    submission = _Unheard(records, Queue(records.engine))
    intake = Intake(storage, records, submission, toolbox(), max_bytes=1 << 20)
    upload = intake.begin(None)
    upload.write(plain().read_bytes())
    upload.check()
    upload.keep()
    upload.accept(filename="clip.mp4", client_id=None, preset=None, wishes={})
    upload.close()
    kept = records.video(upload.file_id).source_key
    assert left(tmp_path / "data") == [tmp_path / "data" / kept]
