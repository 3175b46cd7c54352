"""DBOS's table of workflows, as far as it is read here; it is never written."""

from __future__ import annotations

import sqlalchemy as sa

from reelworks.engine.database import is_sqlite
from reelworks.engine.queue import QUEUE

workflows = sa.Table(
    "workflow_status",
    sa.MetaData(),
    sa.Column("workflow_uuid", sa.Text),
    sa.Column("status", sa.Text),
    sa.Column("executor_id", sa.Text),
    # Which claim of its executor it was begun by.
    sa.Column("owner_xid", sa.Text),
    sa.Column("queue_name", sa.Text),
    sa.Column("queue_partition_key", sa.Text),
    sa.Column("priority", sa.Integer),
    sa.Column("created_at", sa.BigInteger),
    sa.Column("started_at_epoch_ms", sa.BigInteger),
    sa.Column("recovery_attempts", sa.BigInteger),
    sa.Column("completed_at", sa.BigInteger),
    sa.Column("name", sa.Text),
    schema="dbos",
)
is_queued = workflows.c.status == "ENQUEUED"
is_claimed = workflows.c.status == "PENDING"


def seeing_workflows(engine: sa.Engine) -> sa.Engine:
    """The engine, finding the table where it is: on PostgreSQL in a schema of its own."""
    return engine.execution_options(
        schema_translate_map={"dbos": None if is_sqlite(engine) else "dbos"}
    )


def in_queue(engine: sa.Engine, status: str) -> list[sa.ColumnElement[bool]]:
    """Work of clients in the queue, ENQUEUED or PENDING: in literal words, so that the engine's
    partial index is used."""
    told = [
        workflows.c.queue_name == sa.literal_column(f"'{QUEUE}'"),
        workflows.c.status == sa.literal_column(f"'{status}'"),
        workflows.c.queue_partition_key.is_not(sa.null()),
    ]
    if is_sqlite(engine):  # which needs to read the very condition of the index
        in_flight: list[sa.ColumnElement[str]] = [
            sa.literal_column("'ENQUEUED'"),
            sa.literal_column("'PENDING'"),
        ]
        told.append(workflows.c.status.in_(in_flight))
    return told
