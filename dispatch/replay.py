"""A past case, told again to the rules of a live one (dispatch.decide) in the order of time. Pure.

What past cases do not record is not judged: vehicle, driver and crew (R3, R8, R9), consent (R19), who confirmed a
tow's completion (R7), and reasons. docs/decisions/0006 says how the rest is read.
"""

from collections.abc import Collection
from datetime import datetime

from core.errors import NearsideError
from dispatch.events import CaseOpened, Event
from dispatch.evolve import evolve
from dispatch.faults import FaultTable
from dispatch.pastcases import PastCase
from dispatch.pastchecks import check_dealers, check_times
from dispatch.pastmoves import moves


def replay(
    past: PastCase, faults: FaultTable, *, case_id: str, opened: CaseOpened, dealers: Collection[str], now: datetime
) -> tuple[tuple[Event, datetime], ...]:
    """The events of the past case, each with its moment, beginning with `opened`.

    Raises the error that a live case would have met, with its rule and the field of the line: offers are one at a
    time (R1), a trip follows its dealer's acceptance (R3), another one only an unresolved one (R5), nothing
    completes unsigned (R6) or unresolved (R7), and so on. `NotFound` for a dealer that is not in `dealers`.
    """
    check_dealers(past, dealers)
    check_times(past, now)
    case = evolve(None, opened, case_id)
    told: list[tuple[Event, datetime]] = [(opened, past.opened_at)]
    # the sort is stable: what happened in the same second stays in the order of cause
    for move in sorted(moves(past, faults), key=lambda move: move.at):
        try:
            for event in move.decide(case):
                case = evolve(case, event, case_id)
                told.append((event, move.at))
        except NearsideError as error:
            raise type(error)(error.detail, rule=error.rule or move.rule, field=move.field) from error
    return tuple(told)
