"""The commands that run a service, and look after one: serve, api, worker, doctor, queue."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from reelworks.commands.flags import FAILED, Ffmpeg, Preset, examples
from reelworks.settings import read_settings

running = typer.Typer()

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
        metavar="URL",  # short: where it is long, there is no room for the names of flags
        help="Object store of all files, as s3://bucket/prefix.",
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


@running.command(
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
    from reelworks.app.processes import end
    from reelworks.app.service import run_service

    run_service(settings)
    end()


@running.command(epilog=examples("reelworks api --host 0.0.0.0", "reelworks api --processes 4"))
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
    from reelworks.app.api import run_api, run_api_process
    from reelworks.app.processes import end

    if listener is None:
        run_api(settings)
    else:
        run_api_process(settings, listener)
    end()


@running.command(epilog=examples("reelworks worker", "reelworks worker --slots 4"))
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
    # Plans need little arithmetic. OpenBLAS would start a thread for each core as it is loaded, and
    # interrupt the program where it may start none.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from reelworks.app.worker import run_worker

    run_worker(settings, leave_with_parent=leave_with_parent)


@running.command(epilog=examples("reelworks doctor", "reelworks doctor --data-dir /srv/reelworks"))
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


@running.command(
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
    from reelworks.app.overview import open_overview
    from reelworks.queue_view import as_document, as_tables

    overview = open_overview(read_settings(data_dir=data_dir, database_url=database_url))
    standing = overview.standing(limit)
    if as_json:
        typer.echo(json.dumps(as_document(standing), ensure_ascii=False, indent=2))
        return
    console = Console(markup=False, highlight=False)
    for line in as_tables(standing):
        console.print(line)
