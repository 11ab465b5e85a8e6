"""The table of scoring: how each case stands for each dealer, brought up to the log by scoring.projection."""

from datetime import datetime

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import Chars, UtcTime
from core.database import Base


class CaseStanding(Base):
    """One case for one dealer: per KPI, on which side it counts and why (K7)."""

    __tablename__ = "case_standing"
    __table_args__ = (
        Index("case_standing_by_dealer", "dealer", "opened_at", "case_id"),
        Index("case_standing_by_time", "opened_at"),
    )
    case_id: Mapped[str] = mapped_column(Chars, primary_key=True)
    dealer: Mapped[str] = mapped_column(Chars, primary_key=True)
    number: Mapped[str] = mapped_column(Chars)
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    completion: Mapped[str] = mapped_column(Chars)
    completion_reason: Mapped[str] = mapped_column(Chars)
    satisfaction: Mapped[str] = mapped_column(Chars)
    satisfaction_reason: Mapped[str] = mapped_column(Chars)
    arrival: Mapped[str] = mapped_column(Chars)
    arrival_reason: Mapped[str] = mapped_column(Chars)
    drive_away: Mapped[str] = mapped_column(Chars)
    drive_away_reason: Mapped[str] = mapped_column(Chars)
    first_success: Mapped[str] = mapped_column(Chars)
    first_success_reason: Mapped[str] = mapped_column(Chars)
    satisfaction_percent: Mapped[int | None] = mapped_column(Integer)
    offers_accepted: Mapped[int] = mapped_column(Integer)
    offers_answered: Mapped[int] = mapped_column(Integer)
