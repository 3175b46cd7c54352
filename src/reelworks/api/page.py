"""The page at ``/``."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_PAGE = files("reelworks").joinpath("web/index.html").read_text()


@router.get("/")
async def page() -> HTMLResponse:
    """What is here, for a person who looks."""
    return HTMLResponse(_PAGE)
