"""K6, K11, K12: KPIs, the weighted score, the ranking; and what holds for whatever history."""

from itertools import pairwise

import pytest
from histories import DEALERS, histories
from hypothesis import given
from hypothesis import strategies as st
from scoring_build import Told, repaired

from core.errors import Invalid
from dispatch.evolve import fold
from dispatch.vocabulary import ENDED, Case, OfferStatus
from scoring.kpi import standings
from scoring.rules import ScoringRules, check_scoring_rules
from scoring.score import dealer_score, ranking, shares, tally, weighted
from scoring.vocabulary import WEIGHTS, Counted, DealerScore, Kpi, Reason


def score_of(*told: Told, dealer: str = "D1") -> DealerScore:
    return total(dealer, [one.case for one in told])


def total(dealer: str, cases: list[Case]) -> DealerScore:
    found = [standings(case).get(dealer) for case in cases]
    return dealer_score(dealer, tally(standing for standing in found if standing), WEIGHTS)


def test_the_weights_are_thirty_forty_ten_ten_ten() -> None:
    assert [WEIGHTS[kpi] for kpi in Kpi] == [30, 40, 10, 10, 10]


def test_K6_all_five_available_give_a_firm_score() -> None:
    late = repaired("c2", arrive=50).surveyed(60)
    refused = Told("c3").declined("D1").failed(9)
    found = score_of(repaired("c1").surveyed(90), late, refused)
    assert {kpi: (one.value, one.numerator, one.denominator) for kpi, one in found.kpis.items()} == {
        Kpi.COMPLETION: (pytest.approx(200 / 3), 2, 3),
        Kpi.SATISFACTION: (75.0, 150, 2),
        Kpi.ARRIVAL: (50.0, 1, 2),
        Kpi.DRIVE_AWAY: (100.0, 2, 2),
        Kpi.FIRST_SUCCESS: (100.0, 2, 2),
    }
    assert found.score == pytest.approx(0.3 * 200 / 3 + 0.4 * 75 + 0.1 * 50 + 0.1 * 100 + 0.1 * 100)
    assert (found.cases, found.provisional) == (3, False)


def test_K6_a_missing_kpi_is_neither_0_nor_100_and_makes_the_score_provisional() -> None:
    found = score_of(repaired("c1", arrive=50))
    assert found.kpis[Kpi.SATISFACTION].value is None
    assert found.kpis[Kpi.SATISFACTION].denominator == 0
    assert found.score == pytest.approx((30 * 100 + 10 * 0 + 10 * 100 + 10 * 100) / 60)
    assert found.provisional


def test_K6_without_any_kpi_there_is_no_score() -> None:
    found = score_of(Told().withdrawn("D1").cancelled(9))
    assert (found.score, found.provisional, found.cases) == (None, True, 0)
    assert weighted({}, WEIGHTS) == (None, True)


def test_K11_satisfaction_is_the_mean_of_the_answers() -> None:
    found = score_of(repaired("c1").surveyed(0), repaired("c2").surveyed(55), repaired("c3"))
    assert found.kpis[Kpi.SATISFACTION].value == 27.5


def test_K12_the_acceptance_rate_is_over_answered_and_expired_offers() -> None:
    told = Told("c1").withdrawn("D1", 0).declined("D1", 1).expired("D1", 4).accepted("D1", 10).cancelled(20)
    found = score_of(told).acceptance
    assert (found.numerator, found.denominator, found.value) == (1, 3, pytest.approx(100 / 3))


def test_K12_the_ranking_leaves_out_small_samples_and_says_so() -> None:
    good = [repaired(f"c{n}", "D1").surveyed(90) for n in range(5)]
    alike = [repaired(f"e{n}", "D3").surveyed(90) for n in range(5)]
    weak = [repaired(f"d{n}", "D4", arrive=50).surveyed(60) for n in range(5)]
    few = [repaired("f1", "D2").surveyed(100)]
    scores = [
        score_of(*told, dealer=dealer) for told, dealer in ((weak, "D4"), (few, "D2"), (alike, "D3"), (good, "D1"))
    ]
    found = ranking([*scores, score_of(dealer="D5")], min_cases=5)
    assert [(place.dealer, place.rank) for place in found.places] == [("D1", 1), ("D3", 1), ("D4", 3)]
    assert (found.left_out, found.min_cases) == (("D2", "D5"), 5)
    assert ranking([score_of(*few, dealer="D2")], min_cases=1).places[0].rank == 1


