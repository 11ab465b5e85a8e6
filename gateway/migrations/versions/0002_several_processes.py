"""What several processes on one store share: its name, work that comes round, and the weekly reports that it makes."""

import secrets

import sqlalchemy as sa
from alembic import op

from core.columns import Chars, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    identity = op.create_table("store_identity", sa.Column("id", Chars, primary_key=True))
    op.bulk_insert(identity, [{"id": secrets.token_hex(8)}])
    op.create_table(
        "periodic",
        sa.Column("name", Chars, primary_key=True),
        sa.Column("due_at", UtcTime(), nullable=False),
    )
    op.create_table(
        "weekly_report",
        sa.Column("week", Chars, primary_key=True),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("scores", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    """The reports are lost; the scores they were made of are not."""
    for table in ("weekly_report", "periodic", "store_identity"):
        op.drop_table(table)
