"""Every error that Reelworks raises on purpose.

ReelworksError                  one plain sentence for a person, as its text
├── BadRequest                  the caller asked for something that cannot be
│   ├── NotAVideo               the file holds no video that can be decoded
│   ├── TooLarge                the upload exceeds the limit
│   ├── ClientSilent            nothing more of the upload came
│   ├── NotFound                there is no such file
│   └── Conflict                it makes no sense as things stand
├── SettingsError               a flag or variable is wrong
├── Unavailable                 what the service itself needs is missing for now
│   ├── NoSpace                 the disk is full, or would fall under its reserve
│   ├── NoThreads               the machine lets this program start no more of them
│   ├── EngineError             the database did not answer, or not as it should
│   │   └── DatabaseFull        its disk is full
│   ├── StorageError            the store of files did not answer, or not as it should
│   └── OtherRelease            another release wrote down what this one cannot read
├── ServiceError                the service that a client talks to did not answer as it should
│   └── Unreachable             it did not answer at all, or its answer broke off
└── MediaError                  work on a video did not succeed
    ├── ChildFailed             its child process ended with an error
    │   └── ChildKilled         somebody else ended it, most likely as memory ran out
    ├── ChildHung               its child process made no progress and was killed
    └── WrongResult             a result was made, checked, and found wrong

WorkStopped (BaseException)     the worker is leaving, or nobody waits for the work any more
"""

from __future__ import annotations

import errno


class ReelworksError(Exception):
    """The root. ``str(error)`` is one sentence that says what was wrong and what to do."""


class BadRequest(ReelworksError):
    """The caller asked for something that cannot be."""


class NotAVideo(BadRequest):
    """The file holds no video that can be decoded; the text says what was found instead."""


class TooLarge(BadRequest):
    """The upload exceeds the limit; the text names it."""


class ClientSilent(BadRequest):
    """Nothing more of the upload came for too long."""


class NotFound(BadRequest):
    """There is no such file."""


class Conflict(BadRequest):
    """It makes no sense as things stand, and may make sense later."""


class SettingsError(ReelworksError):
    """A flag or variable is wrong; the text names it."""


class Unavailable(ReelworksError):
    """What the service itself needs is missing for now: that says nothing about any video."""


class NoSpace(Unavailable):
    """The disk is full, or would fall under its reserve."""


NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
"""How the system says so."""


class NoThreads(Unavailable):
    """The machine lets this program start no more threads and processes."""

    def __init__(
        self,
        sentence: str = "No more threads can be started on this machine; raise the limit of the "
        "service, or let it do less at once, and try again.",
    ) -> None:
        super().__init__(sentence)

    @staticmethod
    def is_meant(error: RuntimeError) -> bool:
        """Whether Python says so, which has no error of its own for it."""
        return str(error) == "can't start new thread"


class NoChildren(Unavailable):
    """What starts this program's child processes was killed, and they with it."""


class EngineError(Unavailable):
    """The database did not answer, or not as it should."""


class DatabaseFull(EngineError):
    """The disk of the database is full."""


class StorageError(Unavailable):
    """The store of files did not answer, or not as it should."""


class OtherRelease(Unavailable):
    """Another release of the service wrote down what this one cannot read."""


class ServiceError(ReelworksError):
    """The service that a client talks to did not answer as it should."""


class Unreachable(ServiceError):
    """The service that a client talks to did not answer at all, or its answer broke off."""


class MediaError(ReelworksError):
    """Work on a video did not succeed.

    Attributes:
        log: the last lines that the child process wrote, for the operator; may be empty.
    """

    def __init__(self, sentence: str, *, log: str = "") -> None:
        super().__init__(sentence)
        self.log = log

    def __reduce__(self) -> tuple[object, ...]:
        # The engine keeps a step's error in its database; a keyword would be lost on the way.
        return (_restore_media_error, (type(self), str(self), self.log))


class ChildFailed(MediaError):
    """A child process ended with an error."""


class ChildKilled(ChildFailed):
    """Somebody else ended a child process: most likely the system, as memory ran out."""


class ChildStarved(ChildFailed):
    """A child process got no memory where it asked for more."""


class ChildHung(MediaError):
    """A child process made no progress for too long and was killed."""


class WrongResult(MediaError):
    """A result was made, checked, and found wrong; it was not published."""


class WorkStopped(BaseException):
    """Running work unwinds without a result: its worker leaves, or nobody waits for it any more.

    In the first case the work is handed back, in the second it is over. Not an ``Exception``, so
    that nothing on the way records it as the outcome of the work.
    """


def _restore_media_error(kind: type[MediaError], sentence: str, log: str) -> MediaError:
    return kind(sentence, log=log)
