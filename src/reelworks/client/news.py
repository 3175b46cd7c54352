"""Decides which of the things that are told are new. Does no input or output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reelworks.client.nouns import Update, Video
from reelworks.model import ProcessType, Status

_ORDER = (Status.PENDING, Status.PROCESSING, Status.COMPLETED, Status.FAILED)

Key = tuple[str, ProcessType]


class News:
    """What is known of the processes of some videos.

    A look at a video says how it stands at that moment. What the socket tells may have waited on
    its way, and be older than a look: it is new only when it came about later.
    """

    def __init__(self, videos: Iterable[Video]) -> None:
        self._known: dict[Key, Update] = {}
        for video in videos:
            self._known.update({_key(update): update for update in video.updates()})

    def known(self) -> list[Update]:
        """How every process stands, as far as is known."""
        return list(self._known.values())

    def unfinished(self) -> list[str]:
        """The videos of which a process is not final."""
        running = (update for update in self._known.values() if not update.status.is_final)
        return list(dict.fromkeys(update.file_id for update in running))

    def looked_at(self, video: Video) -> Iterator[Update]:
        """A video was looked at: what of it is new."""
        for update in video.updates():
            yield from self._learnt(update)

    def told(self, update: Update) -> Iterator[Update]:
        """The socket told this: itself, if it is about these videos and new."""
        known = self._known.get(_key(update))
        if known is not None and _moment(update) > _moment(known):
            yield from self._learnt(update)

    def deleted(self, file_id: str) -> Iterator[Update]:
        """A video is not there any more: what was unfinished of it never will be."""
        for process_type in ProcessType:
            known = self._known[file_id, process_type]
            if not known.status.is_final:
                yield from self._learnt(replace(known, status=Status.FAILED, error="Deleted"))

    def _learnt(self, update: Update) -> Iterator[Update]:
        """Itself; unless it says what is known, only later: a takeover begins where it was."""
        known = self._known[_key(update)]
        self._known[_key(update)] = update
        if replace(known, timestamp=update.timestamp) != update:
            yield update


def _key(update: Update) -> Key:
    return update.file_id, update.process_type


def _moment(update: Update) -> tuple[object, ...]:
    """When it came about; within a millisecond, the further one is the later one."""
    return update.timestamp, _ORDER.index(update.status), update.progress
