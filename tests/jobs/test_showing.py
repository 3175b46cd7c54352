"""Previews and the report of a published result, and what becomes of it where they fail."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import pytest

from reelworks.engine.records import Records
from reelworks.errors import StorageError, WorkStopped
from reelworks.jobs.showing import show
from reelworks.jobs.workshop import Workshop, compare_key, enhanced_key, poster_key
from reelworks.media.children.process import Children
from reelworks.media.deciding.plan import Plan
from reelworks.media.enhance import enhance_to
from reelworks.media.facts import Probe
from reelworks.media.probing.probe import probe
from reelworks.media.report import Rendered
from reelworks.model import ProcessType, Work
from reelworks.storage.local import LocalStorage
from tests.clips import plain, toolbox
from tests.media.plans import forced
from tests.videos import add_video


@dataclass(frozen=True)
class Published:
    """A video whose result has been published."""

    storage: LocalStorage
    workshop: Workshop
    file_id: str
    source: Probe
    plan: Plan
    rendered: Rendered

    def show(self, **changes: Any) -> None:
        workshop = replace(self.workshop, **changes)
        work = Work(self.file_id, ProcessType.VIDEO_ENHANCEMENT, 1)
        show(workshop, work, self.source, self.plan, self.rendered)

    def report(self) -> dict[str, Any] | None:
        work = Work(self.file_id, ProcessType.VIDEO_ENHANCEMENT, 1)
        with self.workshop.records.describing(work) as report:
            return None if report is None else json.loads(report)


@pytest.fixture
def published(records: Records, tmp_path: Path) -> Published:
    storage = LocalStorage(tmp_path / "data", reserve_bytes=0)
    workshop = Workshop(records=records, storage=storage, tools=toolbox(), owner="me")
    file_id = add_video(records)
    shutil.copyfile(plain(), storage.root / "uploads" / file_id)
    source = probe(toolbox(), plain(), count=True)
    plan = forced(source, "clip.mp4")
    with workshop.draft("enhanced.mp4") as draft:
        rendered = enhance_to(toolbox(), plain(), source, plan, draft, lambda _: None)
        storage.publish(draft, enhanced_key(file_id, plan.extension))
    return Published(storage, workshop, file_id, source, plan, rendered)


def size(path: Path) -> tuple[int, int]:
    with av.open(str(path)) as container:
        picture = next(container.decode(video=0))
    return picture.width, picture.height


def test_previews_are_published_and_the_report_names_them(published: Published) -> None:
    published.show()
    storage, file_id = published.storage, published.file_id
    report = published.report()
    assert report is not None
    assert report["previews"] == {"poster": poster_key(file_id), "compare": compare_key(file_id)}
    assert size(storage.locate(poster_key(file_id))) == (320, 240)
    assert size(storage.locate(compare_key(file_id))) == (642, 240)
    assert report["bytes_after"] == published.rendered.size_bytes
    assert report["fidelity"]["psnr_y"] > 30
    assert report["notes"] == []


def test_doing_it_twice_does_it_again(published: Published) -> None:
    published.show()
    first = published.report()
    published.show()
    assert published.report() == first


def test_a_result_that_cannot_be_shown_is_reported_without_previews(
    published: Published, caplog: pytest.LogCaptureFixture
) -> None:
    key = enhanced_key(published.file_id, published.plan.extension)
    published.storage.locate(key).write_bytes(b"nothing that could be opened")
    published.show()
    report = published.report()
    assert report is not None
    assert (report["fidelity"], report["previews"]) == (None, {"poster": None, "compare": None})
    (note,) = report["notes"]
    assert note.startswith("No previews could be made. ")
    assert report["frames"] == 25
    (told,) = caplog.records
    assert "has no previews: " in told.getMessage()
    assert not told.exc_info


def test_previews_wait_where_their_folder_cannot_be_used(published: Published) -> None:
    in_the_way = published.storage.root / "processed_videos" / "previews"
    in_the_way.touch()
    with pytest.raises(StorageError, match="previews cannot be used"):
        published.show()
    assert published.report() is None
    in_the_way.unlink()
    published.show()
    report = published.report()
    assert report is not None
    assert report["previews"]["poster"]


def test_a_worker_that_leaves_leaves_the_report_to_the_next(published: Published) -> None:
    leaving = Children()
    leaving.stop()
    with pytest.raises(WorkStopped):
        published.show(tools=replace(toolbox(), children=leaving))
    assert published.report() is None
