"""The settings, from their own descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reelworks.settings import PREFIX, Settings
from tests.docs import commands
from tests.docs.tables import code, table


def flag_of(name: str) -> str:
    """The flag of a setting."""
    return "--" + name.replace("_", "-")


def taken_by(name: str) -> dict[str, Any]:
    """The option of a setting in each command that takes it."""
    flag = flag_of(name)
    return {
        command: option
        for command, parsed in commands.visible().items()
        for option in commands.options(parsed)
        if flag in option.opts
    }


def table_rows() -> Iterator[tuple[str, ...]]:
    """Variable, flag, default, meaning."""
    for name, field in Settings.model_fields.items():
        takers = taken_by(name)
        default = commands.default(next(iter(takers.values()))) if takers else str(field.default)
        flag = code(flag_of(name)) if takers else "none"
        yield code(PREFIX + name.upper()), flag, default, field.description or ""


def table_head() -> tuple[str, ...]:
    """The table's columns."""
    return "variable", "flag", "default", "meaning"


def table_lines() -> list[str]:
    """The table."""
    return table(table_head(), table_rows())


def flags() -> list[str]:
    """Which command takes which flag."""
    rows = []
    for name in Settings.model_fields:
        takers = ", ".join(code(command) for command in taken_by(name))
        rows.append((code(flag_of(name)), takers))
    return table(("flag", "commands that take it"), rows)
