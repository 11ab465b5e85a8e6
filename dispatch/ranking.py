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
    network = (await desk.roster.get(session)).network
    fresh_after = now - timedelta(seconds=desk.settings.position_fresh_s)
    lats, lons = desk.live.fresh(network.plates, fresh_after, CHINA_ENVELOPE)
    fleet = Fleet(network=network, busy=await busy_plates(session), lats=lats, lons=lons)
    return rank(case, fleet, keep_brands_apart=desk.rules.keep_brands_apart)
