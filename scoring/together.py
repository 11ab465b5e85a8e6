"""Figures of several dealers as one, and spans of time in equal parts for a trend. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from scoring.score import Tally, dealer_score
from scoring.vocabulary import DealerScore, Kpi

PARTS = 8
"""Of a trend."""


def together(name: str, scores: Iterable[DealerScore], weights: Mapping[Kpi, int]) -> DealerScore:
    """The score that all `scores` give as if they were one dealer's: counts are added, never percentages (K6)."""
    numerators = dict.fromkeys(Kpi, 0)
    denominators = dict.fromkeys(Kpi, 0)
    satisfaction_sum = accepted = answered = 0
    for score in scores:
        for kpi in Kpi:
            denominators[kpi] += score.kpis[kpi].denominator
            if kpi is Kpi.SATISFACTION:
                satisfaction_sum += score.kpis[kpi].numerator  # K11: of percentages
                numerators[kpi] += score.kpis[kpi].denominator
            else:
                numerators[kpi] += score.kpis[kpi].numerator
        accepted += score.acceptance.numerator
        answered += score.acceptance.denominator
    total = Tally(
        numerators=numerators,
        denominators=denominators,
        satisfaction_sum=satisfaction_sum,
        offers_accepted=accepted,
        offers_answered=answered,
    )
    return dealer_score(name, total, weights)


def parts_of(start: datetime, end: datetime, count: int = PARTS) -> list[tuple[datetime, datetime]]:
    """The span `[start, end)` in `count` equal parts that follow each other without a gap."""
    step = (end - start) / count
    edges = [start + step * number for number in range(count)] + [end]
    return list(pairwise(edges))


def span_before(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The span of equal length that ends where this one begins."""
    length: timedelta = end - start
    return start - length, start
