"""How dealers, drivers and motorists behave in a rehearsal: a seeded model, pure. Randomness is an argument.

Every figure is a setting of `Habits`, never a constant of the model: what practice quotes differs wildly.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dispatch.vocabulary import Energy, Result
from tracking.vocabulary import VehicleKind

FAULT_MIX: Mapping[str, float] = {
    "battery": 0.27,
    "tyre": 0.18,
    "wont_start": 0.11,
    "accident": 0.12,
    "mechanical": 0.08,
    "fuel": 0.06,
    "lockout": 0.05,
    "electrical": 0.04,
    "coolant": 0.03,
    "stuck": 0.03,
    "tow_only": 0.03,
}
"""Shares of faults unless a run says otherwise; an example, not a finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Probabilities 0 to 1, durations in seconds of the rehearsed clock (medians of a skewed spread)."""

    decline: float = 0.06
    ignore: float = 0.04
    late_estimate: float = 0.06
    give_back: float = 0.03
    delayed: float = 0.08
    unresolved: float = 0.10
    second_approved: float = 0.92
    not_drivable: float = 0.04
    unsigned: float = 0.05
    cancel: float = 0.08
    taps: float = 0.5
    """A driver whose vehicle is on GPS reports departure and arrival as well."""
    silent: float = 0.08
    """A terminal falls silent for a while on its trip, and uploads late."""
    duplicate: float = 0.02
    blind: float = 0.002
    """A receiver without satellites reports (0, 0) (R22)."""
    shuffled: float = 0.3
    """A late upload comes with its fixes out of order."""
    repeated: float = 0.03
    """A phone whose answer got lost sends its write once more, under the same key."""
    changes_driver: float = 0.03
    survey_answered: float = 0.7
    mix: Mapping[str, float] = field(default_factory=lambda: FAULT_MIX)
    electric: float = 0.15
    typing_s: float = 40
    """A dispatcher reads the candidates, and decides."""
    answer_s: float = 45
    preparing_s: float = 150
    repair_s: float = 1200
    loading_s: float = 900
    retry_s: float = 300
    silence_s: float = 600
    survey_s: float = 1500
    closes_unreached: bool = False
    """The dispatcher closes the cases of owners that are not reached; else the service does, by its deadline."""


def dice(seed: int, *what: object) -> random.Random:
    """A generator of its own for each decision, so that who acts first changes nobody's luck."""
    return random.Random(":".join(str(part) for part in (seed, *what)))


def about(rng: random.Random, median_s: float) -> float:
    """A duration around `median_s`: log-normal, two thirds within a factor of 1.5."""
    return median_s * math.exp(rng.gauss(0, 0.4))


class Answer(StrEnum):
    """What a specialist makes of an offer."""

    ACCEPT = "accept"
    DECLINE = "decline"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to an offer. `reason` is for a refusal, or for a late estimate."""

    answer: Answer
    after_s: float
    reason: str = ""
    slack: float = 1.2
    """The estimate is the expected driving time multiplied by this."""
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """How a trip goes, once accepted. `give_back_after_s` is None when it is kept."""

    preparing_s: float
    taps: bool
    delayed_s: float
    give_back_after_s: float | None
    silent_after_s: float | None
    silent_for_s: float
    changes_driver: bool
    work_s: float
    result: Result
    drivable: bool
    signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """What the motorist does on their own. `cancel_after_s` counts from the call."""

    cancel_after_s: float | None
    answers_survey: bool
    satisfaction: int
    survey_after_s: float


REFUSALS = ("人员均已外出救援", "救援车辆在维修", "前往现场的道路封闭", "凑不齐两人出车")
DELAYS = ("路上堵车", "途中有交通事故", "暴雨")


def reply(habits: Habits, rng: random.Random) -> Reply:
    """How a specialist answers an offer (R1, R3)."""
    after_s = about(rng, habits.answer_s)
    luck = rng.random()
    if luck < habits.ignore:
        return Reply(answer=Answer.IGNORE, after_s=after_s)
    if luck < habits.ignore + habits.decline:
        return Reply(answer=Answer.DECLINE, after_s=after_s, reason=rng.choice(REFUSALS))
    late = rng.random() < habits.late_estimate
    return Reply(
        answer=Answer.ACCEPT,
        after_s=after_s,
        reason=rng.choice(DELAYS) if late else "",
        slack=rng.uniform(1.1, 1.7),
        late=late,
    )


def errand(habits: Habits, rng: random.Random, kind: VehicleKind) -> Errand:
    """How one trip of a vehicle of `kind` goes."""
    tow = kind is VehicleKind.TOW
    unresolved = rng.random() < habits.unresolved * (0.3 if tow else 1)
    result = Result.UNRESOLVED if unresolved else Result.TOWED if tow else Result.REPAIRED
    return Errand(
        preparing_s=about(rng, habits.preparing_s),
        taps=rng.random() < habits.taps,
        delayed_s=rng.uniform(600, 1800) if rng.random() < habits.delayed else 0.0,
        give_back_after_s=rng.uniform(30, 1200) if rng.random() < habits.give_back else None,
        silent_after_s=rng.uniform(60, 900) if rng.random() < habits.silent else None,
        silent_for_s=about(rng, habits.silence_s),
        changes_driver=rng.random() < habits.changes_driver,
        work_s=about(rng, habits.loading_s if tow else habits.repair_s),
        result=result,
        drivable=result is Result.REPAIRED and rng.random() >= habits.not_drivable,
        signed=rng.random() >= habits.unsigned,
    )


def owner(habits: Habits, rng: random.Random) -> Owner:
    """What one motorist does: may cancel at any moment of the rescue (K2), may answer the survey (K11)."""
    cancels = rng.random() < habits.cancel
    return Owner(
        cancel_after_s=rng.choice((rng.uniform(5, 120), rng.uniform(60, 5400))) if cancels else None,
        answers_survey=rng.random() < habits.survey_answered,
        satisfaction=min(100, max(0, round(rng.gauss(88, 12)))),
        survey_after_s=habits.survey_s * rng.uniform(0.4, 2),
    )


def fault(habits: Habits, rng: random.Random) -> str:
    """One fault of the mix."""
    codes = sorted(habits.mix)
    return rng.choices(codes, weights=[habits.mix[code] for code in codes])[0]


def energy(habits: Habits, rng: random.Random) -> Energy:
    """What drives a motorist's car (R17)."""
    if rng.random() < habits.electric:
        return Energy.ELECTRIC
    return rng.choices((Energy.PETROL, Energy.HYBRID, Energy.DIESEL), weights=(0.82, 0.14, 0.04))[0]
