"""Who asks whether anything changed may be told to stop at any moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from reelworks.engine.changes import watch
from reelworks.engine.database import open_database
from reelworks.engine.records import Records
from tests.databases import PostgresServer
from tests.waiting import wait_for


def test_closing_waits_for_a_question_and_ends_all_further_ones(records: Records) -> None:
    with ThreadPoolExecutor(1) as pool:
        for _ in range(30):
            changes = watch(records.engine)
            asked = pool.submit(changes.changed)
            changes.close()
            assert asked.result() in (True, False)
            assert changes.changed() is False
            changes.close()


def test_whoever_listens_stays_where_idle_sessions_are_ended(postgres: PostgresServer) -> None:
    url = postgres.create()
    postgres.end_idle_sessions(url)
    engine = open_database(url)
    changes = watch(engine)
    try:
        changes.changed()
        listening = wait_for(lambda: postgres.sessions(url, "LISTEN"), "it to listen")
        with engine.connect() as other:
            other.exec_driver_sql("SELECT 1")
            other.rollback()
            wait_for(lambda: postgres.sessions(url) == listening, "the other to be ended")
        assert postgres.sessions(url, "LISTEN") == listening
    finally:
        changes.close()
        engine.dispose()
        postgres.drop(url)
