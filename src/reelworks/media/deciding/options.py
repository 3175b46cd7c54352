"""What a user may wish for: a preset, and single options over it.

The presets are data, in ``presets.toml`` beside this file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Strength = Literal["auto"] | Annotated[float, Field(ge=0, le=2)]
"""How strongly a filter acts. "auto": as the damage asks for, and only where there is damage.
A number acts whether there is damage or not: 1 as strongly as what was measured asks for."""

Switch = Literal["auto"] | bool

DEFAULT_PRESET = "auto"


class Options(BaseModel):
    """What is wished for, complete. Immutable; equal options give equal plans."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    denoise: Strength = Field(description="Take out noise.")
    deblock: Strength = Field(description="Smooth the block edges that compression left.")
    sharpen: Strength = Field(description="Make soft edges steeper.")
    levels: Strength = Field(description="Stretch a dark or flat picture to the whole range.")
    white_balance: Strength = Field(description="Take out a colour cast.")
    saturation: Annotated[float, Field(ge=0, le=2)] = Field(
        description="How colourful, against the source: 0 is grey, 1 as it is."
    )
    deinterlace: Switch = Field(description="Make whole pictures of woven fields.")
    stabilise: Switch = Field(description="Steady a shaking camera.")
    deflicker: Switch = Field(description="Even out flickering light.")
    upscale: Annotated[int, Field(ge=1, le=4)] = Field(
        description="Times as wide and high; fewer where that would be over 67 million pixels."
    )
    quality: Literal["auto", "small", "balanced", "high"] = Field(
        description="Size against fidelity. Anything but auto encodes anew in any case."
    )
    codec: Literal["auto", "h264", "hevc", "av1", "vp9"] = Field(
        description="Of the video; auto is the usual one for its container and depth."
    )

    @classmethod
    def of(cls, preset: str = DEFAULT_PRESET, **wishes: Any) -> Options:
        """A preset's options, with single ones changed.

        Raises:
            KeyError: there is no such preset.
            pydantic.ValidationError: an option is not known, or its value is not allowed.
        """
        return cls(**{**preset_options(preset), **wishes})


def preset_names() -> tuple[str, ...]:
    """All presets, the default one first."""
    return tuple(_presets())


def preset_description(name: str) -> str:
    """What a preset is for, in a sentence."""
    return str(_presets()[name]["description"])


def preset_options(name: str) -> Mapping[str, Any]:
    """Every option of a preset. Raises KeyError where there is no such preset."""
    values = {**_presets()[DEFAULT_PRESET], **_presets()[name]}
    return {key: value for key, value in values.items() if key != "description"}


@cache
def _presets() -> Mapping[str, Mapping[str, Any]]:
    text = files("reelworks.media.deciding").joinpath("presets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def factor_of(wish: Strength, damaged: bool) -> float:
    """How many times as strongly as the damage asks for; 0 is not at all."""
    if wish == "auto":
        return 1.0 if damaged else 0.0
    return wish
