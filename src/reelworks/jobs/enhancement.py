"""The process that makes a video better to look at: plan, render, publish, and prove it."""

from __future__ import annotations

from reelworks.engine.executor import step
from reelworks.jobs.rendering import render
from reelworks.jobs.reporting import reported
from reelworks.jobs.showing import show
from reelworks.jobs.spreading import Spreading
from reelworks.jobs.workshop import Workshop
from reelworks.jobs.written import plan_of, wished
from reelworks.media.deciding.plan import Plan
from reelworks.media.encoding.chunks import Span, cut
from reelworks.media.enhance import decide
from reelworks.media.facts import Probe
from reelworks.media.probing.probe import probe
from reelworks.model import ProcessType, Work

_TYPE = ProcessType.VIDEO_ENHANCEMENT


class Enhancement:
    """The workflow ``video_enhancement``: all of a short video, the beginning of a long one."""

    def __init__(self, workshop: Workshop, spreading: Spreading) -> None:
        self._workshop = workshop
        self._spreading = spreading

    def run(self, file_id: str, attempt: int = 1) -> None:
        """Enhance one video, from its file to its published result."""
        work = Work(file_id, _TYPE, attempt)
        workshop = self._workshop.of(work)
        with reported(workshop, work) as outcome:
            source, plan, spans = step("plan", _plan, workshop, work)
            if len(spans) > 1:
                outcome.goes_on = True
                step("spread", self._spreading.spread, work, source, spans)
                return
            rendered = step("render", render, workshop, work, source, plan)
            step("prove", show, workshop, work, source, plan, rendered)


def _plan(workshop: Workshop, work: Work) -> tuple[Probe, Plan, tuple[Span, ...]]:
    with workshop.source(work.file_id) as path:
        source = probe(workshop.tools, path, count=True)
        plan = planned(workshop, work.file_id, source)
        spans = cut(workshop.tools, path, source, plan)
    # Inside the step: when the workflow is run again, this is not.
    workshop.records.forget_takeovers(work.file_id, _TYPE)
    return source, plan, spans


def planned(workshop: Workshop, file_id: str, source: Probe) -> Plan:
    """The one plan of a video: made by whichever process asks first, the same for all."""
    known = workshop.records.plan(file_id)
    if known is None:
        video = workshop.records.video(file_id)
        with workshop.source(file_id) as path:
            plan = decide(workshop.tools, path, source, wished(video), name=video.filename)
        known = workshop.records.keep_plan(file_id, plan.to_json())
    return plan_of(known)
