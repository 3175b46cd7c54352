"""What every program of the service stands on: database, store and tools, opened."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import sqlalchemy as sa

from reelworks.app.toolbox import create_toolbox
from reelworks.engine.database import is_made, migrate, open_database
from reelworks.engine.explaining import explained
from reelworks.engine.leases import Leases
from reelworks.engine.records import Records, knows_videos
from reelworks.errors import NoSpace, SettingsError, StorageError
from reelworks.media.children.tools import Toolbox
from reelworks.settings import Settings
from reelworks.signals import hearing_signals
from reelworks.storage.opening import open_storage
from reelworks.storage.store import Storage, try_out

log = logging.getLogger(__name__)

# For how long an object store that is away is asked again. A client that uploads should hear of it.
_PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """What every program of the service stands on."""

    engine: sa.Engine
    records: Records
    storage: Storage
    tools: Toolbox


def open_base(settings: Settings, *, patience: timedelta = _PATIENCE) -> Base:
    """Open the store and the database, bring its tables up to date, clear away leftovers.

    Args:
        patience: for how long an object store that is away is asked again.
    """
    tools = create_toolbox(settings)
    storage = create_storage(settings, patience)
    engine = open_database(settings.effective_database_url)
    migrate(engine)
    records = Records(engine)

    def make_ready() -> None:
        if settings.storage_url is not None:
            _glance(storage)
        _try_out(storage)
        with explained(engine):
            storage.sweep(is_known=records.is_known, owners=Leases(engine).at_work)

    try:
        hearing_signals(make_ready)  # an object store that is away is asked again for minutes
    except StorageError as error:
        raise SettingsError(str(error)) from error
    return Base(engine=engine, records=records, storage=storage, tools=tools)


def create_storage(settings: Settings, patience: timedelta) -> Storage:
    """The store that the settings name. Raises SettingsError."""
    return open_storage(
        settings.storage_url,
        settings.data_dir,
        reserve_bytes=settings.disk_reserve,
        cache_bytes=settings.cache_size,
        largest_bytes=settings.max_upload,
        has_links=settings.redirect_results,
        patience=patience,
        is_in_use=partial(_knows_videos, settings),
    )


def _knows_videos(settings: Settings) -> bool:
    """Whether the database has videos already. Raises SettingsError where it does not answer."""
    engine = open_database(settings.effective_database_url)
    try:
        if not is_made(engine):
            return False
        with explained(engine):
            return knows_videos(engine)
    finally:
        engine.dispose()


def _glance(storage: Storage) -> None:
    """Say at once what is wrong: what answers later is waited for, for minutes by a worker."""
    try:
        storage.check()
    except StorageError as error:
        log.warning("waiting for the store: %s", error)


def _try_out(storage: Storage) -> None:
    """A full disk stops nobody from starting: it gets room again, and until then it is waited for.

    Raises StorageError.
    """
    try:
        try_out(storage)
    except NoSpace as error:
        log.warning("starting all the same: %s", error)
