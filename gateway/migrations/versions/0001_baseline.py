"""The schema of the main job, from call to score."""

import sqlalchemy as sa
from alembic import op

from core.columns import BigId, Chars, GeoPoint, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "account",
    "case_dealer",
    "case_event",
    "case_standing",
    "counter",
    "deadline",
    "dealer",
    "fence",
    "idempotent_answer",
    "live_position",
    "offer",
    "position_fix",
    "quarantined_fix",
    "record_change",
    "rescue_case",
    "signed_in",
    "trip",
    "vehicle",
    "terminal",
)


def upgrade() -> None:
    """Every table, each with its indexes."""
    op.create_table(
        "account",
        sa.Column("name", Chars, nullable=False),
        sa.Column("password_hash", Chars, nullable=False),
        sa.Column("role", Chars, nullable=False),
        sa.Column("dealer", Chars, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "case_dealer",
        sa.Column("dealer", Chars, nullable=False),
        sa.Column("case_id", Chars, nullable=False),
        sa.PrimaryKeyConstraint("dealer", "case_id"),
    )
    op.create_table(
        "case_event",
        sa.Column("seq", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", Chars, nullable=False),
        sa.Column("kind", Chars, nullable=False),
        sa.Column("actor", Chars, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("case_event_by_case", "case_event", ["case_id", "seq"])
    op.create_table(
        "case_standing",
        sa.Column("case_id", Chars, nullable=False),
        sa.Column("dealer", Chars, nullable=False),
        sa.Column("number", Chars, nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("completion", Chars, nullable=False),
        sa.Column("completion_reason", Chars, nullable=False),
        sa.Column("satisfaction", Chars, nullable=False),
        sa.Column("satisfaction_reason", Chars, nullable=False),
        sa.Column("arrival", Chars, nullable=False),
        sa.Column("arrival_reason", Chars, nullable=False),
        sa.Column("drive_away", Chars, nullable=False),
        sa.Column("drive_away_reason", Chars, nullable=False),
        sa.Column("first_success", Chars, nullable=False),
        sa.Column("first_success_reason", Chars, nullable=False),
        sa.Column("satisfaction_percent", sa.Integer(), nullable=True),
        sa.Column("offers_accepted", sa.Integer(), nullable=False),
        sa.Column("offers_answered", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "dealer"),
    )
    op.create_index("case_standing_by_dealer", "case_standing", ["dealer", "opened_at", "case_id"])
    op.create_index("case_standing_by_time", "case_standing", ["opened_at"])
    op.create_table(
        "counter",
        sa.Column("name", Chars, nullable=False),
        sa.Column("value", BigId, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "deadline",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("case_id", Chars, nullable=False),
        sa.Column("kind", Chars, nullable=False),
        sa.Column("ref", Chars, nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("fired_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "deadline_due",
        "deadline",
        ["due_at"],
        sqlite_where=sa.text("fired_at IS NULL"),
        postgresql_where=sa.text("fired_at IS NULL"),
    )
    op.create_table(
        "dealer",
        sa.Column("code", Chars, nullable=False),
        sa.Column("name", Chars, nullable=False),
        sa.Column("city_code", Chars, nullable=False),
        sa.Column("site", GeoPoint(), nullable=False),
        sa.Column("phone", Chars, nullable=False),
        sa.Column("specialist_name", Chars, nullable=False),
        sa.Column("specialist_phone", Chars, nullable=False),
        sa.Column("brands", sa.Text(), nullable=False),
        sa.Column("region", Chars, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    _on_postgresql("dealer_site_gist", "dealer", ["site"], "gist")
    op.create_table(
        "fence",
        sa.Column("trip_id", Chars, nullable=False),
        sa.Column("plate", Chars, nullable=False),
        sa.Column("origin", GeoPoint(), nullable=True),
        sa.Column("scene", GeoPoint(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("radius_m", sa.Float(), nullable=False),
        sa.Column("dwell_s", sa.Float(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("departed_at", UtcTime(), nullable=True),
        sa.Column("arrived_at", UtcTime(), nullable=True),
        sa.Column("noted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("trip_id"),
    )
    op.create_index("fence_by_plate", "fence", ["plate", "since"])
    _on_postgresql("fence_scene_gist", "fence", ["scene"], "gist")
    op.create_index(
        "fence_unnoted", "fence", ["noted"], sqlite_where=sa.text("noted = 0"), postgresql_where=sa.text("NOT noted")
    )
    op.create_table(
        "idempotent_answer",
        sa.Column("user", Chars, nullable=False),
        sa.Column("key", Chars, nullable=False),
        sa.Column("fingerprint", Chars, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("user", "key"),
    )
    op.create_index("ix_idempotent_answer_at", "idempotent_answer", ["at"])
    op.create_table(
        "live_position",
        sa.Column("plate", Chars, nullable=False),
        sa.Column("terminal_id", Chars, nullable=False),
        sa.Column("fix_time", UtcTime(), nullable=False),
        sa.Column("seq", BigId, nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("speed_mps", sa.Float(), nullable=True),
        sa.Column("course_deg", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("plate"),
    )
    op.create_table(
        "offer",
        sa.Column("id", Chars, nullable=False),
        sa.Column("case_id", Chars, nullable=False),
        sa.Column("candidates", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_offer_case_id", "offer", ["case_id"])
    op.create_table(
        "position_fix",
        sa.Column("terminal_id", Chars, nullable=False),
        sa.Column("fix_time", UtcTime(), nullable=False),
        sa.Column("seq", BigId, autoincrement=False, nullable=False),
        sa.Column("plate", Chars, nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("speed_mps", sa.Float(), nullable=True),
        sa.Column("course_deg", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("terminal_id", "fix_time", "seq"),
        postgresql_partition_by="RANGE (fix_time)",
        sqlite_with_rowid=False,
    )
    op.create_index("position_fix_by_plate", "position_fix", ["plate", "fix_time"])
    _on_postgresql("position_fix_by_time", "position_fix", ["fix_time"], "brin")
    op.create_table(
        "quarantined_fix",
        sa.Column("terminal_id", Chars, nullable=False),
        sa.Column("fix_time", UtcTime(), nullable=False),
        sa.Column("seq", BigId, autoincrement=False, nullable=False),
        sa.Column("plate", Chars, nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("reason", Chars, nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("terminal_id", "fix_time", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_quarantined_fix_received_at", "quarantined_fix", ["received_at"])
    op.create_table(
        "record_change",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("subject", Chars, nullable=False),
        sa.Column("actor", Chars, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("field", Chars, nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_record_change_subject", "record_change", ["subject"])
    op.create_table(
        "rescue_case",
        sa.Column("id", Chars, nullable=False),
        sa.Column("number", Chars, nullable=False),
        sa.Column("status", Chars, nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("city_code", Chars, nullable=True),
        sa.Column("scene", GeoPoint(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("imported_digest", Chars, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("ix_rescue_case_opened_at", "rescue_case", ["opened_at"])
    op.create_index("rescue_case_by_city", "rescue_case", ["city_code", "id"])
    op.create_index("rescue_case_by_status", "rescue_case", ["status", "id"])
    _on_postgresql("rescue_case_scene_gist", "rescue_case", ["scene"], "gist")
    op.create_table(
        "signed_in",
        sa.Column("token_sha256", Chars, nullable=False),
        sa.Column("name", Chars, nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_index("ix_signed_in_expires_at", "signed_in", ["expires_at"])
    op.create_index("ix_signed_in_name", "signed_in", ["name"])
    op.create_table(
        "trip",
        sa.Column("id", Chars, nullable=False),
        sa.Column("case_id", Chars, nullable=False),
        sa.Column("plate", Chars, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_trip_case_id", "trip", ["case_id"])
    op.create_index("trip_by_plate", "trip", ["plate", "id"])
    op.create_index(
        "trip_one_per_vehicle",
        "trip",
        ["plate"],
        unique=True,
        sqlite_where=sa.text("active AND plate <> ''"),
        postgresql_where=sa.text("active AND plate <> ''"),
    )
    op.create_table(
        "vehicle",
        sa.Column("plate", Chars, nullable=False),
        sa.Column("kind", Chars, nullable=False),
        sa.Column("dealer", Chars, nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("tools", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("plate"),
    )
    op.create_index("ix_vehicle_dealer", "vehicle", ["dealer"])
    op.create_table(
        "terminal",
        sa.Column("terminal_id", Chars, nullable=False),
        sa.Column("plate", Chars, nullable=False),
        sa.Column("protocol", Chars, nullable=False),
        sa.Column("token_sha256", Chars, nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plate"],
            ["vehicle.plate"],
        ),
        sa.PrimaryKeyConstraint("terminal_id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_index("ix_terminal_plate", "terminal", ["plate"])
    _rest_of_time()


def downgrade() -> None:
    """An empty store."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _on_postgresql(name: str, table: str, columns: list[str], using: str) -> None:
    """An index of a kind that only PostgreSQL has."""
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(name, table, columns, postgresql_using=using)


def _rest_of_time() -> None:
    """The partition for fixes of days that have none of their own, and room in pages that are always written anew."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE position_fix_other PARTITION OF position_fix DEFAULT")
        op.execute("ALTER TABLE live_position SET (fillfactor = 50)")
