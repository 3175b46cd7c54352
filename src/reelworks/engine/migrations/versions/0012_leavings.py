"""When what a failed process may have left is to be removed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_IS_TO_BE = sa.text("clear_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("processes", sa.Column("clear_at", sa.BigInteger))
    op.execute("UPDATE processes SET clear_at = 0 WHERE status = 'failed'")
    op.create_index(
        "processes_to_clear",
        "processes",
        ["clear_at"],
        sqlite_where=_IS_TO_BE,
        postgresql_where=_IS_TO_BE,
    )
