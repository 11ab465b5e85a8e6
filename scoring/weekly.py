"""R13: the week's figures, made once when the week is over, and kept as they were then.

A week runs from Monday to Sunday in China Standard Time and is named as ISO 8601 does: `2026-W47`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import LargeBinary, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import CHINA_STANDARD_TIME
from core.columns import Chars, UtcTime
from core.database import Base
from core.errors import NotFound
from core.upsert import upsert
from scoring.projection import catch_up_within
from scoring.queries import scores
from scoring.vocabulary import DealerScore, Kpi


class WeeklyReportRow(Base):
    """One week's report; `scores` is JSON."""

    __tablename__ = "weekly_report"
    week: Mapped[str] = mapped_column(Chars, primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    scores: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyReport:
    """The scores of the cases opened in one week, as they stood at `made_at`."""

    week: str
    start: datetime
    end: datetime
    made_at: datetime
    scores: Sequence[DealerScore]


_SCORES = msgspec.json.Decoder(list[DealerScore])


async def make_weekly_report(session: AsyncSession, now: datetime, weights: Mapping[Kpi, int]) -> None:
    """Make the report of the last week that is over, by the present `weights`, unless there is one."""
    monday = _monday(now) - timedelta(weeks=1)
    start, end = _span(monday)
    await catch_up_within(session)
    found = await scores(session, weights=weights, start=start, end=end)
    row = {"week": f"{monday:%G-W%V}", "made_at": now, "scores": msgspec.json.encode(found)}
    await session.execute(upsert(session, WeeklyReportRow).values(**row).on_conflict_do_nothing())


async def report_weeks(session: AsyncSession) -> list[str]:
    """The weeks that have a report, newest first."""
    rows = await session.execute(select(WeeklyReportRow.week).order_by(WeeklyReportRow.week.desc()))
    return list(rows.scalars())


async def weekly_report(session: AsyncSession, week: str) -> WeeklyReport:
    """The report of one week. Raises `NotFound`."""
    row = await session.get(WeeklyReportRow, week)
    if row is None:
        raise NotFound("no report of that week", rule="R13", field="week")
    start, end = _span(date.fromisoformat(f"{week}-1"))
    return WeeklyReport(week=week, start=start, end=end, made_at=row.made_at, scores=_SCORES.decode(row.scores))


def is_week(name: str) -> bool:
    """Whether `name` names a week, as `2026-W47` does."""
    try:
        return f"{date.fromisoformat(f'{name}-1'):%G-W%V}" == name
    except ValueError:
        return False


def _monday(now: datetime) -> date:
    today = now.astimezone(CHINA_STANDARD_TIME).date()
    return today - timedelta(days=today.weekday())


def _span(monday: date) -> tuple[datetime, datetime]:
    start = datetime(monday.year, monday.month, monday.day, tzinfo=CHINA_STANDARD_TIME)
    return start, start + timedelta(weeks=1)
