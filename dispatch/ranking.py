"""The candidates for a case at this second: the fleet is gathered here, and judged by dispatch.proximity."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from core.geo import CHINA_ENVELOPE
from dispatch.desk import Desk
from dispatch.proximity import Fleet, rank
from dispatch.roster import busy_plates
from dispatch.vocabulary import Candidate, Case


async def current_candidates(desk: Desk, session: AsyncSession, case: Case, now: datetime) -> tuple[Candidate, ...]:
    """Every dealer, ranked or skipped with reasons (R1), from positions fresh at `now`.

    A vehicle that claims to be outside the country is taken to stand at its dealer's site (R22).
    """
    roster = await desk.roster.get(session)
    fresh_after = now - timedelta(seconds=desk.settings.position_fresh_s)
    fleet = Fleet(
        dealers=list(roster.dealers.values()),
        vehicles=roster.by_dealer,
        busy=await busy_plates(session),
        positions={
            live.plate: live.position
            for live in desk.live.all()
            if live.fix_time >= fresh_after and CHINA_ENVELOPE.contains(live.position)
        },
    )
    return rank(case, fleet, keep_brands_apart=desk.settings.keep_brands_apart)
