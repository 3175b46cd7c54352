"""What was finished of deleted videos a moment before, and may not have been told yet."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("deletions", sa.Column("finished", sa.Text, nullable=False, server_default="[]"))
