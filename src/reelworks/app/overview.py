"""The queue of a service, seen from outside."""

from __future__ import annotations

from reelworks.engine.database import is_made, open_database
from reelworks.engine.explaining import explained
from reelworks.engine.overview import Overview
from reelworks.errors import SettingsError
from reelworks.settings import Settings


def open_overview(settings: Settings) -> Overview:
    """The queue of a service that is there, running or not. Raises SettingsError for none."""
    url = settings.effective_database_url
    engine = open_database(url)
    if not is_made(engine):
        raise SettingsError(
            f"There is no database {engine.url.database}; "
            "name the service's own with --data-dir or --database-url."
        )
    with explained(engine), engine.connect():
        return Overview(engine)
