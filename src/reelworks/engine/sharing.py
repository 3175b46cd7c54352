"""Shares the connections that a program has, where the server lets it open no more.

A server lets so many in, from all programs together. What a program needs more of at a peak is
opened in addition; where that is refused, one of its own is free again in a moment.
"""

from __future__ import annotations

import psycopg
import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util.queue import Empty

from reelworks.engine.failing import NO_CONNECTION_LEFT


class SharingPool(sa.QueuePool):
    """Waits for a connection of its own where no other can be had."""

    def _do_get(self) -> ConnectionPoolEntry:
        try:
            return super()._do_get()
        except psycopg.OperationalError as error:
            if not _is_refused(error) or self.checkedout() == 0:
                raise
            try:
                return self._pool.get(block=True, timeout=self._timeout)
            except Empty:
                raise error from None


def _is_refused(error: psycopg.OperationalError) -> bool:
    return any(sign in str(error) for sign in NO_CONNECTION_LEFT)
