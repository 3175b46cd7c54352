"""How many slots a worker has, beside its lease."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("leases", sa.Column("slots", sa.Integer, nullable=False, server_default="0"))
