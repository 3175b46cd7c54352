"""What the enhancement did, beside what it planned."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("videos", sa.Column("report", sa.Text))
