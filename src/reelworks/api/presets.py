"""``GET /presets``: what enhancement can be asked to do, for who offers it to a person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from reelworks.api.service import ServiceDependency
from reelworks.media.deciding.options import (
    Options,
    preset_description,
    preset_names,
)

router = APIRouter()


class Preset(BaseModel):
    """A name for a complete set of options."""

    name: str = Field(description="What an upload says.", examples=["vivid"])
    description: str = Field(description="What it is for, in a sentence.")
    options: Options


class Presets(BaseModel):
    """Everything that an upload may wish for."""

    default: str = Field(description="The preset of an upload that names none.", examples=["auto"])
    presets: list[Preset] = Field(description="All there are.")
    options: dict[str, Any] = Field(
        description="Each option as JSON Schema: what it does, and which values it may have."
    )


@router.get("/presets", summary="What enhancement can be asked to do")
def presets(service: ServiceDependency) -> Presets:
    """The presets with what each wishes for, and the options with the values that they may have."""
    return Presets(
        default=service.intake.preset,
        presets=[
            Preset(
                name=name,
                description=preset_description(name),
                options=Options.of(name),
            )
            for name in preset_names()
        ],
        options=Options.model_json_schema()["properties"],
    )
