"""After the service has ended: the log replayed from empty must give the stored cases and the live scores."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from core.database import Database
from core.eventlog import LoggedEvent, events_after, last_seq
from dispatch.evolve import fold
from dispatch.queries import get_case
from dispatch.store import decode_event
from scoring import projection, queries
from scoring.vocabulary import WEIGHTS, DealerScore
from simulations.checks import Check, check


async def verify_store(database: str, told: Sequence[Mapping[str, Any]]) -> list[Check]:
    """Open the store itself and compare log, state and scores; `told` are the scores that the service last told."""
    db = Database(database)
    try:
        return [*await log_and_state(db), await _scores(db, told)]
    finally:
        await db.close()


async def log_and_state(db: Database) -> list[Check]:
    """The log has no hole, and folded from empty it gives the stored cases."""
    log: list[LoggedEvent] = []
    async with db.read() as session:
        while page := await events_after(session, log[-1].seq if log else 0):
            log.extend(page)
        newest = await last_seq(session)
        by_case: dict[str, list[LoggedEvent]] = {}
        for entry in log:
            by_case.setdefault(entry.case_id, []).append(entry)
        different: list[str] = []
        for case_id, entries in by_case.items():
            if fold(case_id, map(decode_event, entries)) != await get_case(session, case_id):
                different.append(f"case {case_id} differs from its log")
    return [
        check("the stored log is whole", f"events 1 to {newest}", _holes(log, newest)),
        check("the log replayed from empty gives the same state", f"{len(by_case)} cases", different),
    ]


def _holes(log: Sequence[LoggedEvent], newest: int) -> Iterator[str]:
    if len(log) != newest:
        yield f"{len(log)} events, but the counter stands at {newest}"
    yield from (f"after {a.seq} comes {b.seq}" for a, b in pairwise(log) if b.seq != a.seq + 1)


async def _scores(db: Database, told: Sequence[Mapping[str, Any]]) -> Check:
    await projection.catch_up(db)
    live = await _read_scores(db)
    await projection.recompute(db)
    anew = await _read_scores(db)
    different = [f"dealer {a.dealer}: live {a}, anew {b}" for a, b in zip(live, anew, strict=False) if a != b]
    if len(live) != len(anew):
        different.append(f"{len(live)} dealers live, {len(anew)} anew")
    by_dealer = {score["dealer"]: score["kpis"] for score in told}
    for score in anew:
        for kpi, value in score.kpis.items():
            shown = by_dealer[score.dealer][kpi.value]
            if (shown["numerator"], shown["denominator"]) != (value.numerator, value.denominator):
                different.append(f"dealer {score.dealer}: {kpi.value} was told as {shown}, anew it is {value}")
    return check("scores recomputed from empty equal the live ones", f"{len(live)} dealers with cases", different)


async def _read_scores(db: Database) -> Sequence[DealerScore]:
    async with db.read() as session:
        return await queries.scores(session, weights=WEIGHTS)
