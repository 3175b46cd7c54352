"""When a worker's process started, by a clock that nobody sets."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("leases", sa.Column("start_mark", sa.BigInteger))
