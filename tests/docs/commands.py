"""The command line, from its own description of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from reelworks.cli import cli
from tests.docs.tables import code, table

_INTRODUCTION = """\
# Commands

`reelworks` is in `.venv/bin` after `make install`; `python -m reelworks` is the same. `--help`
says what stands here. Errors are one plain sentence on standard error; that a command or a flag is
not understood is said in a box, with how it is used. The exit status is 0 for success, 1 for what
failed, 2 for wrong use. Flags that are settings can also be given as variables: see [the
settings](settings.md).
"""


def visible() -> dict[str, Any]:
    """The commands that are not hidden, by their whole name."""
    return dict(_below(typer.main.get_command(cli), ""))


def _below(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if not command.hidden:
            if hasattr(command, "commands"):
                yield from _below(command, f"{prefix}{name} ")
            else:
                yield prefix + name, command


def parse(words: list[str]) -> str:
    """The command that a command line means; fails where it means none."""
    group: Any = typer.main.get_command(cli)
    context = group.make_context("reelworks", list(words))
    name, command, rest = group.resolve_command(context, list(words))
    command.make_context(name, rest, parent=context)
    return str(name)


def options(command: Any) -> list[Any]:
    """A command's options that are not hidden."""
    return [each for each in command.params if not _is_argument(each) and not each.hidden]


def arguments(command: Any) -> list[Any]:
    """A command's arguments."""
    return [each for each in command.params if _is_argument(each)]


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def page() -> Iterator[str]:
    """The page."""
    yield from _INTRODUCTION.splitlines()
    yield ""
    yield from table(
        ("command", "what it does"),
        (
            (f"[{code(name)}](#reelworks-{name.replace(' ', '-')})", _first(command))
            for name, command in visible().items()
        ),
    )
    for name, command in visible().items():
        yield ""
        yield from _section(name, command)


def _first(command: Any) -> str:
    return " ".join(str(command.help).split("\n\n")[0].split())


def _section(name: str, command: Any) -> Iterator[str]:
    yield f"## reelworks {name}"
    yield ""
    yield str(command.help).strip()
    examples = [line.strip() for line in (command.epilog or "").splitlines()[1:] if line.strip()]
    if examples:
        yield from ("", "```console", *(f"$ {line}" for line in examples), "```")
    if given := arguments(command):
        yield ""
        yield from table(
            ("argument", "meaning"), ((code(_shown(each)), each.help or "") for each in given)
        )
    if given := options(command):
        yield ""
        yield from table(
            ("flag", "meaning", "default"),
            ((code(", ".join(each.opts)), each.help or "", default(each)) for each in given),
        )


def _shown(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return f"{name} …" if argument.nargs != 1 else str(name)


def default(option: Any) -> str:
    """What it is where it is not given, as ``--help`` has it."""
    if isinstance(option.show_default, str):
        return option.show_default
    value = option.default() if callable(option.default) else option.default
    return "" if value is None or value is False else str(value)
