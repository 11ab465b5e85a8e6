"""The tables of dispatching. A case's whole state is one JSON document beside the columns that are searched."""

from datetime import datetime

from sqlalchemy import Boolean, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import BigId, Chars, GeoPoint, UtcTime, spatial_index
from core.database import Base
from core.geo import Position

ON_A_TRIP = text("active AND plate <> ''")
"""The condition of an index, which is used only where a query says it in the same words."""
_TO_FIRE = text("fired_at IS NULL")


class DealerRow(Base):
    """A dealer; brands are kept as JSON text."""

    __tablename__ = "dealer"
    __table_args__ = (spatial_index("dealer", "site"),)
    code: Mapped[str] = mapped_column(Chars, primary_key=True)
    name: Mapped[str] = mapped_column(Chars)
    city_code: Mapped[str] = mapped_column(Chars)
    site: Mapped[Position] = mapped_column(GeoPoint)
    phone: Mapped[str] = mapped_column(Chars)
    specialist_name: Mapped[str] = mapped_column(Chars)
    specialist_phone: Mapped[str] = mapped_column(Chars)
    brands: Mapped[str] = mapped_column(Text)
    region: Mapped[str] = mapped_column(Chars)
    active: Mapped[bool] = mapped_column(Boolean)


class CaseRow(Base):
    """A case. `version` makes each change a compare-and-set; `search` is what a board search looks through."""

    __tablename__ = "rescue_case"
    __table_args__ = (
        Index("rescue_case_by_status", "status", "id"),
        Index("rescue_case_by_city", "city_code", "id"),
        spatial_index("rescue_case", "scene"),
    )
    id: Mapped[str] = mapped_column(Chars, primary_key=True)
    number: Mapped[str] = mapped_column(Chars, unique=True)
    status: Mapped[str] = mapped_column(Chars)
    opened_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    city_code: Mapped[str | None] = mapped_column(Chars)
    scene: Mapped[Position] = mapped_column(GeoPoint)
    search: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[bytes] = mapped_column(LargeBinary)
    imported_digest: Mapped[str] = mapped_column(Chars, default="")


class CaseDealer(Base):
    """Which dealers a case was ever offered to: whose it is to see."""

    __tablename__ = "case_dealer"
    dealer: Mapped[str] = mapped_column(Chars, primary_key=True)
    case_id: Mapped[str] = mapped_column(Chars, primary_key=True)


class OfferRow(Base):
    """Where an offer is found by its id, and the candidates as known when it was made (R1), as JSON."""

    __tablename__ = "offer"
    id: Mapped[str] = mapped_column(Chars, primary_key=True)
    case_id: Mapped[str] = mapped_column(Chars, index=True)
    candidates: Mapped[bytes] = mapped_column(LargeBinary)


class TripRow(Base):
    """Where a trip is found by its id; the store itself lets no vehicle be on two trips at once."""

    __tablename__ = "trip"
    __table_args__ = (
        Index("trip_one_per_vehicle", "plate", unique=True, sqlite_where=ON_A_TRIP, postgresql_where=ON_A_TRIP),
        Index("trip_by_plate", "plate", "id"),
    )
    id: Mapped[str] = mapped_column(Chars, primary_key=True)
    case_id: Mapped[str] = mapped_column(Chars, index=True)
    plate: Mapped[str] = mapped_column(Chars)
    active: Mapped[bool] = mapped_column(Boolean)


class DeadlineRow(Base):
    """Something that falls due. `fired_at` is set in the transaction that acts on it, so it fires once."""

    __tablename__ = "deadline"
    __table_args__ = (Index("deadline_due", "due_at", sqlite_where=_TO_FIRE, postgresql_where=_TO_FIRE),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    case_id: Mapped[str] = mapped_column(Chars)
    kind: Mapped[str] = mapped_column(Chars)
    ref: Mapped[str] = mapped_column(Chars)
    due_at: Mapped[datetime] = mapped_column(UtcTime)
    fired_at: Mapped[datetime | None] = mapped_column(UtcTime)


class RecordChange(Base):
    """A change of what is on record, such as a dealer, a vehicle or a rule: who, when, from, to, why (R4, R10)."""

    __tablename__ = "record_change"
    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    subject: Mapped[str] = mapped_column(Chars, index=True)
    actor: Mapped[str] = mapped_column(Chars)
    at: Mapped[datetime] = mapped_column(UtcTime)
    field: Mapped[str] = mapped_column(Chars)
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
