"""Tracking's tables.

Positions that stand alone in a row and are read by people, a fence's scene, are `GeoPoint` columns. The rows of
which there are thousands each minute keep plain latitude and longitude: nothing here asks them a spatial
question, and packing a point costs more than the rest of the row.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import BigId, Chars, GeoPoint, UtcTime, spatial_index
from core.database import Base
from core.geo import Position


class VehicleRow(Base):
    """A rescue vehicle. `tools` is a JSON list."""

    __tablename__ = "vehicle"
    plate: Mapped[str] = mapped_column(Chars, primary_key=True)
    kind: Mapped[str] = mapped_column(Chars)
    dealer: Mapped[str] = mapped_column(Chars, index=True)
    on_duty: Mapped[bool]
    tools: Mapped[bytes] = mapped_column(LargeBinary)


class TerminalRow(Base):
    """A terminal. Its token is kept only as a SHA-256 digest, in hexadecimal."""

    __tablename__ = "terminal"
    terminal_id: Mapped[str] = mapped_column(Chars, primary_key=True)
    plate: Mapped[str] = mapped_column(ForeignKey(VehicleRow.plate), index=True)
    protocol: Mapped[str] = mapped_column(Chars)
    token_sha256: Mapped[str] = mapped_column(Chars, unique=True)
    told: Mapped[bool]
    """Whether anybody was told the token; else the terminal waits for one."""


class PositionFix(Base):
    """Every acknowledged fix, in WGS-84."""

    __tablename__ = "position_fix"
    __table_args__ = (
        Index("position_fix_by_plate", "plate", "fix_time"),
        Index("position_fix_by_time", "fix_time", postgresql_using="brin").ddl_if(dialect="postgresql"),
        {"sqlite_with_rowid": False, "postgresql_partition_by": "RANGE (fix_time)"},
    )
    terminal_id: Mapped[str] = mapped_column(Chars, primary_key=True)
    fix_time: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    plate: Mapped[str] = mapped_column(Chars)
    lat: Mapped[float]
    lon: Mapped[float]
    speed_mps: Mapped[float | None]
    course_deg: Mapped[float | None]
    accuracy_m: Mapped[float | None]


class QuarantinedFix(Base):
    """A fix that is doubted, and why. It is nobody's history."""

    __tablename__ = "quarantined_fix"
    __table_args__ = ({"sqlite_with_rowid": False},)
    terminal_id: Mapped[str] = mapped_column(Chars, primary_key=True)
    fix_time: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    plate: Mapped[str] = mapped_column(Chars)
    lat: Mapped[float]
    lon: Mapped[float]
    reason: Mapped[str] = mapped_column(Chars)
    received_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class LivePositionRow(Base):
    """Where each vehicle was last seen, by its own clock."""

    __tablename__ = "live_position"
    plate: Mapped[str] = mapped_column(Chars, primary_key=True)
    terminal_id: Mapped[str] = mapped_column(Chars)
    fix_time: Mapped[datetime] = mapped_column(UtcTime)
    seq: Mapped[int] = mapped_column(BigId)
    lat: Mapped[float]
    lon: Mapped[float]
    speed_mps: Mapped[float | None]
    course_deg: Mapped[float | None]
    accuracy_m: Mapped[float | None]


class FenceRow(Base):
    """One trip's fence, what the fixes have shown of it (`state`, JSON), and whether dispatch has noted that."""

    __tablename__ = "fence"
    __table_args__ = (
        Index("fence_by_plate", "plate", "since"),
        Index("fence_unnoted", "noted", sqlite_where=text("noted = 0"), postgresql_where=text("NOT noted")),
        spatial_index("fence", "scene"),
    )
    trip_id: Mapped[str] = mapped_column(Chars, primary_key=True)
    plate: Mapped[str] = mapped_column(Chars)
    origin: Mapped[Position | None] = mapped_column(GeoPoint)
    scene: Mapped[Position] = mapped_column(GeoPoint)
    since: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime | None] = mapped_column(UtcTime)
    radius_m: Mapped[float]
    dwell_s: Mapped[float]
    state: Mapped[bytes] = mapped_column(LargeBinary)
    departed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    arrived_at: Mapped[datetime | None] = mapped_column(UtcTime)
    noted: Mapped[bool]
