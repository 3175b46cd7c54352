"""The decisions, each by its own title."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

RECORDS = Path(__file__).parents[2] / "docs/decisions"
_INTRODUCTION = """\
# Decisions

One short record for each choice that somebody could question: context, decision, consequences.
"""


def titles() -> Iterator[tuple[str, str]]:
    """The file and the title of each record."""
    for path in sorted(RECORDS.glob("[0-9]*.md")):
        yield path.name, path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


def page() -> Iterator[str]:
    """The page."""
    yield from _INTRODUCTION.splitlines()
    yield ""
    yield from (f"- [{title}]({name})" for name, title in titles())
