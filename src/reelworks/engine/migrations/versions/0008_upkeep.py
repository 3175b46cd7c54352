"""What is to be cleared away, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "chores",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("due_at", sa.BigInteger, nullable=False),
    )
    op.add_column(
        "deletions", sa.Column("due_at", sa.BigInteger, nullable=False, server_default="0")
    )
    op.create_index("videos_by_age", "videos", ["created_at"])
