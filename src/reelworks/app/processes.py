"""How the processes of a service hang together: what a child is told, and how each ends."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from reelworks.media.children import forking
from reelworks.settings import PREFIX, Settings
from reelworks.storage import arriving


def environment(settings: Settings) -> dict[str, str]:
    """The settings as variables, for a child of this program."""
    values = settings.model_dump(exclude_none=True)
    return {PREFIX + name.upper(): str(value) for name, value in values.items()}


def end(status: int = 0) -> NoReturn:
    """End this process at once.

    Threads whose work was stopped may still be on their way out, or at a question to a database
    that stands still: nobody waits for them.

    Args:
        status: 0 where it was told to end; 1 where it could not go on, and is to be started anew.
    """
    forking.leave()
    arriving.see_off()
    logging.shutdown()
    os._exit(status)


def at_parents_end(leave: Callable[[], None]) -> None:
    """The parent holds the other end of standard input, which closes however it ends."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        leave()

    threading.Thread(target=wait, name="parent", daemon=True).start()
