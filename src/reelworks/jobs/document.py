"""The metadata document, which both processes have a part in: either may publish it last.

Extraction writes all of it; what the enhancement came to is only known when that is done, which may
be before or after. Whoever publishes the document does it inside ``Records.describing``, which is
to hold the video's report. So for every order of the two, and for a death on any line:

- Extraction publishes the report that stands in the tables while it publishes. If that is none, the
  enhancement has yet to write its report; when it does, it finds this document and rewrites it.
- Enhancement writes its report and rewrites the document, if there is one, in one block. If there
  is none, extraction has yet to publish, and will read the report.
- A worker that dies within a block has not written its report; the step is run again and publishes
  the document once more. Until then the document may be ahead of the tables, but never behind.
- A worker that slept through its takeover comes late to a block, and reads in it what is true then.
"""

from __future__ import annotations

import json
from typing import Any

from reelworks.errors import NotFound
from reelworks.jobs.workshop import Workshop, metadata_key
from reelworks.media.report import Report
from reelworks.model import Work

Document = dict[str, Any]


def publish_document(workshop: Workshop, work: Work, document: Document) -> None:
    """Publish a description with the newest report in it.

    Raises WorkStopped where nobody waits for it any more. Who cancels waits for the block's end,
    and then removes what was published in it.
    """
    workshop.confirm(work)
    with workshop.records.describing(work) as finished:
        if finished is not None:
            document["advanced"]["enhancement"] = json.loads(finished)
        _publish(workshop, work.file_id, document)


def publish_report(workshop: Workshop, work: Work, report: Report) -> None:
    """Write the finished report down, and put it into the document where there is one.

    Raises WorkStopped as above.
    """
    file_id = work.file_id
    workshop.confirm(work)
    with workshop.records.describing(work, json.dumps(report, ensure_ascii=False)):
        try:
            document = json.loads(workshop.storage.read(metadata_key(file_id)))
        except NotFound:  # extraction has not come to it, or never will: it failed
            return
        document["advanced"]["enhancement"] = report
        _publish(workshop, file_id, document)


def _publish(workshop: Workshop, file_id: str, document: Document) -> None:
    with workshop.draft("metadata.json") as draft:
        draft.write_text(json.dumps(document, ensure_ascii=False, indent=2), encoding="utf-8")
        workshop.storage.publish(draft, metadata_key(file_id))
