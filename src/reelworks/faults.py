"""What pydantic finds wrong with a value, in the words of this program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_IN_WORDS = {
    "int_parsing": "'{input}' is no whole number; write digits alone",
    "int_parsing_size": "'{input}' is too much",
    "bool_parsing": "'{input}' is neither true nor false",
    "greater_than": "{input} is too little; it must be more than {gt}",
    "greater_than_equal": "{input} is too little; it must be at least {ge}",
    "less_than_equal": "{input} is too much; it may be {le} at most",
    "literal_error": "'{input}' is not one of {expected}",
    "string_too_long": "it is longer than {max_length} characters",
}
"""By its name for it."""

_SHOWN = 40


def in_words(found: Mapping[str, Any]) -> str:
    """One of the ``errors()`` of pydantic, as the end of a sentence without its full stop."""
    words = _IN_WORDS.get(found["type"])
    if words is None:
        return str(found["msg"])
    given = str(found["input"])
    shown = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}\N{HORIZONTAL ELLIPSIS}"
    return words.format(input=shown, **found.get("ctx", {}))
