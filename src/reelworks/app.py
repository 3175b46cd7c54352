"""The composition root: puts the rooms together for each of the programs."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI
from prometheus_client import start_http_server

from reelworks.api.application import create_application
from reelworks.api.server import allow_many_files, server_config
from reelworks.api.service import Service
from reelworks.engine.catalogue import Catalogue
from reelworks.engine.changes import watch
from reelworks.engine.chunks import Chunks
from reelworks.engine.database import is_sqlite, migrate, open_database
from reelworks.engine.executor import WorkExecutor, Workflow
from reelworks.engine.explaining import explained
from reelworks.engine.interventions import Interventions
from reelworks.engine.leases import Executor, Leases
from reelworks.engine.overview import Overview
from reelworks.engine.queue import CHUNK, JOIN, Queue
from reelworks.engine.records import Records, knows_videos
from reelworks.engine.submission import Submission
from reelworks.engine.upkeep import Upkeep
from reelworks.errors import NoSpace, SettingsError, StorageError
from reelworks.events.hub import Hub
from reelworks.jobs.control import Control
from reelworks.jobs.enhancement import Enhancement
from reelworks.jobs.extraction import Extraction
from reelworks.jobs.housekeeping import Housekeeping
from reelworks.jobs.intake import Intake
from reelworks.jobs.spreading import Spreading
from reelworks.jobs.workshop import Workshop
from reelworks.media.children import forking
from reelworks.media.children.process import Children
from reelworks.media.children.tools import Toolbox, find_tools
from reelworks.model import ProcessType
from reelworks.settings import PREFIX, Settings
from reelworks.signals import hearing_signals, leave_when_told
from reelworks.storage.opening import open_storage
from reelworks.storage.room import Room
from reelworks.storage.store import Storage, try_out
from reelworks.supervise import KeptProcess
from reelworks.telemetry import instruments
from reelworks.telemetry.logs import configure_logging

log = logging.getLogger(__name__)

_GRACE_SECONDS = 3
_BACKLOG = 2048
# For how long an object store that is away is asked again. A client that uploads should hear of it;
# a worker has nothing better to do, and would have to do its work again.
_PATIENCE = timedelta(seconds=20)
_WORKERS_PATIENCE = timedelta(minutes=4)


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
        if is_sqlite(engine) and not Path(engine.url.database or "").is_file():
            return False
        with explained(engine):
            return knows_videos(engine)
    finally:
        engine.dispose()


def _try_out(storage: Storage) -> None:
    """A full disk stops nobody from starting: it gets room again, and until then it is waited for.

    Raises StorageError.
    """
    try:
        try_out(storage)
    except NoSpace as error:
        log.warning("starting all the same: %s", error)


def open_overview(settings: Settings) -> Overview:
    """The queue of a service that is there, running or not. Raises SettingsError for none."""
    url = settings.effective_database_url
    engine = open_database(url)
    if is_sqlite(engine) and not Path(engine.url.database or "").is_file():
        raise SettingsError(
            f"There is no database {engine.url.database}; "
            "name the service's own with --data-dir or --database-url."
        )
    with explained(engine), engine.connect():
        return Overview(engine)


def create_toolbox(settings: Settings) -> Toolbox:
    """The programs that media functions work with."""
    return find_tools(settings.ffmpeg, Children())


def create_api(base: Base, settings: Settings) -> FastAPI:
    """The API over an opened base."""
    records = base.records
    queue = Queue(base.engine)
    intake = Intake(
        base.storage,
        records,
        Submission(records, queue),
        base.tools,
        max_bytes=settings.max_upload,
        preset=settings.preset,
    )
    control = Control(records, base.storage, Interventions(records, queue))
    hub = Hub(records, watch(base.engine).changed)
    return create_application(
        Service(
            intake=intake,
            control=control,
            records=records,
            catalogue=Catalogue(records),
            overview=Overview(base.engine),
            storage=base.storage,
            hub=hub,
        ),
        origins=settings.origins,
    )


def run_api(settings: Settings) -> None:
    """Serve the API until a signal says to stop, with as many processes as the settings say."""
    configure_logging(settings.log_level, settings.log_format)
    listener = listen(settings)
    base = open_base(settings)
    if settings.processes == 1:
        _serve(create_server(create_api(base, settings), settings), listener, base.tools.children)
        return
    base.engine.dispose()
    _keep_serving(settings, listener)


def run_api_process(settings: Settings, descriptor: int) -> None:
    """Serve the API on a socket that the parent listens on, until a signal or the parent's end."""
    configure_logging(settings.log_level, settings.log_format)
    base = open_base(settings)
    listener = socket.socket(fileno=descriptor)
    server = create_server(create_api(base, settings), settings)
    _at_parents_end(_leave(server))
    _serve(server, listener, base.tools.children)


def _keep_serving(settings: Settings, listener: socket.socket) -> None:
    """Keep the processes of an API running until a signal says to stop.

    They share one listening socket: the kernel hands each connection to one that asks for it.
    """
    leaving = threading.Event()
    leave_when_told(leaving.set)
    # No two programs have the same: containers may share the folder, and have names of their own.
    name = "-".join(map(str, (socket.gethostname(), *listener.getsockname()[:2])))
    with instruments.counting_in(settings.data_dir / "metrics" / name) as metrics:
        processes = [
            KeptProcess(
                f"API process {number}",
                ("api", "--listener", str(listener.fileno())),
                environment(settings) | {instruments.MULTIPROCESS: str(metrics)},
                descriptors=(listener.fileno(),),
                on_end=partial(instruments.forget_process, folder=metrics),
            )
            for number in range(1, settings.processes + 1)
        ]
        for process in processes:
            process.start()
        leaving.wait()
        listener.close()
        for process in processes:  # all at once: each may take its grace
            process.ask_to_stop()
        for process in processes:
            process.stop()


