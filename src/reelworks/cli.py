"""The command line: flags in, plain sentences out, exit status 0, 1 or 2."""

from __future__ import annotations

import io
import os
import shutil
import sys
from typing import Annotated

import typer

from reelworks.commands.alone import alone, version
from reelworks.commands.flags import FAILED, INTERRUPTED, WRONG_USE
from reelworks.commands.remote import remote
from reelworks.commands.running import running
from reelworks.errors import NoThreads, ReelworksError, SettingsError
from reelworks.signals import unwind_when_told

# With fewer columns, the boxes around a command's help cut the names of its flags off.
_BOXES_NEED = 80

cli = typer.Typer(
    name="reelworks",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Upload a video, watch it being enhanced and measured live, fetch the results.",
)

for part in (running, remote, alone):
    cli.add_typer(part)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        version()
        raise typer.Exit


@cli.callback()
def _before_any_command(
    is_version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_say_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line. An error that a person can meet is one sentence on standard error; what
    Typer does not understand, it says itself, with how the command is used."""
    _have_descriptors()
    _spell_out_letters()
    unwind_when_told()
    has_room = shutil.get_terminal_size().columns >= _BOXES_NEED
    cli.rich_markup_mode = "markdown" if has_room else None
    try:
        cli()
    except KeyboardInterrupt:  # before a command has begun
        sys.exit(INTERRUPTED)
    except SettingsError as error:
        _fail(str(error), WRONG_USE)
    except ReelworksError as error:
        _fail(str(error), FAILED)
    except RuntimeError as error:
        if not NoThreads.is_meant(error):
            raise
        _fail(str(NoThreads()), FAILED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}.", FAILED)


def _have_descriptors() -> None:
    """Whoever started this may have closed standard input or output: what is opened next must not
    take their place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # It gets the lowest number that is free: this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def _spell_out_letters() -> None:
    """The encoding may lack a letter of a file's name: what was done must not be lost for that."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _fail(sentence: str, status: int) -> None:
    sys.stderr.write(f"reelworks: {sentence}\n")
    sys.exit(status)
