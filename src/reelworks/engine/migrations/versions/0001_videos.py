"""Videos, their processes, and the leases of workers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "videos",
        sa.Column("file_id", sa.String(36), primary_key=True),
        sa.Column("client_id", sa.Text),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("source_key", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("plan", sa.Text),
    )
    op.create_index("videos_by_client", "videos", ["client_id", "created_at"])
    op.create_table(
        "processes",
        sa.Column(
            "file_id",
            sa.String(36),
            sa.ForeignKey("videos.file_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("process_type", sa.String(32), primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("progress", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("takeovers", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name="progress_is_percent"),
        sa.CheckConstraint(
            "(progress = 100) = (status = 'completed')",
            name="progress_is_100_only_when_completed",
        ),
        sa.CheckConstraint(
            "(error IS NOT NULL) = (status = 'failed')", name="error_only_when_failed"
        ),
    )
    op.create_index("processes_by_update", "processes", ["updated_at"])
    op.create_table(
        "leases",
        sa.Column("executor_id", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("process_started_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("heir", sa.Text),
    )
