"""Reads what is written down of a video: its wishes, its plan, what was probed.

Another release may have written it. What this one does not understand it must not carry out: it
would leave out what it does not know of. That says nothing about the video, which waits for a
worker of that release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from reelworks.errors import OtherRelease
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Plan
from reelworks.media.facts import Probe
from reelworks.media.probing.wire import unpack
from reelworks.model import Video


def wished(video: Video) -> Options:
    """What was wished for; an option that was not known yet at the upload is as in ``auto``.

    Raises OtherRelease where one is not known yet here.
    """
    with _understood("options"):
        return Options.of(**json.loads(video.options))


def plan_of(text: str) -> Plan:
    """A plan that was kept. Raises OtherRelease where there is more in it than is known here."""
    with _understood("plan"):
        return Plan.from_json(text)


def probe_of(text: str) -> Probe:
    """A probe that was kept. Raises OtherRelease where there is more in it than is known here."""
    with _understood("probe"):
        return unpack(json.loads(text))


@contextmanager
def _understood(what: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise OtherRelease(
            f"The {what} of this video cannot be read by this release, as another one wrote it; "
            "give all programs of the service the newest release."
        ) from error
