"""Shares the connections that a program has, where the server lets it open no more.

A server lets so many in, from all programs together. What a program needs more of at a peak is
opened in addition; where that is refused, one of its own is free again in a moment.
"""

from __future__ import annotations

import psycopg
import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util.queue import Empty

from reelworks.engine.failing import is_refused


class SharingPool(sa.QueuePool):
    """Waits for a connection of its own where no other can be had."""

    def _do_get(self) -> ConnectionPoolEntry:
        try:
            return super()._do_get()
        except psycopg.OperationalError as error:
            if not is_refused(str(error)) or self.checkedout() == 0:
                raise
            try:
                return self._pool.get(block=True, timeout=self._timeout)
            except Empty:
                raise error from None
