"""The pages that are made from the code, or parts of which are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.docs import commands, decisions, messages, modules, routes, settings

DOCS = Path(__file__).parents[2] / "docs"
_BEGIN = "<!-- Made from the code by `make docs`; what is written here by hand is lost. -->"
_END = "<!-- Made until here. -->"


def whole(lines: Callable[[], Iterable[str]]) -> Callable[[Path], str]:
    """A page that is nothing but what the code says."""
    return lambda _: "\n".join([_BEGIN, "", *lines()]).rstrip() + "\n"


def between(*parts: Callable[[], Iterable[str]]) -> Callable[[Path], str]:
    """A page that has parts that the code says, each between two marks."""

    def made(path: Path) -> str:
        said = iter(parts)

        def part(_: re.Match[str]) -> str:
            return "\n".join([_BEGIN, "", *next(said)()]).rstrip() + f"\n\n{_END}"

        pattern = f"{re.escape(_BEGIN)}.*?{re.escape(_END)}"
        return re.sub(pattern, part, path.read_text(encoding="utf-8"), flags=re.DOTALL)

    return made


def _page(name: str, made: Callable[[Path], str]) -> tuple[Path, Callable[[], str]]:
    path = DOCS / name
    return path, lambda: made(path)


PAGES = dict(
    [
        _page("decisions/README.md", whole(decisions.page)),
        _page("reference/commands.md", whole(commands.page)),
        _page("reference/messages.md", whole(messages.page)),
        _page("reference/modules.md", whole(modules.page)),
        _page("reference/routes.md", whole(routes.page)),
        _page("reference/settings.md", between(settings.table_lines, settings.flags)),
    ]
)
"""Each page that is made, and what it should be."""
