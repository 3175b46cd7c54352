"""Reads what a user wishes for: a preset's name, and single options as JSON or as flags.

What is wrong is said in a sentence that names the field or flag where it was found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError

from reelworks.errors import BadRequest
from reelworks.media.deciding.options import DEFAULT_PRESET, Options, preset_names, preset_options

Wishes = Mapping[str, Any]
"""Single options, checked: ``Options.of(preset, **wishes)`` takes them."""

_SHOWN_LETTERS = 40


def preset_fault(name: str) -> str:
    """What is wrong with a preset's name; empty where there is such a preset."""
    if name in preset_names():
        return ""
    return f"there is no preset {_short(repr(name))}; choose one of {', '.join(preset_names())}"


def read_preset(name: str) -> str:
    """A preset's name from the field ``preset``. Raises BadRequest where there is none such."""
    if fault := preset_fault(name):
        raise BadRequest(f"preset: {fault}.")
    return name


def read_options(text: str) -> Wishes:
    """Single options from the field ``options``, a JSON object. Raises BadRequest."""
    try:
        wishes = _from_json(text, _each_once)
    except (ValueError, RecursionError):
        wishes = None
    if not isinstance(wishes, dict):
        raise BadRequest('options: not a JSON object; send one such as {"denoise": 1.5}.')
    for name in wishes:
        if name not in Options.model_fields:
            known = ", ".join(Options.model_fields)
            raise BadRequest(
                f"options: there is no option {_short(repr(name))}; the options are {known}."
            )
    return _checked(wishes, "options.{}".format)


def read_flags(flags: Mapping[str, str]) -> Wishes:
    """Single options from flags, by the options' names. Raises BadRequest."""
    wishes = {name: _from_flag(text) for name, text in flags.items()}
    return _checked(wishes, flag_of)


def flag_of(option: str) -> str:
    """The flag for an option: ``--white-balance``."""
    return f"--{option.replace('_', '-')}"


def allowed(option: str) -> str:
    """The values that an option may have, in words: ``"auto" or a number from 0 to 2``."""
    *others, last = _alternatives(_properties()[option])
    return f"{', '.join(others)} or {last}" if others else last


@cache
def _properties() -> Mapping[str, Any]:
    """The schema of each option: made once, for every flag asks for it at each start."""
    properties: Mapping[str, Any] = Options.model_json_schema()["properties"]
    return properties


def form_schema() -> dict[str, Any]:
    """The fields ``preset`` and ``options`` as JSON Schema, for who describes the form."""
    options = Options.model_json_schema()
    del options["required"], options["title"]
    return {
        "preset": {
            "type": "string",
            "enum": list(preset_names()),
            "description": "What to start from. Left out or empty: as the service is set.",
            "examples": ["vivid"],
        },
        "options": options
        | {
            "description": "Single options as a JSON object; each wins over the preset.",
            "examples": [{"denoise": 1.5, "quality": "high"}],
        },
    }


def _checked(wishes: Wishes, called: Callable[[str], str]) -> Wishes:
    """The wishes, if each has a value that it may have. ``called``: what its user calls it."""
    try:
        Options.model_validate({**preset_options(DEFAULT_PRESET), **wishes})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise BadRequest(
            f"{called(name)}: give {allowed(name)}, not {_shown(wishes[name])}."
        ) from error
    return wishes


def _alternatives(schema: Mapping[str, Any]) -> list[str]:
    match schema:
        case {"anyOf": parts}:
            return [words for part in parts for words in _alternatives(part)]
        case {"const": value}:
            return [_shown(value)]
        case {"enum": values}:
            return [_shown(value) for value in values]
        case {"type": "boolean"}:
            return ["true", "false"]
    number = "a whole number" if schema["type"] == "integer" else "a number"
    return [f"{number} from {schema['minimum']} to {schema['maximum']}"]


def _from_json(text: str, make_object: Callable[[list[tuple[str, Any]]], Any] = dict) -> Any:
    return json.loads(
        text,
        object_pairs_hook=make_object,
        parse_constant=_refuse,
        # There is no strength of minus nothing: it is nothing.
        parse_float=lambda digits: float(digits) + 0.0,
    )


def _from_flag(text: str) -> Any:
    """What a flag's text means: as in JSON, but words need no quotes."""
    try:
        return _from_json(text)
    except (ValueError, RecursionError):
        return text


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadRequest(f"options: {_short(repr(name))} is there twice; give it once.")
        found[name] = value
    return found


def _refuse(constant: str) -> None:
    """Python would read NaN and Infinity, which JSON does not have."""
    raise ValueError(f"{constant} is not JSON")


def _shown(value: Any) -> str:
    """A value as it was written, but never more than fits into a sentence."""
    match value:
        case list():
            return "a list"
        case dict():
            return "an object"
        case str() if not value.isprintable():
            return _short(repr(value))
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}…"
