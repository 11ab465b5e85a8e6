"""K6, K11, K12: from counts to KPIs, the weighted score, and the ranking. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from scoring.vocabulary import (
    Counted,
    DealerScore,
    Kpi,
    KpiValue,
    RankedDealer,
    Ranking,
    Standing,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a span of standings adds up to for one dealer. Whole numbers, so the order of cases is irrelevant."""

    numerators: Mapping[Kpi, int] = field(default_factory=dict[Kpi, int])
    denominators: Mapping[Kpi, int] = field(default_factory=dict[Kpi, int])
    satisfaction_sum: int = 0
    """K11: the sum of the answers, in percent."""
    offers_accepted: int = 0
    offers_answered: int = 0

    def plus(self, standing: Standing) -> "Tally":
        """With one more case."""
        marks = {kpi: standing.mark(kpi).counted for kpi in Kpi}
        return replace(
            self,
            numerators=_add(self.numerators, marks, {Counted.NUMERATOR}),
            denominators=_add(self.denominators, marks, {Counted.NUMERATOR, Counted.DENOMINATOR}),
            satisfaction_sum=self.satisfaction_sum + (standing.satisfaction_percent or 0),
            offers_accepted=self.offers_accepted + standing.offers_accepted,
            offers_answered=self.offers_answered + standing.offers_answered,
        )


def _add(sums: Mapping[Kpi, int], marks: Mapping[Kpi, Counted], sides: set[Counted]) -> dict[Kpi, int]:
    return {kpi: sums.get(kpi, 0) + (counted in sides) for kpi, counted in marks.items()}


def tally(standings: Iterable[Standing]) -> Tally:
    """The sum of one dealer's standings."""
    total = Tally()
    for standing in standings:
        total = total.plus(standing)
    return total


def dealer_score(dealer: str, total: Tally, weights: Mapping[Kpi, int]) -> DealerScore:
    """One dealer's KPIs and score from its sums (K6, K11, K12)."""
    kpis = {kpi: _kpi_value(kpi, total) for kpi in Kpi}
    values = {kpi: value.value for kpi, value in kpis.items()}
    score, provisional = weighted(values, weights)
    return DealerScore(
        dealer=dealer,
        cases=kpis[Kpi.COMPLETION].denominator,
        score=score,
        provisional=provisional,
        kpis=kpis,
        acceptance=_percentage(total.offers_accepted, total.offers_answered),
        shares=shares(values, weights),
    )


def _kpi_value(kpi: Kpi, total: Tally) -> KpiValue:
    denominator = total.denominators.get(kpi, 0)
    if kpi is Kpi.SATISFACTION:
        mean = total.satisfaction_sum / denominator if denominator else None
        return KpiValue(value=mean, numerator=total.satisfaction_sum, denominator=denominator)
    return _percentage(total.numerators.get(kpi, 0), denominator)


def _percentage(numerator: int, denominator: int) -> KpiValue:
    """K6: an empty denominator has no value, neither 0 nor 100."""
    value = 100 * numerator / denominator if denominator else None
    return KpiValue(value=value, numerator=numerator, denominator=denominator)


def weighted(values: Mapping[Kpi, float | None], weights: Mapping[Kpi, int]) -> tuple[float | None, bool]:
    """The weighted mean of the KPIs that are available, weights scaled up, and whether one is missing (K6).

    A KPI that weighs nothing is not missed.
    """
    heavy = [kpi for kpi in Kpi if weights[kpi]]
    present = {kpi: value for kpi in heavy if (value := values.get(kpi)) is not None}
    if not present:
        return None, True
    weight = sum(weights[kpi] for kpi in present)
    return sum(weights[kpi] * value for kpi, value in present.items()) / weight, len(present) < len(heavy)


def shares(values: Mapping[Kpi, float | None], weights: Mapping[Kpi, int]) -> dict[Kpi, float]:
    """What each KPI counts in the weighted mean, in percent: the weights of those there are, scaled up (K6)."""
    present = [kpi for kpi in Kpi if weights[kpi] and values.get(kpi) is not None]
    weight = sum(weights[kpi] for kpi in present)
    return {kpi: 100 * weights[kpi] / weight for kpi in present}


def ranking(scores: Iterable[DealerScore], *, min_cases: int) -> Ranking:
    """The dealers by score, best first; those under `min_cases` cases, or with no score, are left out (K12)."""
    ordered = sorted(scores, key=lambda one: (-(one.score or 0.0), one.dealer))
    places: list[RankedDealer] = []
    left_out: list[str] = []
    last_score = None
    for one in ordered:
        if one.score is None or one.cases < min_cases:
            left_out.append(one.dealer)
            continue
        rank = places[-1].rank if one.score == last_score else len(places) + 1
        places.append(RankedDealer(dealer=one.dealer, rank=rank))
        last_score = one.score
    return Ranking(places=tuple(places), left_out=tuple(sorted(left_out)), min_cases=min_cases)
