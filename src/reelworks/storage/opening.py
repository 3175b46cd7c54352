"""Opens the store that a URL names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from reelworks.errors import SettingsError
from reelworks.storage.bucket import Bucket
from reelworks.storage.local import LocalStorage
from reelworks.storage.objects import ObjectStorage
from reelworks.storage.room import Room
from reelworks.storage.store import Storage
from reelworks.storage.workplace import Workplace


def open_storage(
    url: str | None,
    data_dir: Path,
    *,
    reserve_bytes: int,
    cache_bytes: int,
    largest_bytes: int,
    has_links: bool,
    patience: timedelta,
    is_in_use: Callable[[], bool] = lambda: False,
) -> Storage:
    """The store of a service. Nobody is asked anything before it is used.

    Args:
        url: ``s3://bucket/prefix``; None for the data dir itself.
        data_dir: where things are while they are under way, and what was fetched.
        reserve_bytes: room on its disk that is left free.
        cache_bytes: how much of what was fetched is kept there.
        largest_bytes: the longest upload.
        has_links: whether clients fetch results from an object store itself.
        patience: for how long an object store that is away is asked again.
        is_in_use: whether the data dir should have uploads in it; asked where it has none.

    Raises:
        SettingsError: the URL is wrong, or the folder cannot be used, or is not the right one.
    """
    try:
        if url is None:
            return LocalStorage(data_dir, reserve_bytes=reserve_bytes, is_in_use=is_in_use)
        bucket = Bucket(url, patience=patience, largest_bytes=largest_bytes)
        workplace = Workplace(data_dir, reserve_bytes=reserve_bytes)
        room = Room(workplace.root, reserve_bytes=reserve_bytes)
        return ObjectStorage(bucket, workplace, room, cache_bytes=cache_bytes, has_links=has_links)
    except OSError as error:
        raise SettingsError(
            f"The data folder {data_dir} cannot be used: {error.strerror}."
        ) from error
