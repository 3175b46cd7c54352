"""The modules, each with the sentence that it begins with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import reelworks
from tests.docs.tables import code, table

PACKAGE = Path(reelworks.__file__).parent
_INTRODUCTION = """\
# Map of the code

Every module of `src/reelworks`, by room, with what it is about.
[The architecture](../explanation/architecture.md) says how they work together.
"""


def page() -> Iterator[str]:
    """The page."""
    yield from _INTRODUCTION.splitlines()
    rooms = {path.parent for path in PACKAGE.rglob("__init__.py") if "migrations" not in path.parts}
    for room in sorted(rooms):
        yield ""
        yield from _room(room)


def _room(room: Path) -> Iterator[str]:
    name = "reelworks" if room == PACKAGE else f"{room.relative_to(PACKAGE)}/"
    yield f"## {name}"
    yield ""
    yield subject(room / "__init__.py")
    modules = [path for path in sorted(room.glob("*.py")) if path.name != "__init__.py"]
    if modules:
        yield ""
        yield from table(
            ("module", "what it is about"), ((code(path.name), subject(path)) for path in modules)
        )


def subject(module: Path) -> str:
    """The first sentences of a module's docstring, up to the end of their paragraph."""
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    # As reStructuredText has code, and not as Markdown has a link.
    return re.sub(r"``(.*?)``", r"`\1`", paragraph)
