"""The process that says exactly what a video is: measure every frame, describe, publish."""

from __future__ import annotations

from typing import Any

from reelworks.engine.executor import step
from reelworks.errors import MediaError
from reelworks.jobs.document import publish_document
from reelworks.jobs.enhancement import planned
from reelworks.jobs.reporting import Progress, reported
from reelworks.jobs.workshop import Workshop, wished
from reelworks.media.facts import Probe
from reelworks.media.measure import Measurement, measure
from reelworks.media.metadata import describe
from reelworks.media.probe import probe
from reelworks.media.report import report
from reelworks.model import ProcessType, Video

_TYPE = ProcessType.METADATA_EXTRACTION


class Extraction:
    """The workflow ``metadata_extraction``."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def run(self, file_id: str) -> None:
        """Extract the metadata of one video, from its file to its published document."""
        with reported(self._workshop.records, file_id, _TYPE):
            source, measurement = step("measure", self._measure, file_id)
            step("describe", self._describe, file_id, source, measurement)

    def _measure(self, file_id: str) -> tuple[Probe, Measurement]:
        tools = self._workshop.tools
        with self._workshop.source(file_id) as path:
            source = probe(tools, path, count=True)
            total = source.timing.packets if source.timing else 0
            progress = Progress(self._workshop.records, file_id, _TYPE, total)
            measurement = measure(tools, path, source, progress)
        # Inside the step: when the workflow is run again, this is not.
        self._workshop.records.forget_takeovers(file_id, _TYPE)
        return source, measurement

    def _describe(self, file_id: str, source: Probe, measurement: Measurement) -> None:
        workshop = self._workshop
        video = workshop.records.video(file_id)
        document = describe(
            file_id=file_id,
            filename=video.filename,
            size_bytes=video.size_bytes,
            sha256=video.sha256,
            probe=source,
            measurement=measurement,
            enhancement=self._enhancement(video, source),
        )
        publish_document(workshop, file_id, document)

    def _enhancement(self, video: Video, source: Probe) -> dict[str, Any]:
        """What is planned and why, whether or not the other process has come to it yet."""
        options = wished(video)
        try:
            plan = planned(self._workshop, video.file_id, source)
        except MediaError as error:  # that process says so itself; this one has its own result
            wishes = {"preset": video.preset, "options": options.model_dump()}
            return {**wishes, "error": str(error)}
        return report(plan, source, preset=video.preset, options=options)
