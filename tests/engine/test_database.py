"""Opening a database and bringing its tables up to date."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer
from threading import Event
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from reelworks.engine.database import check_connection, migrate, now_ms, open_database
from reelworks.engine.dispatch import Dispatcher
from reelworks.engine.explaining import shown
from reelworks.engine.leases import Leases
from reelworks.engine.overview import Overview
from reelworks.engine.records import Records
from reelworks.errors import EngineError, SettingsError
from reelworks.model import ProcessType, Status
from tests.databases import PostgresServer
from tests.videos import add_video
from tests.waiting import wait_for

_MIGRATE = """
import sys
from reelworks.engine.database import migrate, open_database
migrate(open_database(sys.argv[1]))
"""


def test_many_processes_may_make_the_tables_at_once(empty_url: str) -> None:
    command = [sys.executable, "-c", _MIGRATE, empty_url]
    programs = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(8)]
    for program in programs:
        _, said = program.communicate(timeout=120)
        assert program.returncode == 0, said.decode()
    engine = open_database(empty_url)
    records = Records(engine)
    assert records.is_known(add_video(records))
    engine.dispose()


def test_what_only_reads_takes_nothing_back(engine: sa.Engine) -> None:
    """With a rollback the driver forgets each statement that the server has prepared for it."""
    taken_back, looked = [], Event()
    event.listen(engine, "rollback", taken_back.append)

    def is_able() -> bool:
        looked.set()
        return True

    dispatcher = Dispatcher(
        engine, executor_id="me", version="1", slots=1, is_able=is_able, on_unfit=lambda: None
    )
    dispatcher.start()
    records, leases, overview = Records(engine), Leases(engine), Overview(engine)
    file_id = add_video(records)
    assert records.video(file_id)
    assert leases.held() == leases.at_work() == set()
    assert leases.lost() == []
    assert overview.workers() == overview.running(1) == []
    assert looked.wait(10)
    dispatcher.end()
    assert taken_back == []


def test_a_new_file_is_touched_by_one_process_at_a_time(tmp_path: Path) -> None:
    database, lock = tmp_path / "new.db", tmp_path / "new.db.lock"
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        program = subprocess.Popen([sys.executable, "-c", _MIGRATE, f"sqlite:///{database}"])
        opened = Path(f"/proc/{program.pid}/fd")
        wait_for(lambda: str(lock) in map(os.path.realpath, opened.iterdir()), "it to wait")
        assert not database.exists()
    assert program.wait(60) == 0


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_every_name_of_postgresql_means_the_same_driver(scheme: str) -> None:
    engine = open_database(f"{scheme}://user@host/name")
    assert engine.url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:se@cret@db.example.org:5432/reelworks",
        "postgresql://me:se@cret/too@db.example.org/reelworks?sslmode=require",
    ],
)
def test_a_password_that_is_not_written_as_a_url_wants_it_is_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="has an @ too many; write one") as refused:
        open_database(url)
    assert "cret" not in str(refused.value)


def test_an_at_sign_counts_as_the_database_s_own_where_it_is_written_as_one() -> None:
    url = open_database("postgresql://me:se%40cret@/a%40b?host=/run/a@b").url
    assert (url.password, url.database, url.query["host"]) == ("se@cret", "a@b", "/run/a@b")


@pytest.mark.parametrize(
    ("hosts", "host", "port"),
    [
        ("a:5433,b.example.org:5434", "a,b.example.org", "5433,5434"),
        ("a,b:5434", "a,b", ",5434"),
        ("[::1]:5433,[fd00::2]", "::1,fd00::2", "5433,"),
        ("a,b", "a,b", None),
        ("a:5433", "a", 5433),
    ],
)
def test_several_hosts_may_be_named_as_postgresql_s_own_programs_take_them(
    hosts: str, host: str, port: str | int | None
) -> None:
    engine = open_database(f"postgresql://me:a,b@{hosts}/name?target_session_attrs=read-write")
    _, given = engine.dialect.create_connect_args(engine.url)
    assert (given["host"], given.get("port")) == (host, port)
    assert (given["user"], given["password"], given["dbname"]) == ("me", "a,b", "name")
    assert given["target_session_attrs"] == "read-write"


def test_of_several_hosts_the_one_that_answers_is_used(postgres: PostgresServer) -> None:
    database = sa.make_url(postgres.create())
    there = quote(str(database.query["host"]), safe="")
    url = f"postgresql://postgres@%2Fnowhere:5433,{there}/{database.database}"
    engine = open_database(f"{url}?target_session_attrs=read-write")
    migrate(engine)  # the engine's own tables, too
    check_connection(engine)


def test_a_path_may_have_as_many_at_signs_as_it_likes(tmp_path: Path) -> None:
    path = tmp_path / "me@here" / "b@c" / "a@b.db"
    assert open_database(f"sqlite:///{path}").url.database == str(path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://u:secret@host/name",
        "postgresql://u:secret@host:port/name",
        "postgresql://u:secret@host:5432,other:port/name",
    ],
)
def test_a_url_that_is_not_understood_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="is not understood; it looks like") as refused:
        open_database(url)
    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there(unused_port: int) -> None:
    said = _said(f"postgresql://me:secret@127.0.0.1:{unused_port}/videos")
    assert said == (
        f"The database postgresql+psycopg://me:***@127.0.0.1:{unused_port}/videos does not answer:"
        " nothing listens there; start it, or mend the URL."
    )


class _Mute(BaseRequestHandler):
    """Ends every connection without a word, as what is no PostgreSQL does."""

    def handle(self) -> None:
        self.request.recv(100)


def test_a_server_that_is_another() -> None:
    with TCPServer(("127.0.0.1", 0), _Mute) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = _said(f"postgresql://me@127.0.0.1:{server.server_address[1]}/videos?sslmode=disable")
        server.shutdown()
    assert said.endswith(" failed: server closed the connection unexpectedly.")


def test_a_database_that_is_not_there(postgres: PostgresServer) -> None:
    said = _said(_with(postgres, database="nowhere"))
    assert 'cannot be used: database "nowhere" does not exist; create it' in said


def test_a_user_or_password_that_is_refused(postgres: PostgresServer) -> None:
    postgres.demand_passwords()
    try:
        for url in (_with(postgres, password="secret"), _with(postgres)):
            said = _said(url)
            assert "refuses the user or the password; mend the URL." in said
            assert "secret" not in said
    finally:
        postgres.trust()


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("role=pg_monitor", "cannot be used: permission denied for schema public; let the user"),
        ("search_path=nowhere", "cannot be used: no schema has been selected to create in; mend"),
        ("default_transaction_read_only=on", "can only be read, as a standby or by what its user"),
    ],
)
def test_a_database_that_cannot_be_written(
    postgres: PostgresServer, setting: str, expected: str
) -> None:
    url = sa.make_url(postgres.create()).update_query_dict({"options": f"-c {setting}"})
    with pytest.raises(SettingsError) as refused:
        migrate(open_database(url.render_as_string(hide_password=False)))
    assert expected in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


# Who is root may write to everything, unless he gives that up.
_POWERLESS = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()


@pytest.mark.skipif(shutil.which("setpriv") is None and bool(_POWERLESS), reason="no setpriv")
@pytest.mark.parametrize("command", ["worker", "doctor"])
def test_a_database_file_that_can_only_be_read_is_said_to_be(
    migrated: Path, tmp_path: Path, command: str
) -> None:
    path = Path(shutil.copy(migrated, tmp_path / "reelworks.db"))
    path.chmod(0o444)
    program = [*_POWERLESS, sys.executable, "-m", "reelworks", command, "--data-dir", str(tmp_path)]
    ended = subprocess.run(program, check=False, capture_output=True, text=True, timeout=60)
    assert f"The database {path} can only be read by the user" in ended.stdout + ended.stderr
    assert ended.returncode == (2 if command == "worker" else 1)


@pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="PgBouncer is not installed")
@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_a_pooler_that_lends_sessions_and_one_that_lends_transactions(
    postgres: PostgresServer, tmp_path: Path, unused_port: int, mode: str
) -> None:
    url = postgres.create()
    with pooled(url, tmp_path, unused_port, mode) as pooler:
        if mode == "session":
            check_connection(pooler)
        else:
            with pytest.raises(SettingsError, match="have it lend them for a session"):
                check_connection(pooler)
    postgres.drop(url)


@contextmanager
def pooled(url: str, folder: Path, port: int, mode: str) -> Iterator[sa.Engine]:
    """PgBouncer in front of a database."""
    database = sa.make_url(url)
    socket_folder = str(database.query["host"])
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n{database.database} = host={socket_folder} user=postgres\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\nauth_file = {settings}\npool_mode = {mode}\n"
    )
    # As the server's user: it refuses root, and the server's folder others.
    owner = Path(socket_folder).owner()
    with settings.open() as file:
        program = subprocess.Popen(
            ["pgbouncer", "-q", "/dev/stdin"], stdin=file, stderr=subprocess.PIPE, user=owner
        )
    engine = open_database(f"postgresql://postgres@127.0.0.1:{port}/{database.database}")
    try:
        wait_for(lambda: program.poll() is not None or listens(port), "PgBouncer to listen")
        yield engine
    finally:
        engine.dispose()
        program.kill()
        program.communicate()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_database_that_turns_into_a_standby_and_back(
    postgres: PostgresServer, template: str
) -> None:
    url = postgres.create(template)
    engine = open_database(url)
    records = Records(engine)
    file_id = add_video(records)
    postgres.let_write(url, is_allowed=False)
    engine.dispose()
    for refused in (records.check, lambda: add_video(records)):
        with pytest.raises(EngineError, match="can only be read"):
            refused()
    assert records.is_known(file_id)
    # No connection breaks.
    postgres.let_write(url, is_allowed=True)
    with pytest.raises(EngineError, match="can only be read"):
        add_video(records)
    records.check()
    add_video(records)
    engine.dispose()
    postgres.drop(url)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_lacks_letters(postgres: PostgresServer, encoding: str) -> None:
    url = postgres.create(f"template0 ENCODING '{encoding}' LOCALE 'C'")
    said = _said(url)
    assert f"cannot hold every file's name: its encoding is {encoding}; create one" in said


def test_every_letter_is_kept_whatever_a_role_speaks(postgres: PostgresServer) -> None:
    url = postgres.url.update_query_dict({"options": "-c client_encoding=LATIN1"})
    engine = open_database(url.render_as_string(hide_password=False))
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.literal("你好"))).scalar_one() == "你好"
    engine.dispose()


def test_who_waits_for_a_video_gets_it_however_strict_a_database_is(
    postgres: PostgresServer, template: str
) -> None:
    url = postgres.create(template)
    engine = open_database(url)
    name = engine.url.database
    _run(engine, f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    engine.dispose()
    records = Records(engine)
    video = add_video(records), ProcessType.METADATA_EXTRACTION

    def held() -> Status | None:
        with records.holding(*video) as status:
            return status

    def is_waited_for() -> bool:
        waiters = f"FROM pg_stat_activity WHERE datname = '{name}' AND wait_event_type = 'Lock'"
        with engine.connect() as connection:
            return connection.execute(sa.text(f"SELECT count(*) > 0 {waiters}")).scalar_one()

    with ThreadPoolExecutor() as pool:
        with records.holding(*video):
            waiting = pool.submit(held)
            wait_for(is_waited_for, "the other one to wait")
        assert waiting.result() is Status.PENDING
    engine.dispose()
    postgres.drop(url)


def test_an_option_of_the_url_that_nobody_knows(postgres: PostgresServer) -> None:
    url = postgres.url.update_query_dict({"frobnicate": "1"})
    said = _said(url.render_as_string(hide_password=False))
    assert said.endswith('invalid connection option "frobnicate"; mend the URL, or what it names.')


def test_a_server_without_connections_left(postgres: PostgresServer) -> None:
    url = postgres.create()
    engine = open_database(url)
    _run(engine, f"ALTER DATABASE {engine.url.database} CONNECTION LIMIT 0")
    role = f"role_{engine.url.database}"
    _run(engine, f"CREATE ROLE {role} LOGIN")
    engine.dispose()
    url = sa.make_url(url).set(username=role).render_as_string(hide_password=False)
    assert "has no connection left; let it have more, or run fewer programs." in _said(url)
    with pytest.raises(EngineError, match="The database has no connection left; let it have more"):
        Records(open_database(url)).now()


def test_tables_of_a_newer_release(engine: sa.Engine) -> None:
    _run(engine, "UPDATE alembic_version SET version_num = '9999_later'")
    with pytest.raises(SettingsError, match="has tables that this release does not know"):
        migrate(engine)


def test_a_password_is_never_shown() -> None:
    url = sa.make_url("postgresql://me:secret@host/name?password=secret&sslmode=require")
    assert shown(url) == "postgresql://me:***@host/name?sslmode=require"


def test_an_sqlite_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "reelworks.db").mkdir()
    with pytest.raises(SettingsError, match="does not answer: unable to open database file"):
        migrate(open_database(f"sqlite:///{tmp_path}/reelworks.db"))


def test_an_sqlite_file_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "reelworks.db").write_bytes(b"no database" * 1000)
    with pytest.raises(SettingsError, match="cannot be used: file is not a database; move it"):
        migrate(open_database(f"sqlite:///{tmp_path}/reelworks.db"))


def test_an_sqlite_file_that_is_damaged(migrated: Path, tmp_path: Path) -> None:
    damaged = bytearray(migrated.read_bytes())
    damaged[100:4096] = b"\xff" * 3996
    (tmp_path / "reelworks.db").write_bytes(damaged)
    with pytest.raises(SettingsError, match="cannot be used: database disk image is malformed"):
        migrate(open_database(f"sqlite:///{tmp_path}/reelworks.db"))


def test_the_clock_is_the_databases_own_in_utc(engine: sa.Engine) -> None:
    import time

    with engine.connect() as connection:
        now = connection.execute(sa.select(now_ms())).scalar_one()
    assert abs(now / 1000 - time.time()) < 5


def test_an_old_sqlite_counts_milliseconds_too(tmp_path: Path) -> None:
    """DBOS asks for them on Python 3.12 and later, whatever SQLite that came with."""
    engine = open_database(f"sqlite:///{tmp_path / 'new.db'}")
    with engine.begin() as connection:
        default = "DEFAULT (unixepoch('subsec') * 1000)"
        connection.exec_driver_sql(f"CREATE TABLE times (at INTEGER NOT NULL {default}, x TEXT)")
        connection.exec_driver_sql("INSERT INTO times (x) VALUES ('')")
        at = connection.exec_driver_sql("SELECT at FROM times").scalar_one()
        now = connection.execute(sa.select(now_ms())).scalar_one()
    engine.dispose()
    assert abs(now - at) < 1000


def test_what_the_url_says_of_the_connection_counts(postgres: PostgresServer) -> None:
    engine = open_database(_with(postgres, database="postgres") + "&application_name=mine")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar_one() == "mine"
    engine.dispose()


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _with(postgres: PostgresServer, **parts: str) -> str:
    return postgres.url.set(**parts).render_as_string(hide_password=False)


def _run(engine: sa.Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def _said(url: str) -> str:
    with pytest.raises(SettingsError) as error:
        check_connection(open_database(url))
    return str(error.value)
