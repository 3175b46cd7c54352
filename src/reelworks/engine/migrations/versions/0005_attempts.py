"""Retries, told apart by their attempts, and deletions that go on after a crash."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("processes", sa.Column("attempt", sa.Integer, nullable=False, server_default="1"))
    op.create_table(
        "deletions",
        sa.Column("file_id", sa.String(36), primary_key=True),
        sa.Column("source_key", sa.Text, nullable=False),
        sa.Column("extension", sa.Text),
        sa.Column("deleted_at", sa.BigInteger, nullable=False),
    )
