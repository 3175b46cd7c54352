"""Where a worker serves what it counts."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import start_http_server

from reelworks.errors import SettingsError
from reelworks.settings import Settings
from reelworks.telemetry import instruments


def serve_metrics(settings: Settings) -> Callable[[], None]:
    """Serve what a worker counts, on a port of its own; returns what ends that.

    Raises:
        SettingsError: the port is in use.
    """
    if settings.metrics_port is None:
        return lambda: None
    try:
        server, _ = start_http_server(settings.metrics_port, settings.host, instruments.registry())
    except OSError as error:
        raise SettingsError(
            f"Cannot serve metrics on {settings.host} port {settings.metrics_port}: "
            f"{error.strerror}; choose another with --metrics-port."
        ) from error

    def end_serving() -> None:
        server.shutdown()
        server.server_close()

    return end_serving
