"""The command line: flags in, plain sentences out, exit status 0, 1 or 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from reelworks import __version__
from reelworks.commands.flags import Preset, examples, with_options
from reelworks.commands.remote import remote
from reelworks.commands.words import summary
from reelworks.errors import BadRequest, ReelworksError, SettingsError
from reelworks.media.options import (
    Options,
    preset_description,
    preset_names,
    preset_options,
)
from reelworks.media.wishes import read_flags
from reelworks.settings import read_settings

FAILED, WRONG_USE = 1, 2

cli = typer.Typer(
    name="reelworks",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Upload a video, watch it being enhanced and measured live, fetch the results.",
)

cli.add_typer(remote)

DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder of the database and all files.", show_default="./data"),
]
DatabaseUrl = Annotated[
    str | None, typer.Option(help="Database.", show_default="an SQLite file in the data folder")
]
StorageUrl = Annotated[
    str | None,
    typer.Option(
        metavar="s3://BUCKET/PREFIX",
        help="Object store of all files.",
        show_default="the data folder",
    ),
]
CacheSize = Annotated[
    int | None,
    typer.Option(
        help="How much is kept of what an object store sent, in bytes.", show_default="20 GB"
    ),
]
RedirectResults = Annotated[
    bool | None,
    typer.Option(
        "--redirect-results/--stream-results",
        help="Whether clients fetch enhanced videos from the object store itself.",
        show_default="--stream-results",
    ),
]
DiskReserve = Annotated[
    int | None,
    typer.Option(help="Room that uploads must leave on the disk, in bytes.", show_default="1 GB"),
]
Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.", show_default="8000")]
CorsOrigins = Annotated[
    str | None,
    typer.Option(
        metavar="ORIGINS",
        help="Other origins whose pages may use the API; commas between them.",
        show_default="none",
    ),
]
Processes = Annotated[
    int | None, typer.Option(help="Processes that serve together.", show_default="1")
]
MaxUpload = Annotated[
    int | None, typer.Option(help="Longest upload accepted, in bytes.", show_default="20 GB")
]
Slots = Annotated[
    int | None,
    typer.Option(help="Processes to run side by side.", show_default="one for each core"),
]
Ffmpeg = Annotated[
    str | None,
    typer.Option(help="Another FFmpeg program to use.", show_default="the one installed along"),
]
LogLevel = Annotated[
    str | None, typer.Option(help="debug, info, warning or error.", show_default="info")
]
LogFormat = Annotated[str | None, typer.Option(help="text or json.", show_default="text")]
KeepDays = Annotated[
    int | None,
    typer.Option(help="Days to keep a video once it is finished.", show_default="for ever"),
]
MetricsPort = Annotated[
    int | None, typer.Option(help="Port of the worker's own metrics.", show_default="none")
]
Source = Annotated[Path, typer.Argument(metavar="IN", help="A video file.")]


def main() -> None:
    """Run the command line. Every error a person can meet is one sentence on standard error."""
    try:
        cli()
    except SettingsError as error:
        _fail(str(error), WRONG_USE)
    except ReelworksError as error:
        _fail(str(error), FAILED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}.", FAILED)


def _fail(sentence: str, status: int) -> None:
    sys.stderr.write(f"reelworks: {sentence}\n")
    sys.exit(status)


@cli.command(
    epilog=examples("reelworks serve", "reelworks serve --port 9000 --data-dir /srv/reelworks")
)
def serve(
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    storage_url: StorageUrl = None,
    redirect_results: RedirectResults = None,
    cache_size: CacheSize = None,
    host: Host = None,
    port: Port = None,
    cors_origins: CorsOrigins = None,
    max_upload: MaxUpload = None,
    disk_reserve: DiskReserve = None,
    preset: Preset = None,
    slots: Slots = None,
    keep_days: KeepDays = None,
    metrics_port: MetricsPort = None,
    ffmpeg: Ffmpeg = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Serve everything on this machine: the API, and one worker beside it."""
    settings = read_settings(**locals())
    from reelworks.app import run_service

    run_service(settings)


