"""The process that says exactly what a video is: measure every frame, describe, publish."""

from __future__ import annotations

import json
from typing import Any

from reelworks.engine.executor import step
from reelworks.errors import MediaError
from reelworks.jobs.enhancement import planned, wished
from reelworks.jobs.reporting import Progress, reported
from reelworks.jobs.workshop import Workshop, metadata_key
from reelworks.media.facts import Probe
from reelworks.media.measure import Measurement, measure
from reelworks.media.metadata import describe
from reelworks.media.probe import probe
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
        tools, path = self._workshop.tools, self._workshop.source(file_id)
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
        with workshop.draft("metadata.json") as draft:
            draft.write_text(json.dumps(document, ensure_ascii=False, indent=2))
            workshop.storage.publish(draft, metadata_key(file_id))

    def _enhancement(self, video: Video, source: Probe) -> dict[str, Any]:
        """The wishes, the plan and its reasons, whether or not the other process has come to it."""
        wishes: dict[str, Any] = {"preset": video.preset, "options": wished(video).model_dump()}
        try:
            plan = planned(self._workshop, video.file_id, source)
        except MediaError as error:  # that process says so itself; this one has its own result
            return {**wishes, "error": str(error)}
        return {**wishes, **json.loads(plan.to_json())}
