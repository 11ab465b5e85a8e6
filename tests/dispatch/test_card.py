"""The row of the board: the one countdown that matters is by the promise that counts (K3)."""

from dispatch_build import accepted, minutes, offered, on_scene, opened, outcome, then

from dispatch import decide
from dispatch.card import card
from dispatch.faults import FAULTS
from dispatch.vocabulary import Case, Result
from tracking.vocabulary import VehicleKind


def later(case: Case, trip_id: str, *, to: float, at: float) -> Case:
    """The dealer tells a later arrival, which nobody has approved yet."""
    return then(
        case,
        decide.change_promise(
            case,
            trip_id=trip_id,
            promised_at=minutes(to),
            reason="jam",
            now=minutes(at),
            approved=False,
            outside_cause=False,
        ),
    )


def due(case: Case) -> str:
    return card(case)["deadline_at"]


def test_k3_a_later_arrival_moves_the_row_only_once_it_is_approved() -> None:
    case = later(accepted(offered(opened())), "t1", to=60, at=9)
    assert due(case) == minutes(32).isoformat()
    agreed = then(case, decide.approve_promise_change(case, trip_id="t1", outside_cause=True, now=minutes(10)))
    assert due(agreed) == minutes(60).isoformat()


def test_r5_k3_the_second_vehicle_of_the_same_dealer_has_a_promise_of_its_own() -> None:
    case = outcome(on_scene(accepted(offered(opened()))), Result.UNRESOLVED, drivable=False)
    case = then(
        case,
        decide.decide_second_dispatch(
            case, FAULTS, approve=True, needs=VehicleKind.TOW, same_dealer=True, now=minutes(33)
        ),
    )
    second = accepted(offered(case, offer_id="o2", at=34), offer_id="o2", trip_id="t2", at=35)
    assert due(second) == due(later(second, "t2", to=90, at=36)) == minutes(65).isoformat()
