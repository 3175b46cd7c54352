"""A step's result is read as it was written down, or not at all."""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass, make_dataclass

import pytest

from reelworks.engine.recording import Recorded


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A part of a result."""

    name: str
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A result, as this release has it."""

    places: tuple[Place, ...]
    count: int | None = None


RESULT = (Found((Place(name="here", width=3), Place(name="there")), 2), "and", [Place])


def test_a_result_is_read_as_it_was() -> None:
    assert pickle.loads(pickle.dumps(Recorded(RESULT))) == RESULT
    assert pickle.loads(pickle.dumps(Recorded(None))) is None


@pytest.mark.parametrize("names", [["name", "depth", "width"], ["width"]])
def test_what_another_release_wrote_is_not_taken_for_something_else(
    names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"frozen": True, "slots": True, "kw_only": True}
    other = make_dataclass("Place", [(name, object) for name in names], **options)  # type: ignore[call-overload]
    other.__module__ = __name__
    with monkeypatch.context() as patch:
        patch.setattr(sys.modules[__name__], "Place", other)
        written = pickle.dumps(Recorded(Found((other(**dict.fromkeys(names, 1)),))))
    with pytest.raises(TypeError, match="Place has other fields in this release"):
        pickle.loads(written)
