"""What several commands have in common: flags, and the form of their help."""

from __future__ import annotations

import inspect
import signal
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from reelworks.media.deciding.options import Options
from reelworks.media.deciding.wishes import allowed, flag_of

FAILED, WRONG_USE = 1, 2
"""Exit status: what was asked for could not be done; it was asked for wrongly."""

INTERRUPTED = 128 + signal.SIGINT
"""Exit status after Ctrl-C, as shells have it."""

Ffmpeg = Annotated[
    str | None,
    typer.Option(help="Another FFmpeg program to use.", show_default="the one installed along"),
]


def _preset(default: str) -> Any:
    words = "What to start from; see `reelworks presets`."
    return typer.Option(metavar="NAME", help=words, show_default=default)


Preset = Annotated[str | None, _preset("auto")]
PresetThere = Annotated[str | None, _preset("the service's own")]


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a flag for each option; it is handed those that were used as ``wishes``."""

    @wraps(command)
    def run(**given: Any) -> None:
        flags = {name: given.pop(name) for name in Options.model_fields}
        command(**given, wishes={name: text for name, text in flags.items() if text is not None})

    signature = inspect.signature(command, eval_str=True)
    own = [each for each in signature.parameters.values() if each.name != "wishes"]
    flags = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_flag(name)
        )
        for name in Options.model_fields
    ]
    run.__signature__ = signature.replace(parameters=[*own, *flags])  # type: ignore[attr-defined]
    return run


def _flag(option: str) -> Any:
    text = f"{Options.model_fields[option].description} Give {allowed(option)}."
    flag = typer.Option(flag_of(option), metavar="VALUE", help=text, rich_help_panel="Wishes")
    return Annotated[str | None, flag]


def examples(*lines: str) -> str:
    """Examples of a command, as its help shows them."""
    return "Examples:\n\n" + "\n\n".join(f"    {line}" for line in lines)
