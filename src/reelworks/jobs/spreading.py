"""The enhancement of a long video, spread over all workers: encode each chunk, then join them.

The video's own workflow plans it, cuts it, and ends. Each chunk is a job of its own; whoever has
finished the last one queues the join. So no worker ever waits for another, a lost one costs one
chunk, and a chunk is queued, taken over, counted and cancelled like any other work.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

from reelworks.engine.chunks import Chunks, NewChunk
from reelworks.engine.executor import step
from reelworks.engine.patience import patiently
from reelworks.errors import MediaError
from reelworks.jobs.rendering import render
from reelworks.jobs.reporting import Progress, reported
from reelworks.jobs.showing import show
from reelworks.jobs.workshop import Workshop, chunk_key, chunks_prefix, enhanced_key, whole_key
from reelworks.jobs.written import plan_of, probe_of
from reelworks.media.deciding.plan import Plan
from reelworks.media.encoding.chunks import Span, encode_span
from reelworks.media.enhance import finish
from reelworks.media.facts import Probe
from reelworks.media.probing.wire import pack
from reelworks.media.report import Rendered
from reelworks.model import ProcessType, Work

log = logging.getLogger(__name__)

_TYPE = ProcessType.VIDEO_ENHANCEMENT


class Spreading:
    """The workflows ``chunk`` and ``join``."""

    def __init__(self, workshop: Workshop, chunks: Chunks) -> None:
        self._workshop = workshop
        self._chunks = chunks

    def spread(self, work: Work, source: Probe, spans: Sequence[Span]) -> None:
        """Write the chunks down and queue them."""
        new = [
            NewChunk(number=span.number, span=json.dumps(pack(span)), frames=span.frames)
            for span in spans
        ]
        self._chunks.spread(work, json.dumps(pack(source)), new)

    def encode(self, file_id: str, attempt: int, number: int) -> None:
        """Encode one chunk, and queue the join where it was the last one."""
        work = Work(file_id, _TYPE, attempt)
        workshop = self._workshop.of(work)
        with reported(workshop, work) as outcome:
            outcome.goes_on = True
            try:
                step("encode", self._encode, workshop, work, number)
            except MediaError:
                log.warning("chunk %d cannot be made; it is encoded whole", number, exc_info=True)
                step("give up", self._give_up, workshop, work)
            step("count", self._chunks.finish, work, number)

    def join(self, file_id: str, attempt: int) -> None:
        """Make one video of the chunks, publish it, and prove it."""
        work = Work(file_id, _TYPE, attempt)
        workshop = self._workshop.of(work)
        with reported(workshop, work):
            source, plan = patiently(self._known, file_id)
            rendered = None
            try:
                rendered = step("join", self._join, workshop, work, source, plan)
            except MediaError:
                log.warning("its chunks do not fit together; it is encoded whole", exc_info=True)
            if rendered is None:
                rendered = step("render", render, workshop, work, source, plan)
            step("prove", show, workshop, work, source, plan, rendered)
            step("tidy", self._tidy, workshop, work)

    def _known(self, file_id: str) -> tuple[Probe, Plan]:
        source = probe_of(self._chunks.probe(file_id))
        return source, plan_of(self._workshop.records.plan(file_id) or "")

    def _encode(self, workshop: Workshop, work: Work, number: int) -> None:
        """Encode and keep, unless the film is to be encoded whole. Doing it twice keeps the same
        again."""
        if workshop.storage.exists(whole_key(work)):
            return
        source, plan = self._known(work.file_id)
        span = Span.unpack(json.loads(self._chunks.span(work, number)))
        overall = partial(self._chunks.advance, work, number)
        progress = Progress(workshop.records, work, span.frames, overall=overall)
        with workshop.source(work.file_id) as original, workshop.draft("chunk.mp4") as draft:
            encode_span(workshop.tools, source, plan, span, original, draft, progress)
            workshop.publish(draft, chunk_key(work, number), work)
        # Inside the step: when the workflow is run again, this is not.
        workshop.records.forget_takeovers(work.file_id, _TYPE)

    def _give_up(self, workshop: Workshop, work: Work) -> None:
        """Leave a mark: what cannot be done in parts can often be done whole. A damaged film has
        fewer pictures than packets, and nobody knows where. May be done twice."""
        with workshop.draft("whole") as mark:
            mark.touch()
            workshop.publish(mark, whole_key(work), work)

    def _join(self, workshop: Workshop, work: Work, source: Probe, plan: Plan) -> Rendered | None:
        """Join, verify, publish; None where the film is to be encoded whole. Doing it twice
        publishes the same again."""
        if workshop.storage.exists(whole_key(work)):
            return None
        keys = [chunk_key(work, number) for number in self._chunks.numbers(work)]
        name = f"enhanced.{plan.extension}"
        with ExitStack() as held, workshop.draft(name) as draft:
            parts = [held.enter_context(workshop.storage.fetched(key)) for key in keys]
            original = held.enter_context(workshop.source(work.file_id))
            rendered = finish(workshop.tools, original, source, plan, parts, draft, _silent)
            workshop.publish(draft, enhanced_key(work.file_id, plan.extension), work)
        workshop.records.forget_takeovers(work.file_id, _TYPE)
        return rendered

    def _tidy(self, workshop: Workshop, work: Work) -> None:
        """The files first: rows without files say what is left to do, files without rows do not.

        Raises WorkStopped where nobody waits for it: the chunks may be those of a later attempt.
        """
        workshop.confirm(work)
        workshop.storage.delete_prefix(chunks_prefix(work.file_id))
        self._chunks.forget(work.file_id)


def _silent(_done: int) -> None:
    """All pictures are encoded: copying them adds nothing to what users are told."""
