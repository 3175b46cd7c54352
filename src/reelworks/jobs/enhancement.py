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
from reelworks.model import ProcessType

_TYPE = ProcessType.VIDEO_ENHANCEMENT


class Enhancement:
    """The workflow ``video_enhancement``."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def run(self, file_id: str) -> None:
        """Enhance one video, from its file to its published result."""
        with reported(self._workshop.records, file_id, _TYPE):
            source, plan = step("plan", self._plan, file_id)
            rendered = step("render", self._render, file_id, source, plan)
            step("prove", show, self._workshop, file_id, source, plan, rendered)

    def _plan(self, file_id: str) -> tuple[Probe, Plan]:
        with self._workshop.source(file_id) as path:
            source = probe(self._workshop.tools, path, count=True)
            plan = planned(self._workshop, file_id, source)
        # Inside the step: when the workflow is run again, this is not.
        self._workshop.records.forget_takeovers(file_id, _TYPE)
        return source, plan

    def _render(self, file_id: str, source: Probe, plan: Plan) -> Rendered:
        """Encode, verify, publish. Doing it twice publishes the same again."""
        workshop = self._workshop
        total = source.timing.packets if source.timing else 0
        progress = Progress(workshop.records, file_id, _TYPE, total)
        name = f"enhanced.{plan.extension}"
        with workshop.source(file_id) as original, workshop.draft(name) as draft:
            rendered = enhance_to(workshop.tools, original, source, plan, draft, progress)
            workshop.storage.publish(draft, enhanced_key(file_id, plan.extension))
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
