"""The commands that need no service: enhance and inspect one file, presets, version."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from reelworks import __version__
from reelworks.commands.flags import Ffmpeg, Preset, examples, with_options
from reelworks.commands.words import summary
from reelworks.errors import BadRequest, SettingsError
from reelworks.media.deciding.options import (
    Options,
    preset_description,
    preset_names,
    preset_options,
)
from reelworks.media.deciding.wishes import read_flags
from reelworks.settings import Settings, read_settings

if TYPE_CHECKING:
    from reelworks.media.children.tools import Toolbox

alone = typer.Typer()

Source = Annotated[Path, typer.Argument(metavar="IN", help="A video file.")]


@alone.command(
    epilog=examples(
        "reelworks enhance holiday.mov",
        "reelworks enhance holiday.mov -o better.mov",
        "reelworks enhance holiday.mov --preset vivid --denoise 1.5",
        "reelworks enhance holiday.mov --compare before-after.png",
    )
)
@with_options
def enhance(
    source: Source,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT", help="Where to.", show_default="IN_enhanced.…"
        ),
    ] = None,
    preset: Preset = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.png",
            help="Also write a picture of before (left) and after (right): .png or .jpg.",
        ),
    ] = None,
    ffmpeg: Ffmpeg = None,
    *,
    wishes: dict[str, str],
) -> None:
    """Make a better version of one video file, without a server."""
    settings = read_settings(preset=preset, ffmpeg=ffmpeg)
    try:
        options = Options.of(settings.preset, **read_flags(wishes))
    except BadRequest as error:
        raise SettingsError(str(error)) from error
    tools = _tools(settings, source)
    from reelworks.jobs.single import enhance_file

    with _progress("Enhancing") as show:
        enhanced = enhance_file(
            tools, source, output, settings.preset, options, show, compare=compare
        )
    for line in summary(enhanced.report):
        typer.echo(line)
    typer.echo(f"Wrote {enhanced.path}")
    if compare is not None:
        typer.echo(f"Wrote {compare}: before on the left, after on the right")


@alone.command(
    epilog=examples("reelworks inspect clip.mp4", "reelworks inspect clip.mp4 > clip.json")
)
def inspect(source: Source, ffmpeg: Ffmpeg = None) -> None:
    """Print the exact metadata of one video file as JSON, without a server."""
    tools = _tools(read_settings(ffmpeg=ffmpeg), source)
    from reelworks.media.inspect import inspect as measure

    with _progress("Measuring") as show:
        document = measure(tools, source, lambda share: show(round(share * 1000), 1000))
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


@alone.command(epilog=examples("reelworks presets"))
def presets() -> None:
    """Print the presets: what each is for, and every option of it."""
    described = Table("preset", "what it is for")
    for name in preset_names():
        described.add_row(name, preset_description(name))
    values = Table("option", *preset_names())
    for option in Options.model_fields:
        values.add_row(option, *(_plain(preset_options(name)[option]) for name in preset_names()))
    Console(markup=False).print(described, values, sep="\n")


def _plain(value: Any) -> str:
    """An option's value as it is written: auto, 1.5, true."""
    return value if isinstance(value, str) else json.dumps(value)


@alone.command()
def version() -> None:
    """Print the version; so do --version and -V."""
    typer.echo(f"reelworks {__version__}")


def _tools(settings: Settings, source: Path) -> Toolbox:
    """What works on a file; while this program loads the rest of itself, a second one loads what
    decodes."""
    from reelworks.app.toolbox import create_toolbox
    from reelworks.jobs.places import require_file

    require_file(source)
    tools = create_toolbox(settings)
    tools.children.get_ready()
    return tools


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, where that is a terminal; shows (done, total)."""
    console = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(title, total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=max(total, done) or None)

        yield show
