"""What is to be told of deleted videos."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("deletions", sa.Column("client_id", sa.Text))
    op.add_column(
        "deletions", sa.Column("unfinished", sa.Text, nullable=False, server_default="[]")
    )
    op.create_index("deletions_by_time", "deletions", ["deleted_at"])
