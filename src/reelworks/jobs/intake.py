"""Where an upload becomes a video with two jobs: checked, kept and queued, or refused whole."""

from __future__ import annotations

import logging
import uuid

from reelworks.engine.records import Records
from reelworks.engine.submission import Submission
from reelworks.errors import EngineError, TooLarge
from reelworks.media.children.tools import Toolbox
from reelworks.media.deciding.options import DEFAULT_PRESET, Options
from reelworks.media.deciding.wishes import Wishes
from reelworks.media.probing.check import check
from reelworks.model import NewVideo
from reelworks.storage.disk import still_there
from reelworks.storage.store import UPLOADS, Storage
from reelworks.telemetry.subject import about

log = logging.getLogger(__name__)

# At most so much of a request is not the file: below this, only counting tells.
_FORM_BYTES = 64 * 1024


class Intake:
    """Receives uploads. Safe to share between threads."""

    def __init__(
        self,
        storage: Storage,
        records: Records,
        submission: Submission,
        tools: Toolbox,
        *,
        max_bytes: int,
        preset: str = DEFAULT_PRESET,
    ) -> None:
        """Args:
        max_bytes: the longest upload that is accepted.
        preset: of uploads that name none.
        """
        self.storage = storage
        self.records = records
        self.submission = submission
        self.tools = tools
        self.max_bytes = max_bytes
        self.preset = preset

    def begin(self, expected_bytes: int | None) -> Upload:
        """A new upload, to be written to.

        Args:
            expected_bytes: how long the request says it will be, the form around the file
                included; None where it does not say.

        Raises:
            NoSpace: there is no room for it.
        """
        self.storage.check_room(expected_bytes or 0)
        return Upload(self)

    def check_length(self, expected_bytes: int) -> None:
        """Raises TooLarge for a request that is said to be longer than any upload may be."""
        self.check_size(expected_bytes - _FORM_BYTES)

    def check_size(self, size_bytes: int) -> None:
        """Raises TooLarge over the limit."""
        if size_bytes > self.max_bytes:
            raise TooLarge(
                f"The upload is larger than the limit of {self.max_bytes:,} bytes; "
                "send a smaller file, or ask the operator to raise the limit."
            )


class Upload:
    """One upload on its way in: written, checked, kept, accepted. Whatever happens, ``close`` ends
    it."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.file_id = str(uuid.uuid4())
        self._key = f"{UPLOADS}/{self.file_id}"
        self._incoming = intake.storage.incoming(self._key)
        self._container: str | None = None
        self._is_submitted = False
        self._is_accepted = False

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes. Raises TooLarge or NoSpace."""
        self._intake.check_size(self._incoming.size_bytes + len(data))
        self._incoming.write(data)

    def check(self) -> None:
        """Look whether what came is a video. Raises NotAVideo."""
        with still_there(self._incoming.path):
            self._container = check(self._intake.tools, self._incoming.path).container

    def keep(self) -> None:
        """Put what was checked where it stays.

        The bytes first: a record without its file would be a lie, a file without its record is
        found and removed at the next start.
        """
        self._incoming.keep()

    def accept(
        self, *, filename: str, client_id: str | None, preset: str | None, wishes: Wishes
    ) -> None:
        """Queue both processes of what is kept.

        When this returns the video is safe: no crash of anything loses it or its work. What was
        wished for is kept complete: a preset that changes later does not change it.
        """
        incoming = self._incoming
        preset = preset or self._intake.preset
        options = Options.of(preset, **wishes)
        self._is_submitted = True
        self._submit(
            NewVideo(
                file_id=self.file_id,
                client_id=client_id,
                filename=filename,
                source_key=self._key,
                size_bytes=incoming.size_bytes,
                sha256=incoming.sha256,
                preset=preset,
                options=options.model_dump_json(),
                container=self._container,
            )
        )
        self._is_accepted = True
        with about(self.file_id):
            log.info("accepted %d bytes", incoming.size_bytes)

    def _submit(self, video: NewVideo) -> None:
        try:
            self._intake.submission.submit(video)
        except EngineError:
            # Who is told that it failed sends it again, and would have it twice.
            if not self._is_known():
                raise

    def close(self) -> None:
        """Leave nothing behind unless it was accepted."""
        try:
            if self._is_accepted or self._is_known():
                self._incoming.settle()
            else:
                self._incoming.discard()
        finally:
            self._incoming.close()

    def _is_known(self) -> bool:
        """A commit whose answer was lost may have happened all the same: the tables know.

        Raises EngineError. Before there was anything to commit, nobody need be asked.
        """
        return self._is_submitted and self._intake.records.is_known(self.file_id)
