"""What is written down of videos and their processes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from reelworks.engine.database import migrate, open_database
from reelworks.engine.failing import translated
from reelworks.engine.records import Records
from reelworks.engine.tables import processes
from reelworks.errors import DatabaseFull, EngineError, NotFound, StorageError
from reelworks.model import ProcessType, Status
from tests.videos import add_video, new_video
from tests.waiting import wait_for

ENHANCEMENT = ProcessType.VIDEO_ENHANCEMENT


def test_a_database_file_that_is_damaged_in_use_is_said_to_be(
    migrated: Path, tmp_path: Path
) -> None:
    database = tmp_path / "reelworks.db"
    shutil.copy(migrated, database)
    records = Records(open_database(f"sqlite:///{database}"))
    file_id = add_video(records)
    records.engine.dispose()
    with database.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (database.stat().st_size - 100))
    for ask in (records.check, lambda: records.video(file_id), lambda: add_video(records)):
        with pytest.raises(EngineError, match=r"cannot be read: .* malformed; mend its disk"):
            ask()
    records.engine.dispose()


def test_a_new_video_has_two_pending_processes(records: Records) -> None:
    file_id = add_video(records)
    for kind in ProcessType:
        process = records.process(file_id, kind)
        assert (process.status, process.progress, process.error) == (Status.PENDING, 0, None)
        assert process.client_id == "me"
        assert process.started_at is None


def test_a_full_disk_is_told_from_a_database_that_is_away(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'small.db'}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 3")
        connection.exec_driver_sql("CREATE TABLE filled (content TEXT)")
        with pytest.raises(DatabaseFull, match="no room left"), translated():
            connection.exec_driver_sql("INSERT INTO filled VALUES (hex(zeroblob(100000)))")


def test_a_database_that_lost_its_tables_does_not_answer(
    engine: sa.Engine, records: Records
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE videos RENAME TO away")
    with pytest.raises(EngineError, match=r"does not answer|is not what it was: relation"):
        records.is_known("")


def test_a_database_file_that_was_removed_or_replaced_is_missed(
    migrated: Path, tmp_path: Path
) -> None:
    path, away = tmp_path / "reelworks.db", tmp_path / "away"
    shutil.copyfile(migrated, path)
    engine = open_database(f"sqlite:///{path}")
    records = Records(engine)
    file_id = add_video(records)
    path.rename(away)
    for _ in range(2):  # by a connection that is open, and by a new one
        with pytest.raises(EngineError, match=f"{path} was removed or replaced"):
            records.is_known(file_id)
    assert not path.exists()
    shutil.copyfile(migrated, path)
    with pytest.raises(EngineError, match="bring it back, or start the service again"):
        records.is_known(file_id)
    away.rename(path)
    assert records.is_known(file_id)
    engine.dispose()


def test_what_is_wrong_with_a_database_file_is_said(migrated: Path) -> None:
    engine = open_database(f"sqlite:///{migrated}")
    sa.event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA query_only=ON"))
    with pytest.raises(EngineError, match=r"not answer: attempt to write a readonly database\."):
        Records(engine).fail("id", ENHANCEMENT, "It broke.")
    engine.dispose()


def test_times_are_utc_and_now(records: Records) -> None:
    process = records.process(add_video(records), ENHANCEMENT)
    assert process.updated_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - process.updated_at) < timedelta(seconds=5)


def test_progress_never_goes_back(records: Records) -> None:
    file_id = add_video(records)
    records.begin(file_id, ENHANCEMENT)
    records.advance(file_id, ENHANCEMENT, 40)
    records.advance(file_id, ENHANCEMENT, 30)
    records.begin(file_id, ENHANCEMENT)  # another worker has taken over
    assert records.process(file_id, ENHANCEMENT).progress == 40


def test_a_second_begin_keeps_the_first_ones_time(records: Records) -> None:
    file_id = add_video(records)
    records.begin(file_id, ENHANCEMENT)
    first = records.process(file_id, ENHANCEMENT).started_at
    records.begin(file_id, ENHANCEMENT)
    assert records.process(file_id, ENHANCEMENT).started_at == first


def test_a_final_process_stays_as_it_is(records: Records) -> None:
    file_id = add_video(records)
    records.complete(file_id, ENHANCEMENT)
    records.begin(file_id, ENHANCEMENT)
    records.fail(file_id, ENHANCEMENT, "too late")
    process = records.process(file_id, ENHANCEMENT)
    assert (process.status, process.progress, process.error) == (Status.COMPLETED, 100, None)


def test_one_process_failing_does_not_touch_the_other(records: Records) -> None:
    file_id = add_video(records)
    records.fail(file_id, ENHANCEMENT, "It broke.")
    assert records.process(file_id, ENHANCEMENT).error == "It broke."
    assert records.process(file_id, ProcessType.METADATA_EXTRACTION).status is Status.PENDING


@pytest.mark.parametrize(
    "wrong",
    [
        {"progress": 100},
        {"progress": 101},
        {"status": "completed"},
        {"error": "without having failed"},
        {"status": "failed"},
    ],
)
def test_the_database_itself_refuses_a_dishonest_state(
    records: Records, wrong: dict[str, object]
) -> None:
    add_video(records)
    with pytest.raises(sa.exc.IntegrityError), records.engine.begin() as connection:
        connection.execute(processes.update().values(**wrong))


def test_an_unknown_file_is_not_found(records: Records) -> None:
    with pytest.raises(NotFound, match="no file nope"):
        records.process("nope", ENHANCEMENT)
    with pytest.raises(NotFound, match="no file nope"):
        records.video("nope")


def test_the_first_plan_counts(records: Records) -> None:
    file_id = add_video(records)
    assert records.plan(file_id) is None
    assert records.keep_plan(file_id, "first") == "first"
    assert records.keep_plan(file_id, "second") == "first"


def test_unfinished_are_a_clients_own(records: Records) -> None:
    mine, others = add_video(records), add_video(records, client_id="you")
    records.complete(mine, ENHANCEMENT)
    (left,) = records.unfinished(["me"])
    assert (left.file_id, left.process_type) == (mine, ProcessType.METADATA_EXTRACTION)
    assert {process.file_id for process in records.unfinished(["you"])} == {others}


def test_changes_are_found_since_a_time(records: Records) -> None:
    file_id = add_video(records)
    since = records.now() + 1
    assert records.changed_since(since) == []
    while records.now() < since:
        pass
    records.begin(file_id, ENHANCEMENT)
    (changed,) = records.changed_since(since)
    assert changed.status is Status.PROCESSING


def test_the_known_are_told_from_the_unknown(records: Records) -> None:
    file_id = add_video(records)
    assert records.is_known(file_id)
    assert not records.is_known("stranger")


def test_migrating_twice_changes_nothing(records: Records) -> None:
    file_id = add_video(records)
    migrate(records.engine)
    assert records.video(file_id).filename == "clip.mp4"


def test_wishes_are_kept(records: Records) -> None:
    wishing = replace(new_video(), preset="vivid", options='{"denoise": 1}')
    with records.writing() as connection:
        records.add(connection, wishing)
    video = records.video(wishing.file_id)
    assert (video.preset, video.options) == ("vivid", '{"denoise": 1}')


def test_a_database_from_before_the_wishes_goes_on_and_counts_as_the_defaults(
    tmp_path: Path,
) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/reelworks.db")
    file_id = "5f0c1b52-0000-4000-8000-3a5d2c6b7f10"
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "reelworks.engine:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO videos (file_id, filename, source_key, size_bytes, sha256, created_at)"
            " VALUES (?, 'old.mp4', 'uploads/old', 1, '', 1)",
            (file_id,),
        )
        connection.exec_driver_sql(
            "INSERT INTO processes"
            " (file_id, process_type, status, progress, created_at, updated_at)"
            " VALUES (?, 'video_enhancement', 'processing', 40, 1, 1)",
            (file_id,),
        )

    migrate(engine)

    records = Records(engine)
    video = records.video(file_id)
    assert (video.filename, video.preset, video.options) == ("old.mp4", "auto", "{}")
    assert records.process(file_id, ENHANCEMENT).progress == 40
    assert records.keep_plan(file_id, "a plan") == "a plan"
    assert records.video(add_video(records)).filename == "clip.mp4"
    engine.dispose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_a_transaction_waited_for_in_vain_is_told_not_that_it_was_thrown_out(
    records: Records,
) -> None:
    def wait_in_vain(connection: sa.Connection) -> None:
        throw_out(records, connection)
        raise StorageError("It is away.")

    with pytest.raises(StorageError, match="It is away"), records.writing() as connection:
        wait_in_vain(connection)
    add_video(records)  # the connection is another one


def throw_out(records: Records, connection: sa.Connection) -> None:
    """End a connection as the server does where a transaction stands still for too long."""
    number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    its_own = f"FROM pg_stat_activity WHERE pid = {number}"
    asked(records, f"SELECT pg_terminate_backend(pid) {its_own}")
    wait_for(lambda: not asked(records, f"SELECT pid {its_own}"), "it to be out")


def asked(records: Records, query: str) -> list[tuple[object, ...]]:
    with records.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_the_migrations_make_the_tables_that_the_queries_expect(engine: sa.Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from reelworks.engine.tables import metadata

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables},
        )
        assert compare_metadata(context, metadata) == []
