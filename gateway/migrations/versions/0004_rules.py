"""Rules as data: what an administrator has set, why something was changed, and users who may not sign in."""

import sqlalchemy as sa
from alembic import op

from core.columns import Chars

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds; what a service of the version before writes is completed by the defaults."""
    op.create_table(
        "rule",
        sa.Column("name", Chars, primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.add_column("record_change", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("account", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """What was set is lost, and whoever was disabled may sign in again."""
    op.drop_column("account", "active")
    op.drop_column("record_change", "reason")
    op.drop_table("rule")
