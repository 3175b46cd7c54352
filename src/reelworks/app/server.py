"""The HTTP server of an API, and where it listens."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable
from functools import partial

import uvicorn
from fastapi import FastAPI

from reelworks.api.server import allow_many_files, server_config
from reelworks.errors import SettingsError
from reelworks.media.children.process import Children
from reelworks.settings import Settings
from reelworks.signals import leave_when_told

log = logging.getLogger(__name__)

_GRACE_SECONDS = 3
_NO_ADDRESS = "give an address of this machine with --host, or 0.0.0.0 for all of them."
_BACKLOG = 2048


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
        is_the_port = error.errno in (errno.EADDRINUSE, errno.EACCES)
        raise SettingsError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}; "
            + ("stop what uses it, or choose another with --port." if is_the_port else _NO_ADDRESS)
        ) from error
    return listener


def address_of(host: str, port: int) -> str:
    """Where is served, as a browser takes it."""
    if host == "127.0.0.1":
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def create_server(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """A server of an application; signals to stop are heard from now on."""
    config = server_config(
        app, access_log=settings.log_level == "debug", grace_seconds=_GRACE_SECONDS
    )
    server = uvicorn.Server(config)
    # Until the server has handlers of its own, and for what it has none for. It raises its signals
    # again after it has stopped; there is more to be done then.
    leave_when_told(leave(server))
    return server


def leave(server: uvicorn.Server) -> Callable[[], None]:
    """What asks a server to stop."""
    return partial(setattr, server, "should_exit", True)


def serve(server: uvicorn.Server, listener: socket.socket, children: Children) -> None:
    """Serve until a signal says to stop, with the children of uploads' checks at hand."""
    allow_many_files()
    children.get_ready()
    log.info("serving on %s", address_of(*listener.getsockname()[:2]))
    try:
        server.run(sockets=[listener])
    finally:
        children.stop()
