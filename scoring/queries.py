"""What can be asked of scoring. The first argument is a session; call scoring.projection.catch_up before."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from core.errors import Invalid
from scoring.score import Tally, dealer_score
from scoring.tables import CaseStanding
from scoring.vocabulary import Counted, CountedCase, DealerScore, Kpi, Reason

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


async def scores(
    session: AsyncSession,
    *,
    weights: Mapping[Kpi, int],
    start: datetime | None = None,
    end: datetime | None = None,
    dealer: str = "",
) -> list[DealerScore]:
    """The five KPIs and the score of every dealer over the cases opened in `[start, end)`, by dealer code.

    A dealer that is asked for by name is there even without a case, with nothing available (K6).
    """
    sums = (_count(kpi, {Counted.NUMERATOR}) for kpi in Kpi)
    totals = (_count(kpi, {Counted.NUMERATOR, Counted.DENOMINATOR}) for kpi in Kpi)
    statement = select(
        CaseStanding.dealer,
        *sums,
        *totals,
        func.coalesce(func.sum(CaseStanding.satisfaction_percent), 0),
        func.sum(CaseStanding.offers_accepted),
        func.sum(CaseStanding.offers_answered),
    ).where(*_within(start, end))
    if dealer:
        statement = statement.where(CaseStanding.dealer == dealer)
    rows = await session.execute(statement.group_by(CaseStanding.dealer).order_by(CaseStanding.dealer))
    found = [_score(row, weights) for row in rows]
    return found if found or not dealer else [dealer_score(dealer, Tally(), weights)]


def _count(kpi: Kpi, sides: set[Counted]) -> ColumnElement[int]:
    return func.sum(case((_column(kpi).in_(sorted(sides)), 1), else_=0))


def _score(row: Row[Any], weights: Mapping[Kpi, int]) -> DealerScore:
    dealer, *counts = row
    n = len(Kpi)
    satisfaction_sum, accepted, answered = counts[2 * n :]
    total = Tally(
        numerators=dict(zip(Kpi, counts[:n], strict=True)),
        denominators=dict(zip(Kpi, counts[n : 2 * n], strict=True)),
        satisfaction_sum=satisfaction_sum,
        offers_accepted=accepted,
        offers_answered=answered,
    )
    return dealer_score(dealer, total, weights)


async def cases_behind(
    session: AsyncSession,
    dealer: str,
    kpi: str = "",
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    cursor: str = "",
    limit: int = 50,
) -> tuple[list[CountedCase], str]:
    """The cases behind this dealer's figures, the excluded ones too (K7), and the next page's cursor (empty: none).

    Newest first, at most `limit` cases; without a `kpi`, each case is there five times, once per KPI. Raises
    `Invalid` for a KPI or cursor that is none.
    """
    kpis = _kpis(kpi)
    newest_first = (CaseStanding.opened_at.desc(), CaseStanding.case_id.desc())
    statement = select(CaseStanding).where(CaseStanding.dealer == dealer, *_within(start, end))
    if cursor:
        opened_at, case_id = _read_cursor(cursor)
        same_time = and_(CaseStanding.opened_at == opened_at, CaseStanding.case_id < case_id)
        statement = statement.where(or_(CaseStanding.opened_at < opened_at, same_time))
    rows = (await session.execute(statement.order_by(*newest_first).limit(limit + 1))).scalars().all()
    shown = rows[:limit]
    next_cursor = _cursor(shown[-1]) if len(rows) > limit else ""
    return [_counted(row, one) for row in shown for one in kpis], next_cursor


def _kpis(kpi: str) -> Sequence[Kpi]:
    if not kpi:
        return tuple(Kpi)
    try:
        return (Kpi(kpi),)
    except ValueError:
        raise Invalid(f"no such KPI; there are {', '.join(Kpi)}", field="kpi") from None


def _counted(row: CaseStanding, kpi: Kpi) -> CountedCase:
    return CountedCase(
        case_id=row.case_id,
        number=row.number,
        opened_at=row.opened_at,
        dealer=row.dealer,
        kpi=kpi,
        counted=Counted(getattr(row, kpi.value)),
        reason=Reason(getattr(row, f"{kpi.value}_reason")),
        satisfaction_percent=row.satisfaction_percent if kpi is Kpi.SATISFACTION else None,
    )


def _column(kpi: Kpi) -> ColumnElement[str]:
    column: ColumnElement[str] = getattr(CaseStanding, kpi.value)
    return column


def _within(start: datetime | None, end: datetime | None) -> list[ColumnElement[bool]]:
    bounds: list[ColumnElement[bool]] = []
    if start:
        bounds.append(CaseStanding.opened_at >= start)
    if end:
        bounds.append(CaseStanding.opened_at < end)
    return bounds


def _cursor(row: CaseStanding) -> str:
    return f"{(row.opened_at - _EPOCH) // _MICROSECOND}.{row.case_id}"


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    micros, _, case_id = cursor.partition(".")
    try:
        return _EPOCH + int(micros) * _MICROSECOND, case_id
    except (ValueError, OverflowError):
        raise Invalid("not a cursor that was given out", field="cursor") from None
