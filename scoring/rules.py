"""What an administrator may say about scores: the weights (K6), who is ranked (K12), what is to be reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import Invalid
from core.settings import Settings
from scoring.vocabulary import WEIGHTS, Kpi

WHOLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringRules:
    """The rules that scores are computed and shown by. `weights` and `targets` are in percent."""

    weights: Mapping[Kpi, int] = field(default_factory=lambda: WEIGHTS)
    min_cases_ranked: int = 5
    targets: Mapping[str, float | None] = field(default_factory=dict[str, float | None])
    """By KPI, and `acceptance`; None, or no entry, where nothing is aimed at."""


def scoring_rules(settings: Settings) -> ScoringRules:
    """The rules as they are before an administrator changes them."""
    return ScoringRules(min_cases_ranked=settings.min_cases_ranked, targets=settings.targets)


def check_scoring_rules(rules: ScoringRules) -> None:
    """Raises `Invalid` for weights that are not parts of one whole."""
    for kpi, weight in rules.weights.items():
        if not 0 <= weight <= WHOLE:
            raise Invalid("a weight is 0 to 100 percent", rule="K6", field=f"weights.{kpi.value}")
    total = sum(rules.weights.values())
    if total != WHOLE:
        raise Invalid(f"the weights add up to {total}, not to 100 percent", rule="K6", field="weights")
