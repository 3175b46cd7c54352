"""A whole service on one machine: the API, and a worker beside it."""

from __future__ import annotations

from reelworks.app.api import create_api
from reelworks.app.base import open_base
from reelworks.app.numbers import serve_metrics
from reelworks.app.processes import environment
from reelworks.app.server import create_server, listen, serve
from reelworks.settings import Settings
from reelworks.supervise import KeptProcess
from reelworks.telemetry.logs import configure_logging


def run_service(settings: Settings) -> None:
    """Serve the API and keep one worker running beside it, until a signal says to stop."""
    configure_logging(settings.log_level, settings.log_format)
    listener = listen(settings)
    serve_metrics(settings)()  # the worker, which does, could only end and be started again
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
        serve(server, listener, base.tools.children)
    finally:
        worker.stop()
