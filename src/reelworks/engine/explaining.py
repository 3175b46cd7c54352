"""Says in one sentence what is wrong with a database, to whoever starts a program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from reelworks.engine.failing import is_refused, last_words
from reelworks.errors import SettingsError

# How libpq begins to say that there is nobody to talk to.
_NOBODY_THERE = (
    "Connection refused",
    "No such file or directory",
    "could not translate host name",
    "failed to resolve host",
    "timeout expired",
    "No route to host",
)
_WRONG_USER = ("password authentication failed", "no password supplied")
# How SQLite says that a file is none of its own, or is damaged.
_NO_DATABASE = ("file is not a database", "database disk image is malformed")


@contextmanager
def explained(engine: sa.Engine) -> Iterator[None]:
    """A database that does not answer, or not as it should, in words that say what to mend.

    Raises SettingsError.
    """
    try:
        yield
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        raise SettingsError(_explanation(engine.url, error)) from error


def shown(url: sa.URL) -> str:
    """A database's URL for a person: without its password, wherever that is."""
    query = {name: value for name, value in url.query.items() if name != "password"}
    return url.set(query=query).render_as_string(hide_password=True)


def _explanation(url: sa.URL, error: sa.exc.DBAPIError | sa.exc.TimeoutError) -> str:
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else None
    said = str(cause or error).strip()
    name = f"The database {shown(url)}"
    if any(phrase in said for phrase in _NOBODY_THERE):
        return f"{name} does not answer: nothing listens there; start it, or mend the URL."
    if any(phrase in said for phrase in _WRONG_USER):
        return f"{name} refuses the user or the password; mend the URL."
    if is_refused(said):
        return f"{name} has no connection left; let it have more, or run fewer programs."
    if any(phrase in said for phrase in _NO_DATABASE):
        return f"{name} cannot be used: {said}; move it away, or bring a copy back."
    if url.get_backend_name() == "postgresql" and "FATAL:" in said and "does not exist" in said:
        reason = said.splitlines()[0].rpartition("FATAL:")[2].strip().rstrip(".")
        return f"{name} cannot be used: {reason}; create it, or mend the URL."
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return f"{name} cannot be used: {_primary(cause)}; let the user do that, or mend the URL."
    if isinstance(cause, psycopg.Error) and not isinstance(cause, psycopg.OperationalError):
        return f"{name} cannot be used: {_primary(cause)}; mend the URL, or what it names."
    return f"{name} does not answer: {last_words(said)}."


def _primary(error: psycopg.Error) -> str:
    """The first thing that is said, without the statement that it is about."""
    return (error.diag.message_primary or str(error).splitlines()[0]).rstrip(".")
