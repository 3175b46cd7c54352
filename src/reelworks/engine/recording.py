"""How a step's result is written down: each field of it under its name."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from io import BytesIO
from typing import Any, Generic, TypeVar

R = TypeVar("R")


class Recorded(Generic[R]):
    """A result that is pickled by the names of its fields; read again, it is the result itself.

    Python writes those of a frozen class with slots by their places alone. Another release, which
    has one more or one less among them, would take each behind it for its neighbour.
    """

    def __init__(self, result: R) -> None:
        self.result = result

    def __reduce__(self) -> tuple[Any, ...]:
        written = BytesIO()
        _ByNames(written).dump(self.result)
        return pickle.loads, (written.getvalue(),)


class _ByNames(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            return _made, (type(value), {f.name: getattr(value, f.name) for f in fields(value)})
        return NotImplemented


def _made(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """Raises TypeError where the class has other fields: what is not there would be guessed."""
    if values.keys() != {field.name for field in fields(kind)}:
        raise TypeError(f"{kind.__name__} has other fields in this release")
    return kind(**values)
