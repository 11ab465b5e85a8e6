"""What the screens keep: alarms that a person has seen, and notes for the next shift."""

import sqlalchemy as sa
from alembic import op

from core.columns import BigId, Chars, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "alarm_acknowledged",
        sa.Column("alarm", Chars, primary_key=True),
        sa.Column("by", Chars, nullable=False),
        sa.Column("at", UtcTime(), nullable=False, index=True),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_table(
        "shift_note",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("case_id", Chars, nullable=False),
        sa.Column("author", Chars, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("done_by", Chars, nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
    )


def downgrade() -> None:
    """The notes are lost."""
    for table in ("shift_note", "alarm_acknowledged"):
        op.drop_table(table)
