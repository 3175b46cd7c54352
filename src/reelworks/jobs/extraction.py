"""The process that says exactly what a video is: measure every frame, describe, publish."""

from __future__ import annotations

from typing import Any

from reelworks.engine.executor import step
from reelworks.errors import MediaError
from reelworks.jobs.document import publish_document
from reelworks.jobs.enhancement import planned
from reelworks.jobs.reporting import Progress, reported
from reelworks.jobs.workshop import Workshop
from reelworks.jobs.written import wished
from reelworks.media.facts import Probe
from reelworks.media.measuring.measure import Measurement, measure
from reelworks.media.measuring.metadata import describe
from reelworks.media.probing.probe import probe
from reelworks.media.report import report
from reelworks.model import ProcessType, Video, Work

_TYPE = ProcessType.METADATA_EXTRACTION


class Extraction:
    """The workflow ``metadata_extraction``."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def run(self, file_id: str, attempt: int = 1) -> None:
        """Extract the metadata of one video, from its file to its published document."""
        work = Work(file_id, _TYPE, attempt)
        workshop = self._workshop.of(work)
        with reported(workshop, work):
            source, measurement = step("measure", _measure, workshop, work)
            step("describe", _describe, workshop, work, source, measurement)


def _measure(workshop: Workshop, work: Work) -> tuple[Probe, Measurement]:
    with workshop.source(work.file_id) as path:
        source = probe(workshop.tools, path, count=True)
        progress = Progress(workshop.records, work, source.pictures)
        measurement = measure(workshop.tools, path, source, progress)
    # Inside the step: when the workflow is run again, this is not.
    workshop.records.forget_takeovers(work.file_id, _TYPE)
    return source, measurement


def _describe(workshop: Workshop, work: Work, source: Probe, measurement: Measurement) -> None:
    video = workshop.records.video(work.file_id)
    document = describe(
        file_id=work.file_id,
        filename=video.filename,
        size_bytes=video.size_bytes,
        sha256=video.sha256,
        probe=source,
        measurement=measurement,
        enhancement=_enhancement(workshop, video, source),
    )
    publish_document(workshop, work, document)


def _enhancement(workshop: Workshop, video: Video, source: Probe) -> dict[str, Any]:
    """What is planned and why, whether or not the other process has come to it yet."""
    options = wished(video)
    try:
        plan = planned(workshop, video.file_id, source)
    except MediaError as error:  # that process says so itself; this one has its own result
        wishes = {"preset": video.preset, "options": options.model_dump()}
        return {**wishes, "error": str(error)}
    return report(plan, source, preset=video.preset, options=options)
