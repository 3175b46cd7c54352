"""Whether the API lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter

from reelworks.api import problems
from reelworks.api.schemas import Health
from reelworks.api.service import ServiceDependency

router = APIRouter(prefix="/healthz")


@router.get("/live", summary="Liveness")
async def live() -> Health:
    """The process answers; whether it can do its work is asked elsewhere."""
    return Health()


@router.get(
    "/ready",
    summary="Readiness",
    responses=problems.responses(
        s500="The database or the store of files does not answer as it should.",
        s507="There is no room left on the disk.",
    ),
)
def ready(service: ServiceDependency) -> Health:
    """The database and the store of files answer, and there is room for uploads."""
    service.records.check()
    service.storage.check()
    service.storage.check_room(0)
    return Health()
