"""Puts the routes together into one application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from reelworks import __version__
from reelworks.api import (
    asyncapi,
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
from reelworks.api.examples import EXAMPLES
from reelworks.api.freshness import Fresh
from reelworks.api.schemas import Metadata
from reelworks.api.service import Service
from reelworks.api.slashes import Unslashed
from reelworks.api.stopping import Stopping, Unawaited

_MODULES = (
    *(upload, statuses, listing, videos, files, results),
    *(presets, socket, asyncapi, health, metrics, page),
)
_DESCRIPTION = """
Upload a video; Reelworks makes an enhanced version of it and extracts its metadata, at the same
time. Follow both live on the WebSocket `/ws/{client_id}`, which `/asyncapi.json` describes.
"""


def create_application(service: Service, *, origins: Sequence[str] = ()) -> FastAPI:
    """The ASGI application over a service.

    Args:
        origins: whose pages may use it from a browser, beside its own; ``*`` stands for any.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(Unawaited())
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
        redirect_slashes=False,
    )
    app.state.service = service
    for module in _MODULES:
        app.include_router(module.router)
    app.include_router(_heads())
    problems.install(app)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=["Content-Disposition", "Content-Range", "ETag"],
        )
    app.add_middleware(Unslashed)
    app.add_middleware(Stopping)
    app.add_middleware(Fresh)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _heads() -> APIRouter:
    """Whatever can be got can be asked for its head alone, as probes and link checkers do."""
    router = APIRouter(include_in_schema=False)
    for route in (each for module in _MODULES for each in module.router.routes):
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            router.add_api_route(route.path, route.endpoint, methods=["HEAD"])
    return router


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, without the framework's answer to malformed requests: ours is 400."""
    document = FastAPI.openapi(app)
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= _documents()
    for name, example in EXAMPLES.items():
        schemas[name]["example"] = example
    return document


def _documents() -> dict[str, Any]:
    """The schemas of what is answered other than as a route's own model."""
    _, made = models_json_schema(
        [(problems.Problem, "serialization"), (Metadata, "serialization")],
        ref_template="#/components/schemas/{model}",
    )
    schemas: dict[str, Any] = made["$defs"]
    return schemas
