"""The scores as they are shown: brought up to the log first, with every dealer of the network, and ranked (K12)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.database import Database
from core.errors import NotFound
from dispatch import queries
from scoring import queries as scoring
from scoring.projection import catch_up
from scoring.rules import ScoringRules
from scoring.score import Tally, dealer_score, ranking
from scoring.vocabulary import DealerScore


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Scores by dealer code, the dealers' names, and the places of those that are ranked."""

    scores: Sequence[DealerScore]
    names: Mapping[str, str]
    ranks: Mapping[str, int]


async def standings(
    db: Database, rules: ScoringRules, *, start: datetime | None, end: datetime | None, dealer: str
) -> Standings:
    """The scores of the cases opened from `start` until before `end`; a rank is among all dealers of that span.

    A dealer without cases has a row without figures (K6). Raises `NotFound` for an unknown `dealer`.
    """
    await catch_up(db)
    async with db.read() as session:
        found = {
            score.dealer: score for score in await scoring.scores(session, weights=rules.weights, start=start, end=end)
        }
        names = {one.code: one.name for one in await queries.dealers(session)}
    ranks = {place.dealer: place.rank for place in ranking(found.values(), min_cases=rules.min_cases_ranked).places}
    for code in names:
        found.setdefault(code, dealer_score(code, Tally(), rules.weights))
    if dealer and dealer not in found:
        raise NotFound("no such dealer", field="dealer")
    shown = [found[dealer]] if dealer else [found[code] for code in sorted(found)]
    return Standings(scores=shown, names=names, ranks=ranks)


_KEPT = timedelta(minutes=1)


@dataclass(slots=True)
class AcceptanceRates:
    """Each dealer's share of accepted offers, in percent (K12), read anew at most once a minute: it changes slowly."""

    db: Database
    _rates: Mapping[str, float | None] = field(default_factory=dict[str, float | None])
    _read_at: datetime | None = None

    async def get(self, now: datetime) -> Mapping[str, float | None]:
        """By dealer code; None, or no entry, where no offer was answered yet (K6)."""
        if self._read_at is None or not timedelta(0) <= now - self._read_at < _KEPT:
            found = await standings(self.db, ScoringRules(), start=None, end=None, dealer="")
            self._rates = {score.dealer: score.acceptance.value for score in found.scores}
            self._read_at = now
        return self._rates
