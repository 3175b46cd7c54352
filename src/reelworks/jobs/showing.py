"""Shows what an enhancement does and did: its plan, previews beside the result, its report."""

from __future__ import annotations

import json
import logging

from reelworks.engine.catalogue import Entry
from reelworks.errors import MediaError, OtherRelease, ReelworksError
from reelworks.jobs.document import publish_report
from reelworks.jobs.reporting import sentence
from reelworks.jobs.workshop import Workshop, compare_key, enhanced_key, poster_key
from reelworks.jobs.written import plan_of, wished
from reelworks.media.deciding.plan import Plan
from reelworks.media.facts import Probe
from reelworks.media.proving.proof import Proof, prove
from reelworks.media.report import Previews, Rendered, Report, report
from reelworks.model import Work

log = logging.getLogger(__name__)


def so_far(entry: Entry) -> Report | None:
    """The report of a video as far as it is known; None before there is a plan that can be read."""
    if entry.report is not None:
        finished: Report = json.loads(entry.report)
        return finished
    if entry.plan is None:
        return None
    video = entry.video
    try:
        plan = plan_of(entry.plan)
    except OtherRelease:  # no reason to show nothing else of it, nor of those beside it in a list
        return None
    planned = report(plan, None, preset=video.preset, options=wished(video))
    return planned | {"bytes_before": video.size_bytes}


def show(workshop: Workshop, work: Work, source: Probe, plan: Plan, rendered: Rendered) -> None:
    """Publish previews of a published result, then its report. May be done twice.

    A result is good without previews: where they cannot be made, the report says so.
    """
    proof, previews = Proof(), Previews()
    notes: tuple[str, ...] = ()
    try:
        proof, previews = _preview(workshop, work, source, plan, rendered)
    except (MediaError, OSError) as error:
        is_told = isinstance(error, ReelworksError)
        log.warning("%s has no previews: %s", work.file_id, error, exc_info=not is_told)
        notes = (f"No previews could be made. {sentence(error)}",)
    video = workshop.records.video(work.file_id)
    finished = report(
        plan,
        source,
        preset=video.preset,
        options=wished(video),
        rendered=rendered,
        proof=proof,
        previews=previews,
        notes=notes,
    )
    publish_report(workshop, work, finished)


def _preview(
    workshop: Workshop, work: Work, source: Probe, plan: Plan, rendered: Rendered
) -> tuple[Proof, Previews]:
    file_id = work.file_id
    with (
        workshop.source(file_id) as original,
        workshop.storage.fetched(enhanced_key(file_id, plan.extension)) as result,
        workshop.draft("poster.jpg") as poster,
        workshop.draft("compare.jpg") as compare,
    ):
        proof = prove(
            workshop.tools,
            original,
            source,
            result,
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
                workshop.publish(draft, key, work)
    return proof, previews
