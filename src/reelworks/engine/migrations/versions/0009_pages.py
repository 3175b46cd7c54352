"""What lists of videos are made of: their order, their containers, and how fast they get on."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("videos", sa.Column("container", sa.Text))
    op.add_column("processes", sa.Column("moved_at", sa.BigInteger))
    op.add_column("processes", sa.Column("pace_ms", sa.BigInteger))
    op.drop_index("videos_by_client", "videos")
    op.create_index("videos_by_client", "videos", ["client_id", "created_at", "file_id"])
