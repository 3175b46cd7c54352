"""Makes the enhanced file of a video, whole, and publishes it."""

from __future__ import annotations

from reelworks.jobs.reporting import Progress
from reelworks.jobs.workshop import Workshop, enhanced_key
from reelworks.media.deciding.plan import Plan
from reelworks.media.enhance import enhance_to
from reelworks.media.facts import Probe
from reelworks.media.report import Rendered
from reelworks.model import Work


def render(workshop: Workshop, work: Work, source: Probe, plan: Plan) -> Rendered:
    """Encode, verify, publish. Doing it twice publishes the same again."""
    progress = Progress(workshop.records, work, source.pictures)
    name = f"enhanced.{plan.extension}"
    with workshop.source(work.file_id) as original, workshop.draft(name) as draft:
        rendered = enhance_to(workshop.tools, original, source, plan, draft, progress)
        workshop.publish(draft, enhanced_key(work.file_id, plan.extension), work)
    return rendered
