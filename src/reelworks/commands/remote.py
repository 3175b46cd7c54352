"""The commands that use a running service."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from socket import gethostname
from typing import Annotated, Any, TypeVar

import typer

from reelworks.client import Client, Result, ServiceError, Video
from reelworks.client.fetching import printable
from reelworks.commands.flags import FAILED, PresetThere, examples, with_options
from reelworks.commands.screens import Screen, choose, terminal_width
from reelworks.commands.words import account, in_bytes, listed
from reelworks.errors import BadRequest, ReelworksError, SettingsError
from reelworks.media.deciding.wishes import preset_fault, read_flags
from reelworks.settings import read_settings

remote = typer.Typer()

T = TypeVar("T")

_PANEL = "Use a running service"

Url = Annotated[
    str | None,
    typer.Option(help="Where the service is.", show_default="http://localhost:8000"),
]
ClientId = Annotated[
    str | None,
    typer.Option(
        help="Under which name videos are uploaded, listed and told about.",
        show_default="user@host",
    ),
]
FileIds = Annotated[list[str], typer.Argument(metavar="FILE_ID", help="As the upload printed it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]


@contextmanager
def _client(url: str | None, client_id: str | None) -> Iterator[Client]:
    settings = read_settings(url=url, client_id=client_id)
    try:
        client = Client(settings.url, settings.client_id or _own_name())
    except ValueError as error:
        raise SettingsError(f"REELWORKS_URL (--url) is wrong: {error}") from error
    with client:
        yield client


def _own_name() -> str:
    """Who uses this machine: the same at every call, and hardly that of anybody else."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = "reelworks"
    return f"{user}@{gethostname()}"


class _Each:
    """Does something to each of several things; what fails is said, and the rest done."""

    def __init__(self) -> None:
        self.failed = False

    def __call__(self, what: object, act: Callable[[], T], tell: Callable[[T], None]) -> None:
        """Do it, and tell what came of it.

        A service that does not answer is no fault of one of them: it ends them all. Nor is it where
        nothing can be told, as to a pipe whose reader has gone.
        """
        try:
            found = act()
        except ServiceError:
            raise
        except ReelworksError as error:
            self._say(str(error) if str(what) in str(error) else f"{what}: {error}")
        except OSError as error:
            where = "" if error.filename in (None, str(what)) else f"{error.filename}: "
            self._say(f"{what}: {where}{error.strerror or error}.")
        else:
            tell(found)

    def end(self) -> None:
        """Exit with 1 where something failed."""
        if self.failed:
            raise typer.Exit(FAILED)

    def _say(self, sentence: str) -> None:
        self.failed = True
        sys.stderr.write(f"reelworks: {printable(sentence)}\n")


@remote.command(
    rich_help_panel=_PANEL,
    epilog=examples(
        "reelworks submit holiday.mov",
        "reelworks submit *.mov --watch",
        "reelworks submit old.avi --preset restore --denoise 1.5",
        "reelworks submit holiday.mov --watch --json",
        "reelworks submit holiday.mov --url http://videos.example:8000",
    ),
)
@with_options
def submit(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", help="Video files, one or several.")
    ],
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Stay, and show how they get on.")
    ] = False,
    preset: PresetThere = None,
    client_id: ClientId = None,
    url: Url = None,
    as_json: AsJson = False,
    *,
    wishes: dict[str, str],
) -> None:
    """Upload videos to a running service, which works on them; print their file ids."""
    options = _wishes(preset, wishes)
    screen, each = choose(as_json=as_json), _Each()
    with _client(url, client_id) as client, _interruptible(screen):
        for file in files:
            screen.sending = file.name
            each(file, partial(_send, client, screen, file, preset, options), screen.video)
            screen.sending = None
        if watch:
            _watch(client, screen, each)
    each.end()


def _wishes(preset: str | None, wishes: dict[str, str]) -> dict[str, Any] | None:
    """What was wished for, checked before anything is sent."""
    if preset is not None and (fault := preset_fault(preset)):
        raise SettingsError(f"--preset is wrong: {fault}.")
    try:
        return dict(read_flags(wishes)) or None
    except BadRequest as error:
        raise SettingsError(str(error)) from error


def _send(
    client: Client, screen: Screen, file: Path, preset: str | None, options: dict[str, Any] | None
) -> Video:
    with screen.moving("Uploading", file.name) as tell:
        return client.upload(file, preset=preset, options=options, on_progress=tell)


def _watch(client: Client, screen: Screen, each: _Each) -> None:
    """Show how the videos on the screen get on; a process that fails is a failure."""
    with screen.watching():
        for update in client.follow(*screen.board.rows):
            screen.update(update)
    each.failed |= screen.board.failed() > 0


@contextmanager
def _interruptible(screen: Screen) -> Iterator[None]:
    """Ctrl-C ends this program, not the work: say so."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write(f"reelworks: {_stopped(screen)}\n")
        raise typer.Exit(FAILED) from None


def _stopped(screen: Screen) -> str:
    """What becomes of the videos now."""
    file_ids, said = list(screen.board.rows), "Stopped."
    if file_ids:
        which = " ".join(file_ids) if len(file_ids) <= 3 else "FILE_ID"
        said = (
            "Stopped; the service goes on with what is uploaded. "
            f"See `reelworks status {which} --watch`."
        )
    if screen.sending is not None:
        name = printable(screen.sending)
        return f"{said} Whether {name} was uploaded in time, `reelworks list` says."
    return said


@remote.command(
    rich_help_panel=_PANEL,
    epilog=examples(
        "reelworks status 0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11",
        "reelworks status 0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11 --watch",
        "reelworks status 0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11 --json",
    ),
)
def status(
    file_ids: FileIds,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Stay, and show how they get on.")
    ] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show how videos stand: both processes, the place in the queue, what is done to them."""
    screen, each = choose(as_json=as_json), _Each()
    tell = screen.video if watch else partial(_answer, screen)
    with _client(url, None) as client, _interruptible(screen):
        for file_id in file_ids:
            each(file_id, partial(client.video, file_id), tell)
        if watch:
            _watch(client, screen, each)
    each.end()


