"""What was wished for at the upload is what the plan is made of."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from reelworks.engine.records import Records
from reelworks.jobs.enhancement import planned
from reelworks.jobs.workshop import Workshop
from reelworks.jobs.written import wished
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Plan
from reelworks.media.probing.probe import probe
from reelworks.storage.local import LocalStorage
from tests.clips import clip, lavfi, toolbox
from tests.videos import new_video


@pytest.fixture
def workshop(records: Records, tmp_path: Path) -> Workshop:
    storage = LocalStorage(tmp_path / "data", reserve_bytes=0)
    return Workshop(records=records, storage=storage, tools=toolbox(), owner="test")


def noisy() -> Path:
    """A second that ``auto`` would denoise."""
    noise = ("-vf", "noise=alls=24:allf=t", "-c:v", "libx264", "-crf", "12")
    pictures = lavfi("testsrc2=size=320x240:rate=25:duration=1")
    return clip(".mp4", *pictures, *noise, "-pix_fmt", "yuv420p")


def submitted(workshop: Workshop, preset: str, options: str) -> str:
    """A video in the records with its file; returns its file id."""
    video = replace(new_video(), preset=preset, options=options)
    with workshop.draft("clip.mp4") as draft:
        shutil.copyfile(noisy(), draft)
        workshop.storage.publish(draft, video.source_key)
    with workshop.records.writing() as connection:
        workshop.records.add(connection, video)
    return video.file_id


def plan_of(workshop: Workshop, file_id: str) -> Plan:
    with workshop.source(file_id) as path:
        source = probe(toolbox(), path, count=True)
    return planned(workshop, file_id, source)


def test_the_plan_is_made_of_the_wishes(workshop: Workshop) -> None:
    nothing = submitted(workshop, "none", Options.of("none").model_dump_json())
    usual = submitted(workshop, "auto", Options.of().model_dump_json())
    assert plan_of(workshop, nothing).action == "copy"
    assert plan_of(workshop, usual).action == "encode"


def test_the_options_count_and_not_what_their_preset_is_today(workshop: Workshop) -> None:
    options = Options.of("vivid", denoise=0.5)
    file_id = submitted(workshop, "a preset that is gone", options.model_dump_json())
    assert wished(workshop.records.video(file_id)) == options


def test_an_option_that_was_not_kept_is_the_usual_one(workshop: Workshop) -> None:
    for kept, meant in (("{}", Options.of()), ('{"levels": 1.5}', Options.of(levels=1.5))):
        file_id = submitted(workshop, "auto", kept)
        assert wished(workshop.records.video(file_id)) == meant
