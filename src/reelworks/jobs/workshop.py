"""What the two processes work with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from reelworks.engine.records import Records
from reelworks.media.facts import Toolbox
from reelworks.media.options import Options
from reelworks.model import Video
from reelworks.storage.store import Storage

RESULTS = "processed_videos"


def enhanced_key(file_id: str, extension: str) -> str:
    """Where the contract wants the enhanced video."""
    return f"{RESULTS}/enhanced_{file_id}.{extension}"


def metadata_key(file_id: str) -> str:
    """Where the contract wants the metadata."""
    return f"{RESULTS}/metadata/{file_id}_metadata.json"


def poster_key(file_id: str) -> str:
    """Where a still of the enhanced video is."""
    return f"{RESULTS}/previews/{file_id}_poster.jpg"


def compare_key(file_id: str) -> str:
    """Where the picture of before and after is."""
    return f"{RESULTS}/previews/{file_id}_compare.jpg"


@dataclass(frozen=True, kw_only=True, slots=True)
class Workshop:
    """The records, the files and the tools.

    Attributes:
        owner: names this worker's scratch folder.
    """

    records: Records
    storage: Storage
    tools: Toolbox
    owner: str

    def source(self, file_id: str) -> AbstractContextManager[Path]:
        """A local file with the uploaded bytes of a video."""
        return self.storage.fetched(self.records.video(file_id).source_key)

    @contextmanager
    def draft(self, name: str) -> Iterator[Path]:
        """A path for an unfinished result; what is left there in the end is removed."""
        with self.storage.scratch(self.owner) as folder:
            yield folder / name


def wished(video: Video) -> Options:
    """What was wished for; an option that was not known yet at the upload is as in ``auto``."""
    return Options.of(**json.loads(video.options))
