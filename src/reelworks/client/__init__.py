"""A client of a running service: upload, follow live, fetch the results.

``Client`` blocks, ``AsyncClient`` is awaited; they have the same methods. Every error is a
``ReelworksError``, whose text is one sentence; where the service sent it, it is the service's own.
"""

from reelworks.client.async_client import AsyncClient
from reelworks.client.blocking import Client
from reelworks.client.nouns import Process, Result, Update, Video
from reelworks.errors import (
    BadRequest,
    Conflict,
    NoSpace,
    NotFound,
    ReelworksError,
    ServiceError,
    TooLarge,
    Unreachable,
)
from reelworks.model import ProcessType, Status

__all__ = [
    "AsyncClient",
    "BadRequest",
    "Client",
    "Conflict",
    "NoSpace",
    "NotFound",
    "Process",
    "ProcessType",
    "ReelworksError",
    "Result",
    "ServiceError",
    "Status",
    "TooLarge",
    "Unreachable",
    "Update",
    "Video",
]
