"""What the two processes work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from reelworks.engine.patience import Unfit
from reelworks.engine.records import Records
from reelworks.errors import NotFound, StorageError, WorkStopped
from reelworks.media.children.tools import Toolbox
from reelworks.model import Status, Work
from reelworks.storage.disk import still_there
from reelworks.storage.store import RESULTS, Storage

# Videos whose uploads are looked for, where one is missing.
_SOME = 10


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


def chunks_prefix(file_id: str) -> str:
    """Where the chunks of a video are until they are joined."""
    return f"chunks/{file_id}"


def chunk_key(work: Work, number: int) -> str:
    """Where one chunk is."""
    return f"{chunks_prefix(work.file_id)}/{work.attempt}/{number}.mp4"


def whole_key(work: Work) -> str:
    """What is there where a chunk could not be made, and the video is to be encoded whole."""
    return f"{chunks_prefix(work.file_id)}/{work.attempt}/whole"


@dataclass(frozen=True, kw_only=True, slots=True)
class Workshop:
    """The records, the files and the tools.

    Attributes:
        owner: names this worker's scratch folder.
        is_in_charge: whether nobody has taken this worker's work over. It may have slept for long.
    """

    records: Records
    storage: Storage
    tools: Toolbox
    owner: str
    is_in_charge: Callable[[], bool] = lambda: True

    def of(self, work: Work) -> Workshop:
        """The workshop for one work: its child processes can be stopped without the others."""
        tools = replace(self.tools, children=self.tools.children.of(work))
        return replace(self, tools=tools)

    @contextmanager
    def source(self, file_id: str) -> Iterator[Path]:
        """A local file with the uploaded bytes of a video.

        Raises:
            NotFound: they are not kept any more.
            StorageError: nothing of other videos is there either.
        """
        key = self.records.video(file_id).source_key
        with ExitStack() as held:
            try:
                path = held.enter_context(self.storage.fetched(key))
            except NotFound as error:
                if self._is_strange(key):
                    raise StorageError(
                        "This worker's store has none of the uploads that the database knows; give "
                        "all programs the same storage URL, or the same data folder, and start "
                        "this one again."
                    ) from error
                raise NotFound(
                    "The upload of this video is not kept any more; upload it again."
                ) from error
            with still_there(path):
                yield path

    def _is_strange(self, missing: str) -> bool:
        """Whether the store is another one than the one that uploads are put into: while a video is
        known, its upload is there."""
        others = set(self.records.newest_sources(_SOME)) - {missing}
        return bool(others) and not any(map(self.storage.exists, others))

    @contextmanager
    def draft(self, name: str) -> Iterator[Path]:
        """A path for an unfinished result; what is left there in the end is removed."""
        with self.storage.scratch(self.owner) as folder:
            yield folder / name

    def publish(self, draft: Path, key: str, work: Work) -> None:
        """Put a finished result under its final name, unless nobody waits for it any more.

        The work may be cancelled or its video deleted at any moment; whoever did that removes what
        it finds. What comes later is found here: first the result is there, then this looks.

        Raises:
            WorkStopped: nobody waits for it; it was taken away again, unless it is the result that
                counts, or that of a later attempt.
            Unfit: another worker has taken over.
        """
        self.confirm(work)
        self.storage.publish(draft, key)
        if not self.records.over([work]):
            return
        is_part = key.startswith(f"{chunks_prefix(work.file_id)}/")  # of this attempt alone
        with self.records.holding(work.file_id, work.process_type) as status:
            if is_part or status in (None, Status.FAILED):
                self.storage.delete(key)
        raise WorkStopped

    def confirm(self, work: Work) -> None:
        """Look, right before something is published, whether it is still this worker's to publish.

        Raises:
            WorkStopped: nobody waits for it.
            Unfit: another worker has taken over, and this one must leave.
        """
        if not self.is_in_charge():
            raise Unfit("its lease was lost, and its work is done elsewhere")
        if self.records.over([work]):
            raise WorkStopped
