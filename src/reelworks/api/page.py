"""The page at ``/``."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from reelworks.api.service import ServiceDependency
from reelworks.media.options import preset_description, preset_names

router = APIRouter(include_in_schema=False)

_PAGE = files("reelworks").joinpath("web/index.html").read_text(encoding="utf-8")


@router.get("/")
async def page(service: ServiceDependency) -> HTMLResponse:
    """What is here, for a person who looks."""
    return HTMLResponse(_PAGE.replace("<!-- presets -->", _choices(service.intake.preset)))


def _choices(chosen: str) -> str:
    return "".join(
        f'<option{" selected" * (name == chosen)} value="{escape(name)}">'
        f"{escape(name)}: {escape(preset_description(name))}</option>"
        for name in preset_names()
    )
