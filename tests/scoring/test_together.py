"""Several dealers' figures as one: counts are added, and the parts of a span add up to the whole."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scoring.score import Tally, dealer_score
from scoring.together import PARTS, parts_of, span_before, together
from scoring.vocabulary import WEIGHTS, DealerScore, Kpi
from tracking.travel import estimate_s, reach_m

T0 = datetime(2026, 11, 1, tzinfo=UTC)
counts = st.integers(0, 50)


@st.composite
def scores(draw: st.DrawFn) -> DealerScore:
    denominators = {kpi: draw(counts) for kpi in Kpi}
    numerators = {kpi: draw(st.integers(0, denominators[kpi])) for kpi in Kpi}
    answered = draw(counts)
    total = Tally(
        numerators=numerators,
        denominators=denominators,
        satisfaction_sum=100 * numerators[Kpi.SATISFACTION],
        offers_accepted=draw(st.integers(0, answered)),
        offers_answered=answered,
    )
    return dealer_score(draw(st.sampled_from(["D1", "D2", "D3"])), total, WEIGHTS)


@given(st.lists(scores(), max_size=6), st.integers(0, 6))
def test_k6_counts_are_added_never_percentages(found: list[DealerScore], cut: int) -> None:
    whole = together("", found, WEIGHTS)
    for kpi in Kpi:
        assert whole.kpis[kpi].denominator == sum(one.kpis[kpi].denominator for one in found)
        assert whole.kpis[kpi].numerator == sum(one.kpis[kpi].numerator for one in found)
        assert (whole.kpis[kpi].value is None) == (whole.kpis[kpi].denominator == 0)
    assert whole.acceptance.denominator == sum(one.acceptance.denominator for one in found)
    assert together("", [together("", found[:cut], WEIGHTS), together("", found[cut:], WEIGHTS)], WEIGHTS) == whole


@given(st.integers(1, 10**7))
def test_the_parts_of_a_span_follow_each_other_without_a_gap(seconds: int) -> None:
    end = T0 + timedelta(seconds=seconds)
    parts = parts_of(T0, end)
    assert len(parts) == PARTS
    assert (parts[0][0], parts[-1][1]) == (T0, end)
    assert all(first[1] == second[0] for first, second in pairwise(parts))
    assert span_before(T0, end) == (T0 - (end - T0), T0)


@given(st.floats(0, 200_000))
def test_a_reach_is_the_estimates_inverse(metres: float) -> None:
    assert abs(reach_m(estimate_s(metres)) - metres) < 1e-6 * max(metres, 1)
    assert reach_m(60) == 0
