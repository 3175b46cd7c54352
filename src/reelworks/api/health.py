"""Whether the API lives, and whether it can do its work."""

from __future__ import annotations

from functools import partial

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter

from reelworks.api import problems
from reelworks.api.schemas import Health
from reelworks.api.service import Service, ServiceDependency

router = APIRouter(prefix="/healthz")

# Where a disk or a store stands still a probe hangs, and the next ones come all the same.
_probes = CapacityLimiter(2)


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
async def ready(service: ServiceDependency) -> Health:
    """The database and the store of files answer, and there is room for uploads."""
    await to_thread.run_sync(partial(_check, service), limiter=_probes)
    return Health()


def _check(service: Service) -> None:
    service.records.check()
    service.storage.check()
    service.storage.check_room(0)
