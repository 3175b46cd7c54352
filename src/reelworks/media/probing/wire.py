"""A probe as plain JSON values, for its way out of the child and through the database."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any

from reelworks.media.facts import Picture, Probe, Stream, Timing


def pack(value: Any) -> Any:
    """A probe, or any part of it, as JSON values; a fraction becomes text such as "1/25"."""
    if is_dataclass(value):
        return {f.name: pack(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [pack(item) for item in value]
    return str(value) if isinstance(value, Fraction) else value


def unpack(packed: dict[str, Any]) -> Probe:
    """The probe that ``pack`` made JSON values of."""
    return Probe(
        **packed
        | {
            "duration": Fraction(packed["duration"]),
            "picture": _picture(packed["picture"]),
            "timing": _timing(packed["timing"]) if packed["timing"] else None,
            "streams": tuple(Stream(**stream) for stream in packed["streams"]),
        }
    )


def _picture(packed: dict[str, Any]) -> Picture:
    rate = packed["average_rate"]
    return Picture(
        **packed
        | {
            "sample_aspect": Fraction(packed["sample_aspect"]),
            "time_base": Fraction(packed["time_base"]),
            "average_rate": Fraction(rate) if rate else None,
            # What an older version recorded does not have it.
            "borrowed": tuple(packed.get("borrowed", ())),
        }
    )


def _timing(packed: dict[str, Any]) -> Timing:
    # What an older version recorded does not have all of them.
    times = {name: Fraction(packed.get(name, 0)) for name in ("duration", "early", "late", "usual")}
    return Timing(**packed | times)
