"""What long videos are cut into."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("videos", sa.Column("probe", sa.Text))
    op.create_table(
        "chunks",
        sa.Column(
            "file_id",
            sa.String(36),
            sa.ForeignKey("videos.file_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("span", sa.Text, nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False, server_default="0"),
        sa.Column("finished_at", sa.BigInteger),
    )