def _answer(screen: Screen, video: Video) -> None:
    screen.done({"type": "video", **video.document}, "\n".join(account(video)))


@remote.command(
    rich_help_panel=_PANEL,
    epilog=examples(
        "reelworks fetch 0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11",
        "reelworks fetch 0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11 -o better.mov",
        "reelworks fetch 0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11 -o results/ --enhanced --metadata",
    ),
)
def fetch(
    file_ids: FileIds,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="A folder, in which nothing is replaced; or, for one result, its file.",
            show_default="this folder",
        ),
    ] = ".",
    enhanced: Annotated[bool, typer.Option("--enhanced", help="The enhanced video.")] = False,
    original: Annotated[bool, typer.Option("--original", help="What was uploaded.")] = False,
    metadata: Annotated[bool, typer.Option("--metadata", help="The metadata, JSON.")] = False,
    poster: Annotated[bool, typer.Option("--poster", help="A still, JPEG.")] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="A still before and after, JPEG.")
    ] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Fetch results of videos: the enhanced video, or what is named.

    A download that breaks off goes on where it was.
    """
    named = dict(zip(Result, (enhanced, original, metadata, poster, compare), strict=True))
    results = [result for result, is_named in named.items() if is_named] or [Result.ENHANCED]
    screen, each = choose(as_json=as_json), _Each()
    target = _target(output, len(results) * len(file_ids))
    with _client(url, None) as client:
        for file_id in file_ids:
            for result in results:
                fetch_one = partial(_fetch, client, screen, file_id, result, target)
                each(f"{file_id} {result}", fetch_one, partial(_fetched, screen, file_id, result))
    each.end()


def _target(output: str, results: int) -> Path:
    """Where results go. ``results/`` is a folder whether it is there or not."""
    if output == "-":
        raise SettingsError("--output names a file or a folder; nothing is written to a pipe.")
    target = Path(output)
    if output.endswith("/") or results > 1:
        target.mkdir(parents=True, exist_ok=True)
    return target


def _fetch(client: Client, screen: Screen, file_id: str, result: Result, target: Path) -> Path:
    with screen.moving("Fetching", f"{file_id} {result}") as tell:
        return client.fetch(file_id, result, target, on_progress=tell)


def _fetched(screen: Screen, file_id: str, result: Result, path: Path) -> None:
    size = path.stat().st_size
    row = {
        "type": "fetched",
        "file_id": file_id,
        "result": result,
        "path": str(path),
        "bytes": size,
    }
    screen.done(row, f"Wrote {printable(str(path))} ({in_bytes(size)})")


@remote.command(
    rich_help_panel=_PANEL,
    epilog=examples("reelworks cancel 0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11"),
)
def cancel(file_ids: FileIds, url: Url = None, as_json: AsJson = False) -> None:
    """Give up what is unfinished of videos; what is finished stays."""
    _act(file_ids, url, as_json, lambda client, file_id: client.cancel(file_id))


@remote.command(
    rich_help_panel=_PANEL,
    epilog=examples("reelworks retry 0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11"),
)
def retry(file_ids: FileIds, url: Url = None, as_json: AsJson = False) -> None:
    """Do again what failed of videos, or was cancelled."""
    _act(file_ids, url, as_json, lambda client, file_id: client.retry(file_id))


def _act(
    file_ids: list[str],
    url: str | None,
    as_json: bool,
    act: Callable[[Client, str], Video],
) -> None:
    screen, each = choose(as_json=as_json), _Each()
    with _client(url, None) as client:
        for file_id in file_ids:
            each(file_id, partial(act, client, file_id), partial(_answer, screen))
    each.end()


@remote.command(
    rich_help_panel=_PANEL,
    epilog=examples("reelworks delete 0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11"),
)
def delete(file_ids: FileIds, url: Url = None, as_json: AsJson = False) -> None:
    """Delete videos with everything that was made of them. There is no way back."""
    screen, each = choose(as_json=as_json), _Each()
    with _client(url, None) as client:
        for file_id in file_ids:
            each(file_id, partial(client.delete, file_id), partial(_deleted, screen, file_id))
    each.end()


def _deleted(screen: Screen, file_id: str, _: None) -> None:
    screen.done({"type": "deleted", "file_id": file_id}, f"Deleted {file_id}")


@remote.command(
    "list",
    rich_help_panel=_PANEL,
    epilog=examples(
        "reelworks list", "reelworks list --limit 100", "reelworks list --client-id me --json"
    ),
)
def list_videos(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Videos, at most.")] = 20,
    client_id: ClientId = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List your videos, newest first."""
    screen, video = choose(as_json=as_json), None
    with _client(url, client_id) as client:
        for video in islice(client.videos(), limit):
            text = listed(video, terminal_width())
            screen.done({"type": "video", **video.document}, text)
        if video is None and not as_json:
            sys.stderr.write(f"{printable(client.client_id)} has no videos here.\n")