@st.composite
def weights_of(draw: st.DrawFn) -> dict[Kpi, int]:
    """Five parts of a hundred."""
    cuts = [0, *sorted(draw(st.lists(st.integers(0, 100), min_size=4, max_size=4))), 100]
    return {kpi: after - before for kpi, (before, after) in zip(Kpi, pairwise(cuts), strict=True)}


@given(st.fixed_dictionaries({kpi: st.none() | st.floats(0, 100) for kpi in Kpi}), weights_of(), st.integers(2, 9))
def test_k6_weights_count_by_their_share_among_what_is_available(
    values: dict[Kpi, float | None], weights: dict[Kpi, int], times: int
) -> None:
    check_scoring_rules(ScoringRules(weights=weights))
    score, provisional = weighted(values, weights)
    heavy = {kpi: value for kpi, value in values.items() if weights[kpi]}
    there = {kpi: value for kpi, value in heavy.items() if value is not None}
    assert provisional == (there.keys() != heavy.keys())
    assert (score is None) == (not there)
    counts = shares(values, weights)
    assert counts.keys() == there.keys()
    if score is not None:
        assert sum(counts.values()) == pytest.approx(100)
        assert sum(counts[kpi] * value for kpi, value in there.items()) / 100 == pytest.approx(score)
        assert min(there.values()) - 1e-9 <= score <= max(there.values()) + 1e-9
        assert weighted(there, weights)[0] == pytest.approx(score)
        scaled = {kpi: weight * times for kpi, weight in weights.items()}
        assert weighted(values, scaled) == (pytest.approx(score), provisional)
        everything = {kpi: 100 * (kpi is next(iter(there))) for kpi in Kpi}
        assert weighted(values, everything)[0] == pytest.approx(next(iter(there.values())))


@given(weights_of(), st.sampled_from(Kpi), st.sampled_from([-1, 1]))
def test_k6_weights_are_parts_of_one_whole(weights: dict[Kpi, int], kpi: Kpi, more: int) -> None:
    with pytest.raises(Invalid, match="weight"):
        check_scoring_rules(ScoringRules(weights={**weights, kpi: weights[kpi] + more}))


@given(told=histories())
def test_a_running_case_counts_nothing_and_only_the_completer_has_a_survey(told: Told) -> None:
    for length in range(1, len(told.events) + 1):
        case = fold(told.case_id, told.events[:length])
        for dealer, standing in standings(case).items():
            offers = [offer for offer in case.offers if offer.dealer == dealer]
            undecided = any(
                offer.status is OfferStatus.PENDING or (offer.status is OfferStatus.ACCEPTED and not offer.given_up_at)
                for offer in offers
            )
            running = case.status not in ENDED and undecided
            marks = [standing.mark(kpi) for kpi in Kpi]
            assert running == all(mark.reason is Reason.RUNNING for mark in marks)
            assert running == any(mark.reason is Reason.RUNNING for mark in marks)
            if case.completed_by != dealer:
                assert standing.satisfaction.counted is standing.first_success.counted is Counted.EXCLUDED
                assert standing.completion.counted is not Counted.NUMERATOR
                assert standing.satisfaction_percent is None
            assert standing.offers_accepted <= standing.offers_answered <= len(offers)


@given(told=st.lists(histories(), max_size=8), data=st.data())
def test_figures_are_percentages_whatever_the_order_of_cases(told: list[Told], data: st.DataObject) -> None:
    cases = [one.case for one in told]
    shuffled = data.draw(st.permutations(cases))
    for dealer in DEALERS:
        found = total(dealer, cases)
        assert found == total(dealer, list(shuffled))
        values = [one.value for one in found.kpis.values() if one.value is not None]
        for kpi, one in found.kpis.items():
            assert (one.value is None) == (one.denominator == 0)
            assert one.value is None or 0 <= one.value <= 100
            assert 0 <= one.numerator <= one.denominator * (100 if kpi is Kpi.SATISFACTION else 1)
        assert found.provisional == (len(values) < 5)
        assert (found.score is None) == (not values)
        if found.score is not None:
            assert min(values) - 1e-9 <= found.score <= max(values) + 1e-9
        assert found.kpis[Kpi.FIRST_SUCCESS].denominator == found.kpis[Kpi.COMPLETION].numerator
        assert found.kpis[Kpi.SATISFACTION].denominator <= found.kpis[Kpi.COMPLETION].numerator
