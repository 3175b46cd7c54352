"""Checks that a machine has what Reelworks needs, and says in words what is missing."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from reelworks import __version__
from reelworks.engine.database import check_connection, open_database
from reelworks.engine.explaining import shown
from reelworks.errors import ReelworksError, SettingsError
from reelworks.media.children.landlock import landlock_version
from reelworks.media.children.process import Children, collect
from reelworks.media.children.tools import Toolbox, find_tools
from reelworks.settings import Settings
from reelworks.storage.opening import open_storage
from reelworks.storage.store import try_out

_PATIENCE = timedelta(seconds=3)
_NEEDED = {
    "encoders": ("libx264", "libx265", "libvpx-vp9", "libsvtav1", "aac", "libopus"),
    "filters": (
        "bwdif",
        "yadif",
        "fieldmatch",
        "pad",
        "blend",
        "atadenoise",
        "nlmeans",
        "bilateral",
        "fftdnoiz",
        "spp",
        "deblock",
        "lutyuv",
        "colorcorrect",
        "unsharp",
        "scale",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    good: bool
    text: str


def examine(settings: Settings) -> list[Finding]:
    """Everything that was checked, in the order in which one would mend it."""
    return [
        Finding(True, f"Reelworks {__version__} on Python {platform.python_version()}"),
        *_ffmpeg(settings),
        _confinement(),
        _data_folder(settings),
        _database(settings),
        *_object_store(settings),
    ]


def _ffmpeg(settings: Settings) -> Iterator[Finding]:
    try:
        tools = find_tools(settings.ffmpeg, Children())
        version = _ask(tools, "-version").split(" Copyright")[0]
    except ReelworksError as error:
        yield Finding(False, str(error))
        return
    yield Finding(True, f"{version} ({tools.ffmpeg})")
    for kind, names in _NEEDED.items():
        there = set(_ask(tools, f"-{kind}").split())
        missing = [name for name in names if name not in there]
        found = f"all {kind} needed are there"
        yield Finding(not missing, f"FFmpeg lacks the {kind} {missing}" if missing else found)
    probe = f"ffprobe ({tools.ffprobe})" if tools.ffprobe else "no ffprobe; libav serves instead"
    yield Finding(True, probe)


def _confinement() -> Finding:
    version = landlock_version()
    if version == 0:
        return Finding(True, "no Landlock in this kernel; only allow-lists hold crafted files back")
    return Finding(True, f"child processes see only their own files (Landlock {version})")


def _ask(tools: Toolbox, question: str) -> str:
    answer = bytearray()
    tools.children.run([str(tools.ffmpeg), "-hide_banner", question], collect(answer))
    return answer.decode(errors="replace")


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Finding(False, f"the data folder {folder} cannot be written: {error.strerror}")
    free = shutil.disk_usage(folder).free
    text = f"data folder {folder}, {free / 1e9:.1f} GB free"
    if free <= settings.disk_reserve:
        return Finding(False, f"{text}: less than the reserve of {settings.disk_reserve:,} bytes")
    return Finding(True, text)


def _database(settings: Settings) -> Finding:
    try:
        engine = open_database(settings.effective_database_url)
        check_connection(engine)
    except SettingsError as error:
        return Finding(False, str(error))
    return Finding(True, f"database {shown(engine.url)}")


def _object_store(settings: Settings) -> Iterator[Finding]:
    """Write, read and remove a small file, as the service will."""
    if settings.storage_url is None:
        return
    try:
        storage = open_storage(
            settings.storage_url,
            settings.data_dir,
            reserve_bytes=0,
            cache_bytes=0,
            largest_bytes=settings.max_upload,
            has_links=False,
            patience=_PATIENCE,
        )
        try_out(storage)
    except ReelworksError as error:
        yield Finding(False, str(error))
        return
    yield Finding(True, f"object store {settings.storage_url}")
