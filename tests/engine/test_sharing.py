"""What a program does with the connections it has, where PostgreSQL lets it open no more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from reelworks.engine.database import open_database
from reelworks.engine.failing import translated
from reelworks.errors import EngineError
from tests.databases import PostgresServer

ASKING = 8


@pytest.fixture
def few(postgres: PostgresServer) -> Iterator[sa.Engine]:
    """As a user who is let in twice at a time."""
    url = sa.make_url(postgres.create())
    operator = open_database(url.render_as_string(hide_password=False))
    with operator.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE few LOGIN CONNECTION LIMIT 2")
    engine = open_database(url.set(username="few").render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with operator.begin() as connection:
        connection.exec_driver_sql("DROP ROLE few")
    operator.dispose()
    postgres.drop(url.render_as_string(hide_password=False))


def test_many_who_ask_at_once_share_what_connections_there_are(few: sa.Engine) -> None:
    together = threading.Barrier(ASKING)

    def ask(number: int) -> int:
        together.wait(20)
        with translated(), few.connect() as connection:
            answer: int = connection.exec_driver_sql(
                f"SELECT {number} FROM pg_sleep(0.1)"
            ).scalar_one()
        return answer

    with ThreadPoolExecutor(ASKING) as threads:
        assert list(threads.map(ask, range(ASKING))) == list(range(ASKING))


def test_who_waited_in_vain_is_told_that_no_connection_is_left(few: sa.Engine) -> None:
    brief = sa.create_engine(few.url, poolclass=type(few.pool), pool_timeout=0.1)
    with brief.connect(), brief.connect():
        _refused(brief)
    brief.dispose()


def test_who_has_no_connection_of_its_own_is_told_so_at_once(few: sa.Engine) -> None:
    others = open_database(few.url.render_as_string(hide_password=False))
    with others.connect(), others.connect():
        _refused(few)
    others.dispose()


def _refused(engine: sa.Engine) -> None:
    with pytest.raises(EngineError, match="no connection left"), translated():
        engine.connect()
