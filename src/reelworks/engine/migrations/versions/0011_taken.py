"""Since when a worker works: its process's own start is told by a clock that nobody sets."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column(
        "leases", sa.Column("taken_at", sa.BigInteger, nullable=False, server_default="0")
    )
    op.execute("UPDATE leases SET taken_at = process_started_at")
