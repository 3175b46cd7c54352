"""The process that makes a video better to look at: plan, render, publish, and prove it."""

from __future__ import annotations

from reelworks.engine.executor import step
from reelworks.jobs.reporting import Progress, reported
from reelworks.jobs.showing import show
from reelworks.jobs.workshop import Workshop, enhanced_key, wished
from reelworks.media.enhance import decide, enhance_to
from reelworks.media.facts import Probe
from reelworks.media.plan import Plan
from reelworks.media.probe import probe
from reelworks.media.report import Rendered
from reelworks.model import ProcessType, Work

_TYPE = ProcessType.VIDEO_ENHANCEMENT


class Enhancement:
    """The workflow ``video_enhancement``."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def run(self, file_id: str, attempt: int = 1) -> None:
        """Enhance one video, from its file to its published result."""
        work = Work(file_id, _TYPE, attempt)
        workshop = self._workshop.of(work)
        with reported(workshop.records, work):
            source, plan = step("plan", _plan, workshop, work)
            rendered = step("render", _render, workshop, work, source, plan)
            step("prove", show, workshop, work, source, plan, rendered)


def _plan(workshop: Workshop, work: Work) -> tuple[Probe, Plan]:
    with workshop.source(work.file_id) as path:
        source = probe(workshop.tools, path, count=True)
        plan = planned(workshop, work.file_id, source)
    # Inside the step: when the workflow is run again, this is not.
    workshop.records.forget_takeovers(work.file_id, _TYPE)
    return source, plan


def _render(workshop: Workshop, work: Work, source: Probe, plan: Plan) -> Rendered:
    """Encode, verify, publish. Doing it twice publishes the same again."""
    total = source.timing.packets if source.timing else 0
    progress = Progress(workshop.records, work, total)
    name = f"enhanced.{plan.extension}"
    with workshop.source(work.file_id) as original, workshop.draft(name) as draft:
        rendered = enhance_to(workshop.tools, original, source, plan, draft, progress)
        workshop.publish(draft, enhanced_key(work.file_id, plan.extension), work)
    return rendered


def planned(workshop: Workshop, file_id: str, source: Probe) -> Plan:
    """The one plan of a video: made by whichever process asks first, the same for all."""
    known = workshop.records.plan(file_id)
    if known is None:
        video = workshop.records.video(file_id)
        with workshop.source(file_id) as path:
            plan = decide(workshop.tools, path, source, wished(video), name=video.filename)
        known = workshop.records.keep_plan(file_id, plan.to_json())
    return Plan.from_json(known)
