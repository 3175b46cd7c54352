"""The tables: videos, their processes, and the leases of workers.

Every time is an integer of milliseconds since 1970, UTC, from the database's clock.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

videos = sa.Table(
    "videos",
    metadata,
    sa.Column("file_id", sa.String(36), primary_key=True),
    sa.Column("client_id", sa.Text),
    sa.Column("filename", sa.Text, nullable=False),
    sa.Column("source_key", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    # Its short name, as the upload check found it; null of uploads to an earlier release.
    sa.Column("container", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    # What was wished for, as a JSON object; an option that is not in it is as in the preset auto.
    sa.Column("preset", sa.Text, nullable=False, server_default="auto"),
    sa.Column("options", sa.Text, nullable=False, server_default="{}"),
    # What enhancement decides, as JSON: written by whichever process comes first, for both.
    sa.Column("plan", sa.Text),
    # What the video is, as JSON: written when it is cut, for those who encode its chunks.
    sa.Column("probe", sa.Text),
    # What enhancement did and what came of it, as JSON: written once, when it is known.
    sa.Column("report", sa.Text),
    sa.Index("videos_by_client", "client_id", "created_at", "file_id"),
    sa.Index("videos_by_age", "created_at"),
)

processes = sa.Table(
    "processes",
    metadata,
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
    # Which attempt this is: one more with each retry. It is part of the workflow's id.
    sa.Column("attempt", sa.Integer, nullable=False, server_default="1"),
    # How often a worker was lost at it since it last got somewhere.
    sa.Column("takeovers", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger),
    # When its progress last rose, and how many milliseconds a percent takes, smoothed.
    sa.Column("moved_at", sa.BigInteger),
    sa.Column("pace_ms", sa.BigInteger),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    # When to see to what it may have left, of a failed one; null: that was done for good.
    sa.Column("clear_at", sa.BigInteger),
    sa.CheckConstraint("progress BETWEEN 0 AND 100", name="progress_is_percent"),
    sa.CheckConstraint(
        "(progress = 100) = (status = 'completed')", name="progress_is_100_only_when_completed"
    ),
    sa.CheckConstraint("(error IS NOT NULL) = (status = 'failed')", name="error_only_when_failed"),
    sa.Index("processes_by_update", "updated_at"),
    sa.Index(
        "processes_to_clear",
        "clear_at",
        sqlite_where=sa.text("clear_at IS NOT NULL"),
        postgresql_where=sa.text("clear_at IS NOT NULL"),
    ),
)

# Videos whose rows are gone and whose files are to go, or went a short while ago: whoever comes
# late may have published another one since.
deletions = sa.Table(
    "deletions",
    metadata,
    sa.Column("file_id", sa.String(36), primary_key=True),
    sa.Column("source_key", sa.Text, nullable=False),
    # The plan's, which is part of the result's name; null where there was no plan.
    sa.Column("extension", sa.Text),
    sa.Column("deleted_at", sa.BigInteger, nullable=False),
    # When to see to its files next.
    sa.Column("due_at", sa.BigInteger, nullable=False, server_default="0"),
    # Whom to tell of what will not be finished, and of what was just before: the processes as they
    # stood, as JSON.
    sa.Column("client_id", sa.Text),
    sa.Column("unfinished", sa.Text, nullable=False, server_default="[]"),
    sa.Column("finished", sa.Text, nullable=False, server_default="[]"),
    sa.Index("deletions_by_time", "deleted_at"),
)

# What one worker does for all from time to time, and when it is due again.
chores = sa.Table(
    "chores",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("due_at", sa.BigInteger, nullable=False),
)

# What a long video was cut into; there are none of a short one, and none once they are joined.
chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column(
        "file_id",
        sa.String(36),
        sa.ForeignKey("videos.file_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    # What it covers, as JSON.
    sa.Column("span", sa.Text, nullable=False),
    # How many pictures it has, and how many of them are encoded.
    sa.Column("frames", sa.Integer, nullable=False),
    sa.Column("done", sa.Integer, nullable=False, server_default="0"),
    sa.Column("finished_at", sa.BigInteger),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("executor_id", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("process_started_at", sa.BigInteger, nullable=False),
    # The same by a clock that nobody sets; null for a worker of an earlier release.
    sa.Column("start_mark", sa.BigInteger),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    # How many pieces of work it does side by side; 0 for one of an earlier release.
    sa.Column("slots", sa.Integer, nullable=False, server_default="0"),
    # Who hands its work back to the queue, from when it was found lost until that is done.
    sa.Column("heir", sa.Text),
)
