"""R13: each week's figures, made once when the week is over, and kept as they were."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_build import repaired
from test_projection import keep

from core.clock import CHINA_STANDARD_TIME
from core.database import Database
from core.errors import NotFound
from core.periodic import weekly
from scoring.vocabulary import WEIGHTS, Kpi
from scoring.weekly import is_week, make_weekly_report, report_weeks, weekly_report


async def make(db: Database, now: datetime) -> None:
    async with db.write() as session:
        await make_weekly_report(session, now, WEIGHTS)


async def test_r13_a_week_is_reported_once_and_stays_as_it_was(db: Database) -> None:
    told = repaired("c0")
    await keep(db, told)
    opened = told.case.opened_at.astimezone(CHINA_STANDARD_TIME)
    monday = (opened - timedelta(days=opened.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    after = monday + timedelta(weeks=1, hours=1)
    await make(db, after)
    week = f"{opened:%G-W%V}"
    async with db.read() as session:
        first = await weekly_report(session, week)
    assert (first.start, first.end) == (monday, monday + timedelta(weeks=1))
    assert [(score.dealer, score.kpis[Kpi.COMPLETION].numerator) for score in first.scores] == [("D1", 1)]
    await keep(db, repaired("c1"))
    await make(db, after + timedelta(days=3))
    async with db.read() as session:
        assert await weekly_report(session, week) == first
        assert await report_weeks(session) == [week]
        with pytest.raises(NotFound):
            await weekly_report(session, "2020-W01")


@given(seconds=st.integers(0, 10 * 365 * 86_400))
def test_r13_the_next_monday_is_within_a_week_and_ahead(seconds: int) -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    due = weekly(0, 1)(moment)
    assert timedelta(0) < due - moment <= timedelta(weeks=1)
    local = due.astimezone(CHINA_STANDARD_TIME)
    assert (local.weekday(), local.hour, local.minute, local.second) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    ("name", "right"), [("2026-W47", True), ("2026-W53", True), ("2025-W53", False), ("2026-47", False), ("x", False)]
)
def test_a_week_is_named_as_iso_8601_does(name: str, right: bool) -> None:
    assert is_week(name) is right
