"""Where an installation keeps its files: one folder that all share, or an object store."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from tests.buckets import S3Server
from tests.chaos.relay import Relay
from tests.chaos.rooms import Room

_SHARED_MEGABYTES, _OWN_MEGABYTES = 512, 128
_ON_THE_WAY = ("incoming", "scratch")
_RESULTS, _CHUNKS = "processed_videos/", "chunks/"


class Store(Protocol):
    """Where files are kept.

    Attributes:
        rooms: the disks that programs write to.
        server: who can be killed; None for a folder.
        wire: what connects programs to it; None for a folder.
        environment: variables of every program.
    """

    rooms: list[Room]
    server: S3Server | None
    wire: Relay | None
    environment: dict[str, str]

    def flags(self, number: int) -> list[str]:
        """The flags of the program with this number that say where its files are."""

    def kept(self) -> list[str]:
        """The keys of all files."""

    def end(self) -> None:
        """Remove everything."""


class SharedFolder:
    """One folder on one disk, for all programs."""

    server = None
    wire = None

    def __init__(self, folder: Path, _programs: int) -> None:
        self.environment: dict[str, str] = {}
        self.rooms = [Room(folder / "data", megabytes=_SHARED_MEGABYTES)]

    def flags(self, _number: int) -> list[str]:
        return ["--data-dir", str(self.rooms[0].folder)]

    def kept(self) -> list[str]:
        return self.rooms[0].files()

    def end(self) -> None:
        self.rooms[0].end()


class ObjectStore:
    """A real S3 server, and a small disk of its own for each program."""

    def __init__(self, folder: Path, programs: int) -> None:
        self.server = S3Server()
        self._url = self.server.create()
        there = urlsplit(self.server.environment["AWS_ENDPOINT_URL"])
        self.wire = Relay((str(there.hostname), int(there.port or 80)))
        endpoint = f"http://127.0.0.1:{self.wire.port}"
        self.environment = self.server.environment | {"AWS_ENDPOINT_URL": endpoint}
        self.rooms = [
            Room(folder / f"data-{number}", megabytes=_OWN_MEGABYTES) for number in range(programs)
        ]

    def flags(self, number: int) -> list[str]:
        return ["--data-dir", str(self.rooms[number].folder), "--storage-url", self._url]

    def kept(self) -> list[str]:
        return sorted(self.server.files(self._url))

    def end(self) -> None:
        self.wire.end()
        self.server.end()
        for room in self.rooms:
            room.end()


STORES = {"disk": SharedFolder, "s3": ObjectStore}


def published(store: Store) -> list[str]:
    """The names of all results."""
    return [key.removeprefix(_RESULTS) for key in store.kept() if key.startswith(_RESULTS)]


def leftovers(store: Store) -> list[str]:
    """Files that are not there any more when all is done."""
    found = [key for key in store.kept() if key.startswith(_CHUNKS)]
    for room in store.rooms:
        found += [name for name in room.files() if name.startswith(_ON_THE_WAY)]
    return found
