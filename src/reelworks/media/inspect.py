"""Extracts the metadata of one file without a server: the command line's way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reelworks.media.children.tools import Toolbox
from reelworks.media.measuring.measure import measure
from reelworks.media.measuring.metadata import describe
from reelworks.media.probing.check import check
from reelworks.media.probing.probe import probe


def inspect(tools: Toolbox, path: Path, on_progress: Callable[[float], None]) -> dict[str, Any]:
    """The metadata of a file, as the API gives it, with an empty ``file_id``.

    Args:
        on_progress: told the share of the pictures measured so far, 0 to 1.

    Raises:
        NotAVideo: the file holds no video that can be worked on.
        ChildFailed, ChildHung: a child process did not survive the file.
        OSError: the file is not there or cannot be read.
    """
    check(tools, path)
    found = probe(tools, path, count=True)
    pictures = max(1, found.pictures)
    measurement = measure(tools, path, found, lambda n: on_progress(min(1.0, n / pictures)))
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return describe(
        file_id="",
        filename=path.name,
        size_bytes=found.size_bytes,
        sha256=sha256,
        probe=found,
        measurement=measurement,
        enhancement=None,
    )
