"""What another release wrote down is carried out by nobody who does not understand all of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from reelworks.engine.catalogue import Catalogue
from reelworks.engine.records import Records
from reelworks.errors import OtherRelease
from reelworks.jobs.showing import so_far
from reelworks.jobs.written import plan_of, probe_of, wished
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Plan
from reelworks.media.probing.probe import probe
from reelworks.media.probing.wire import pack
from tests.clips import plain, toolbox
from tests.media.plans import forced
from tests.videos import add_video, new_video


def _newer(text: str) -> str:
    """As a release writes it that knows of more."""
    known: dict[str, Any] = json.loads(text)
    return json.dumps(known | {"unheard_of": True})


@pytest.fixture(scope="module")
def source() -> str:
    return json.dumps(pack(probe(toolbox(), plain(), count=True)))


@pytest.fixture(scope="module")
def plan(source: str) -> Plan:
    return forced(probe_of(source), "clip.mp4")


def test_what_this_release_wrote_is_read(source: str, plan: Plan) -> None:
    assert plan_of(plan.to_json()) == plan
    assert pack(probe_of(source)) == json.loads(source)


def test_what_a_newer_release_wrote_is_no_fault_of_the_video(source: str, plan: Plan) -> None:
    with pytest.raises(OtherRelease, match="The plan of this video cannot be read"):
        plan_of(_newer(plan.to_json()))
    with pytest.raises(OtherRelease, match="The probe of this video cannot be read"):
        probe_of(_newer(source))
    with pytest.raises(OtherRelease, match="The options of this video cannot be read"):
        wished(replace(new_video(), options=_newer(Options.of().model_dump_json())))


def test_a_video_is_shown_without_a_plan_that_cannot_be_read(records: Records, plan: Plan) -> None:
    file_id = add_video(records)
    records.keep_plan(file_id, _newer(plan.to_json()))
    assert so_far(Catalogue(records).entry(file_id)) is None