def run_service(settings: Settings) -> None:
    """Serve the API and keep one worker running beside it, until a signal says to stop."""
    configure_logging(settings.log_level, settings.log_format)
    listener = listen(settings)
    base = open_base(settings)
    server = create_server(create_api(base, settings), settings)
    worker = KeptProcess(
        "worker",
        ("worker",),
        environment(settings),
        # A signal to all processes at once reaches the worker, too.
        is_leaving=lambda: server.should_exit,
    )
    worker.start()
    try:
        _serve(server, listener, base.tools.children)
    finally:
        worker.stop()


def run_worker(settings: Settings, *, leave_with_parent: bool = False) -> None:
    """Work through the queue until a signal says to stop, or the parent is gone. Never returns."""
    configure_logging(settings.log_level, settings.log_format)
    base = open_base(settings, patience=_WORKERS_PATIENCE)
    leaving = threading.Event()
    leave_when_told(leaving.set)
    if leave_with_parent:  # which hears of Ctrl-C, too, and says when to leave
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    base.tools.children.get_ready()
    serve_metrics(settings)
    executor = create_executor(base, settings, on_unfit=leaving.set)
    with explained(base.engine):
        executor.start()
    housekeeping = create_housekeeping(base, settings)
    housekeeping.start()
    log.info("worker %s is ready with %d slots", executor.identity.executor_id, settings.slots)
    if leave_with_parent:
        _at_parents_end(leaving.set)
    leaving.wait()
    base.tools.children.stop()
    housekeeping.end()
    executor.leave()
    base.storage.clear_scratch(executor.identity.executor_id)
    log.info("worker %s has left; its work goes on elsewhere", executor.identity.executor_id)
    end()


def create_executor(
    base: Base, settings: Settings, *, on_unfit: Callable[[], None]
) -> WorkExecutor:
    """The worker's engine with both workflows."""
    identity, leases = Executor.this_process(), Leases(base.engine)
    workshop = Workshop(
        records=base.records,
        storage=base.storage,
        tools=base.tools,
        owner=identity.executor_id,
        is_in_charge=lambda: leases.renew(identity),
    )
    spreading = Spreading(workshop, Chunks(base.records, Queue(base.engine)))
    workflows: dict[str, Workflow] = {
        ProcessType.VIDEO_ENHANCEMENT: Enhancement(workshop, spreading).run,
        ProcessType.METADATA_EXTRACTION: Extraction(workshop).run,
        CHUNK: spreading.encode,
        JOIN: spreading.join,
    }
    return WorkExecutor(
        base.engine,
        base.records,
        workflows,
        identity=identity,
        slots=settings.slots,
        stop_work=base.tools.children.stop_work,
        on_unfit=on_unfit,
        is_able=Room(settings.data_dir, reserve_bytes=settings.disk_reserve).is_there,
    )


def create_housekeeping(base: Base, settings: Settings) -> Housekeeping:
    """What clears away; each worker has it, one at a time does it."""
    queue = Queue(base.engine)
    return Housekeeping(
        Upkeep(base.records, queue),
        base.records,
        base.storage,
        Interventions(base.records, queue),
        keep_days=settings.keep_days,
    )


def environment(settings: Settings) -> dict[str, str]:
    """The settings as variables, for a child of this program."""
    values = settings.model_dump(exclude_none=True)
    return {PREFIX + name.upper(): str(value) for name, value in values.items()}


def listen(settings: Settings) -> socket.socket:
    """The socket to serve on. Raises SettingsError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        # At once: until one of them listens, two programs can be bound to the same port. Whoever
        # connects before we are ready waits.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}; "
            "stop what uses it, or choose another with --port."
        ) from error
    return listener


def address_of(host: str, port: int) -> str:
    """Where is served, as a browser takes it."""
    if host == "127.0.0.1":
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve_metrics(settings: Settings) -> None:
    """Serve what a worker counts, on a port of its own. Raises SettingsError for one in use."""
    if settings.metrics_port is None:
        return
    try:
        start_http_server(settings.metrics_port, settings.host, instruments.registry())
    except OSError as error:
        raise SettingsError(
            f"Cannot serve metrics on {settings.host} port {settings.metrics_port}: "
            f"{error.strerror}; choose another with --metrics-port."
        ) from error


def create_server(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """A server of an application; signals to stop are heard from now on."""
    config = server_config(
        app, access_log=settings.log_level == "debug", grace_seconds=_GRACE_SECONDS
    )
    server = uvicorn.Server(config)
    # Until the server has handlers of its own, and for what it has none for. It raises its signals
    # again after it has stopped; there is more to be done then.
    leave_when_told(_leave(server))
    return server


def _leave(server: uvicorn.Server) -> Callable[[], None]:
    return partial(setattr, server, "should_exit", True)


def _serve(server: uvicorn.Server, listener: socket.socket, children: Children) -> None:
    allow_many_files()
    children.get_ready()
    log.info("serving on %s", address_of(*listener.getsockname()[:2]))
    try:
        server.run(sockets=[listener])
    finally:
        children.stop()


def end() -> NoReturn:
    """End this process at once.

    Threads whose work was stopped may still be on their way out, or at a question to a database
    that stands still: nobody waits for them.
    """
    forking.leave()
    logging.shutdown()
    os._exit(0)


def _at_parents_end(leave: Callable[[], None]) -> None:
    """The parent holds the other end of standard input, which closes however it ends."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        leave()

    threading.Thread(target=wait, name="parent", daemon=True).start()
