"""What a video's user wished for. Videos from before wished for nothing: they count as `auto`."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("videos", sa.Column("preset", sa.Text, nullable=False, server_default="auto"))
    op.add_column("videos", sa.Column("options", sa.Text, nullable=False, server_default="{}"))
