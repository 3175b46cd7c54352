"""What a PostgreSQL that fails in use is said to be; the reason, without names."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from reelworks.engine.database import open_database
from reelworks.engine.failing import translated, without_statement
from reelworks.errors import EngineError
from tests.databases import PostgresServer


@pytest.fixture
def engine(postgres: PostgresServer) -> Iterator[sa.Engine]:
    """On a database of its own, with nothing in it."""
    url = postgres.create()
    engine = open_database(url)
    yield engine
    engine.dispose()
    postgres.drop(url)


def test_a_limit_that_the_operator_has_set_is_named(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("SET statement_timeout = 20")
        assert _said(connection, "SELECT pg_sleep(20)") == (
            "The database does not answer: canceling statement due to statement timeout; try again."
        )


def test_who_waited_for_a_row_is_told_that_alone(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE secrets (id INTEGER)")
        connection.exec_driver_sql("INSERT INTO secrets VALUES (1)")
    with engine.begin() as holder, engine.connect() as waiting:
        holder.exec_driver_sql("UPDATE secrets SET id = 2")
        waiting.exec_driver_sql("SET lock_timeout = 20")
        assert _said(waiting, "UPDATE secrets SET id = 3") == (
            "The database does not answer: canceling statement due to lock timeout; try again."
        )


def test_an_operator_who_ended_the_connection_is_named(engine: sa.Engine) -> None:
    with engine.connect() as connection, engine.connect() as other:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 10000)")
        assert "due to administrator command; try again" in _said(connection, "SELECT 1")


def test_a_server_that_lets_nobody_in_any_more_is_told_without_names(engine: sa.Engine) -> None:
    names = engine.url.set(username="stranger")
    stranger = open_database(names.render_as_string(hide_password=False))
    with pytest.raises(EngineError) as error, translated(), stranger.connect():
        pass
    assert str(error.value) == "The database does not answer: role … does not exist; try again."


def test_a_server_that_is_not_there_is_told_without_its_address() -> None:
    engine = open_database("postgresql://me@127.0.0.1:1/videos")
    with pytest.raises(EngineError) as error, translated(), engine.connect():
        pass
    assert str(error.value) == "The database does not answer: Connection refused; try again."


def test_connections_that_are_all_in_use_are_no_fault_of_the_server(engine: sa.Engine) -> None:
    held = sa.create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=0)
    with held.connect(), pytest.raises(EngineError) as error, translated(), held.connect():
        pass
    held.dispose()
    assert re.search("answer: all connections of this program are in use; try", str(error.value))


def test_an_error_is_told_in_a_line_without_what_the_database_was_asked(engine: sa.Engine) -> None:
    with engine.connect() as connection, pytest.raises(sa.exc.ProgrammingError) as error:
        connection.exec_driver_sql("SELECT 'all that is known'\n FROM none")
    assert without_statement(error.value) == 'relation "none" does not exist'


def _said(connection: sa.Connection, statement: str) -> str:
    with pytest.raises(EngineError) as error, translated():
        connection.exec_driver_sql(statement)
    return str(error.value)
