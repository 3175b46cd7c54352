"""The API: one process, or several that share a socket."""

from __future__ import annotations

import socket
import threading
from functools import partial

from fastapi import FastAPI

from reelworks.api.application import create_application
from reelworks.api.service import Service
from reelworks.app.base import Base, open_base
from reelworks.app.processes import at_parents_end, environment
from reelworks.app.server import create_server, leave, listen, serve
from reelworks.engine.catalogue import Catalogue
from reelworks.engine.changes import watch
from reelworks.engine.interventions import Interventions
from reelworks.engine.overview import Overview
from reelworks.engine.queue import Queue
from reelworks.engine.submission import Submission
from reelworks.events.hub import Hub
from reelworks.jobs.control import Control
from reelworks.jobs.intake import Intake
from reelworks.settings import Settings
from reelworks.signals import leave_when_told, wait_hearing_signals
from reelworks.supervise import KeptProcess
from reelworks.telemetry import instruments
from reelworks.telemetry.logs import configure_logging


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
        serve(create_server(create_api(base, settings), settings), listener, base.tools.children)
        return
    base.engine.dispose()
    _keep_serving(settings, listener)


def run_api_process(settings: Settings, descriptor: int) -> None:
    """Serve the API on a socket that the parent listens on, until a signal or the parent's end."""
    configure_logging(settings.log_level, settings.log_format)
    base = open_base(settings)
    listener = socket.socket(fileno=descriptor)
    server = create_server(create_api(base, settings), settings)
    at_parents_end(leave(server))
    serve(server, listener, base.tools.children)


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
        wait_hearing_signals(leaving)
        listener.close()
        for process in processes:  # all at once: each may take its grace
            process.ask_to_stop()
        for process in processes:
            process.stop()
