"""Puts the routes together into one application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI

from reelworks import __version__
from reelworks.api import (
    files,
    health,
    listing,
    metrics,
    page,
    presets,
    problems,
    results,
    socket,
    statuses,
    upload,
    videos,
)
from reelworks.api.service import Service

_MODULES = (
    *(upload, statuses, listing, videos, files, results),
    *(socket, health, metrics, page),
)
_DESCRIPTION = """
Upload a video; Reelworks makes an enhanced version of it and extracts its metadata, at the same
time. Follow both live on the WebSocket `/ws/{client_id}`.
"""


def create_application(service: Service) -> FastAPI:
    """The ASGI application over a service."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        hub = asyncio.create_task(service.hub.run())
        yield
        hub.cancel()
        with suppress(asyncio.CancelledError):
            await hub

    app = FastAPI(
        title="Reelworks",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        # The framework's pages of documentation load scripts from elsewhere; ours load nothing.
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    for module in (
        upload,
        statuses,
        listing,
        files,
        videos,
        results,
        socket,
        health,
        metrics,
        presets,
        page,
    ):
        app.include_router(module.router)
    problems.install(app)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, without the framework's answer to malformed requests: ours is 400."""
    document = FastAPI.openapi(app)
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        document.get("components", {}).get("schemas", {}).pop(name, None)
    return document
