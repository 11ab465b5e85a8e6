"""What the screens keep: alarms that a person has seen, notes for the next shift, links, people, photographs."""

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

    op.create_table(
        "motorist_link",
        sa.Column("id", Chars, primary_key=True),
        sa.Column("token_sha256", Chars, nullable=False, unique=True),
        sa.Column("case_id", Chars, nullable=False, index=True),
        sa.Column("created_by", Chars, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False, index=True),
        sa.Column("opened_at", UtcTime(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("positioned_at", UtcTime(), nullable=True),
    )
    op.create_table(
        "dealer_person",
        sa.Column("id", Chars, primary_key=True),
        sa.Column("dealer", Chars, nullable=False, index=True),
        sa.Column("name", Chars, nullable=False),
        sa.Column("phone", Chars, nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("drives", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "trip_photo",
        sa.Column("id", Chars, primary_key=True),
        sa.Column("trip_id", Chars, nullable=False, index=True),
        sa.Column("case_id", Chars, nullable=False),
        sa.Column("phase", Chars, nullable=False),
        sa.Column("zone", Chars, nullable=False),
        sa.Column("taken_at", UtcTime(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("sent_sha256", Chars, nullable=False),
        sa.Column("sha256", Chars, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("by", Chars, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    """The notes, links, photographs and people are lost."""
    for table in ("trip_photo", "dealer_person", "motorist_link", "shift_note", "alarm_acknowledged"):
        op.drop_table(table)
