"""What the routes work with."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from reelworks.api.turns import Turns
from reelworks.engine.catalogue import Catalogue
from reelworks.engine.overview import Overview
from reelworks.engine.records import Records
from reelworks.events.hub import Hub
from reelworks.jobs.control import Control
from reelworks.jobs.intake import Intake
from reelworks.storage.store import Storage

MOST_CHECKS = 2 * (os.cpu_count() or 1)
"""Uploads that are checked at once: each costs a core for a moment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """The inner rooms, as far as the API needs them.

    Attributes:
        checks: whose upload is checked next.
    """

    intake: Intake
    control: Control
    records: Records
    catalogue: Catalogue
    overview: Overview
    storage: Storage
    hub: Hub
    checks: Turns = field(default_factory=lambda: Turns(MOST_CHECKS))


def _service(connection: HTTPConnection) -> Service:
    service: Service = connection.app.state.service
    return service


ServiceDependency = Annotated[Service, Depends(_service)]
