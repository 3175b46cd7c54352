"""What the routes work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from reelworks.engine.catalogue import Catalogue
from reelworks.engine.overview import Overview
from reelworks.engine.records import Records
from reelworks.events.hub import Hub
from reelworks.jobs.control import Control
from reelworks.jobs.intake import Intake
from reelworks.storage.store import Storage


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """The inner rooms, as far as the API needs them."""

    intake: Intake
    control: Control
    records: Records
    catalogue: Catalogue
    overview: Overview
    storage: Storage
    hub: Hub


def _service(connection: HTTPConnection) -> Service:
    service: Service = connection.app.state.service
    return service


ServiceDependency = Annotated[Service, Depends(_service)]
