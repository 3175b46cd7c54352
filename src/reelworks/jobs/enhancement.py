"""The process that makes a video better to look at: plan, render, publish, and prove it."""

from __future__ import annotations

import logging

from reelworks.engine.executor import step
from reelworks.errors import MediaError
from reelworks.jobs.document import publish_report
from reelworks.jobs.reporting import Progress, reported, sentence
from reelworks.jobs.workshop import Workshop, compare_key, enhanced_key, poster_key
from reelworks.media.enhance import decide, enhance_to
from reelworks.media.facts import Probe
from reelworks.media.options import DEFAULT_PRESET, Options
from reelworks.media.plan import Plan
from reelworks.media.probe import probe
from reelworks.media.proof import Proof, prove
from reelworks.media.report import Previews, Rendered, report
from reelworks.model import ProcessType

log = logging.getLogger(__name__)

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
            step("prove", self._prove, file_id, source, plan, rendered)

    def _plan(self, file_id: str) -> tuple[Probe, Plan]:
        tools, path = self._workshop.tools, self._workshop.source(file_id)
        source = probe(tools, path, count=True)
        plan = planned(self._workshop, file_id, source)
        # Inside the step: when the workflow is run again, this is not.
        self._workshop.records.forget_takeovers(file_id, _TYPE)
        return source, plan

    def _render(self, file_id: str, source: Probe, plan: Plan) -> Rendered:
        """Encode, verify, publish. Doing it twice publishes the same again."""
        workshop = self._workshop
        total = source.timing.packets if source.timing else 0
        progress = Progress(workshop.records, file_id, _TYPE, total)
        with workshop.draft(f"enhanced.{plan.extension}") as draft:
            original = workshop.source(file_id)
            rendered = enhance_to(workshop.tools, original, source, plan, draft, progress)
            workshop.storage.publish(draft, enhanced_key(file_id, plan.extension))
        return rendered

    def _prove(self, file_id: str, source: Probe, plan: Plan, rendered: Rendered) -> None:
        """Show what was done and say so. The result is there; nothing here can make it fail."""
        proof, previews = Proof(), Previews()
        notes: tuple[str, ...] = ()
        try:
            proof, previews = self._preview(file_id, source, plan, rendered)
        except (MediaError, OSError) as error:
            log.warning("%s has no previews: %s", file_id, error, exc_info=True)
            notes = (f"No previews could be made. {sentence(error)}",)
        finished = report(
            plan,
            source,
            preset=DEFAULT_PRESET,
            rendered=rendered,
            proof=proof,
            previews=previews,
            notes=notes,
        )
        publish_report(self._workshop, file_id, finished)

    def _preview(
        self, file_id: str, source: Probe, plan: Plan, rendered: Rendered
    ) -> tuple[Proof, Previews]:
        workshop, storage = self._workshop, self._workshop.storage
        with workshop.draft("poster.jpg") as poster, workshop.draft("compare.jpg") as compare:
            proof = prove(
                workshop.tools,
                workshop.source(file_id),
                source,
                storage.path(enhanced_key(file_id, plan.extension)),
                is_copy=plan.action == "copy",
                exact=rendered.exact,
                poster=poster,
                compare=compare,
            )
            previews = Previews(
                poster=poster_key(file_id) if proof.poster else None,
                compare=compare_key(file_id) if proof.compare else None,
            )
            for draft, key in ((poster, previews.poster), (compare, previews.compare)):
                if key is not None:
                    storage.publish(draft, key)
        return proof, previews


def planned(workshop: Workshop, file_id: str, source: Probe) -> Plan:
    """The one plan of a video: made by whichever process asks first, the same for all."""
    known = workshop.records.plan(file_id)
    if known is None:
        video = workshop.records.video(file_id)
        plan = decide(
            workshop.tools, workshop.source(file_id), source, Options.of(), name=video.filename
        )
        known = workshop.records.keep_plan(file_id, plan.to_json())
    return Plan.from_json(known)