@cli.command(epilog=examples("reelworks api --host 0.0.0.0", "reelworks api --processes 4"))
def api(
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    storage_url: StorageUrl = None,
    redirect_results: RedirectResults = None,
    host: Host = None,
    port: Port = None,
    cors_origins: CorsOrigins = None,
    processes: Processes = None,
    max_upload: MaxUpload = None,
    disk_reserve: DiskReserve = None,
    preset: Preset = None,
    ffmpeg: Ffmpeg = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
    listener: Annotated[int | None, typer.Option(hidden=True)] = None,
    leave_with_parent: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Serve the API alone; workers run as processes of their own."""
    given = locals()
    for hidden in ("listener", "leave_with_parent"):
        given.pop(hidden)
    settings = read_settings(**given)
    from reelworks.app import run_api, run_api_process

    if listener is None:
        run_api(settings)
    else:
        run_api_process(settings, listener)


@cli.command(epilog=examples("reelworks worker", "reelworks worker --slots 4"))
def worker(
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    storage_url: StorageUrl = None,
    cache_size: CacheSize = None,
    slots: Slots = None,
    keep_days: KeepDays = None,
    metrics_port: MetricsPort = None,
    ffmpeg: Ffmpeg = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
    leave_with_parent: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Work through the queue until told to stop; what was begun goes on elsewhere then."""
    given = locals()
    given.pop("leave_with_parent")
    settings = read_settings(**given)
    from reelworks.app import run_worker

    run_worker(settings, leave_with_parent=leave_with_parent)


@cli.command(
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
    from reelworks.app import create_toolbox
    from reelworks.jobs.single import enhance_file

    tools = create_toolbox(settings)
    with _progress("Enhancing") as show:
        enhanced = enhance_file(
            tools, source, output, settings.preset, options, show, compare=compare
        )
    for line in summary(enhanced.report):
        typer.echo(line)
    typer.echo(f"Wrote {enhanced.path}")
    if compare is not None:
        typer.echo(f"Wrote {compare}: before on the left, after on the right")


@cli.command(
    epilog=examples("reelworks inspect clip.mp4", "reelworks inspect clip.mp4 > clip.json")
)
def inspect(source: Source, ffmpeg: Ffmpeg = None) -> None:
    """Print the exact metadata of one video file as JSON, without a server."""
    from reelworks.app import create_toolbox
    from reelworks.media.inspect import inspect as measure

    tools = create_toolbox(read_settings(ffmpeg=ffmpeg))
    if not source.is_file():
        raise BadRequest(f"There is no file {source}.")
    with _progress("Measuring") as show:
        document = measure(tools, source, lambda share: show(round(share * 1000), 1000))
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


@cli.command(epilog=examples("reelworks presets"))
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


@cli.command(epilog=examples("reelworks doctor", "reelworks doctor --data-dir /srv/reelworks"))
def doctor(
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    storage_url: StorageUrl = None,
    ffmpeg: Ffmpeg = None,
) -> None:
    """Check that this machine has what Reelworks needs, and say what is missing."""
    settings = read_settings(**locals())
    from reelworks.doctor import examine

    findings = examine(settings)
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.good else 'BAD '} {finding.text}")
    if not all(finding.good for finding in findings):
        raise typer.Exit(FAILED)


@cli.command(
    epilog=examples("reelworks queue", "reelworks queue --limit 100", "reelworks queue --json")
)
def queue(
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    limit: Annotated[
        int, typer.Option(min=1, max=10_000, help="Lines of each kind, at most.")
    ] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show who works, what runs where, what waits, and what failed in the last day."""
    from reelworks.app import open_overview
    from reelworks.queue_view import as_document, as_tables

    overview = open_overview(read_settings(data_dir=data_dir, database_url=database_url))
    standing = overview.standing(limit)
    if as_json:
        typer.echo(json.dumps(as_document(standing), ensure_ascii=False, indent=2))
        return
    console = Console(markup=False, highlight=False)
    for line in as_tables(standing):
        console.print(line)


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"reelworks {__version__}")


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
