"""Offers: the specialist's answer (R1, R3), or the CAC's on its behalf by phone."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from core.errors import NotFound
from dispatch import queries, service
from dispatch.desk import Act
from dispatch.vocabulary import Case, Offer
from gateway.http.door import CacDoor, CaseDoor, Door, FieldDoor, read_answer
from gateway.http.render import offer_view, offer_with_candidates, trip_view
from gateway.http.requests import Acceptance, Reason
from gateway.http.views import OfferView, OfferWithCandidates, TripView
from gateway.masking import sight_of
from gateway.problems import documented
from gateway.roles import check_dealer

router = APIRouter(prefix="/offers", tags=["offers"])

OfferPath = Annotated[str, Path(max_length=64, description="the offer's id")]
_WRITE = documented(400, 404, 409, 422, 503)


def _offer(case: Case, offer_id: str) -> Offer:
    found = next((offer for offer in case.offers if offer.id == offer_id), None)
    if found is None:
        raise NotFound("no such offer")
    return found


async def _own(door: Door, act: Act, offer_id: str) -> None:
    """A dealer's specialist answers for its own dealer only."""
    case = await queries.case_of_offer(act.session, offer_id)
    check_dealer(door.user, _offer(case, offer_id).dealer)


@router.get("/{offer_id}", summary="One offer", response_model=OfferWithCandidates, responses=documented(404, 503))
async def one(offer_id: OfferPath, door: FieldDoor) -> Response:
    """With the candidates as known when it was made (R1). A dealer sees only itself among them."""
    async with door.desk.db.read() as session:
        case = await queries.case_of_offer(session, offer_id)
        ranked = await queries.offer_candidates(session, offer_id)
    offer = _offer(case, offer_id)
    check_dealer(door.user, offer.dealer)
    return read_answer(offer_with_candidates(case, offer, ranked, sight_of(door.user, case)))


@router.post("/{offer_id}/accept", summary="Accept (R3)", response_model=TripView, responses=_WRITE)
async def accept(offer_id: OfferPath, body: Acceptance, door: CaseDoor) -> Response:
    """Names vehicle, driver, crew and arrival; the estimate becomes the promised arrival. Exactly one answer wins."""

    async def work(act: Act) -> TripView:
        await _own(door, act, offer_id)
        case, trip = await service.accept_offer(
            door.desk,
            act,
            offer_id,
            vehicle=body.vehicle,
            driver=body.driver.person(),
            crew=body.crew,
            eta_minutes=body.eta_minutes,
            reason=body.reason,
        )
        return trip_view(case, trip, sight_of(door.user, case))

    return await door.write(work)


async def _answer(door: Door, offer_id: str, command: Callable[[Act], Awaitable[Case]], *, own: bool) -> Response:
    async def work(act: Act) -> OfferView:
        if own:
            await _own(door, act, offer_id)
        case = await command(act)
        return offer_view(case, _offer(case, offer_id), sight_of(door.user, case))

    return await door.write(work)


@router.post("/{offer_id}/decline", summary="Refuse, with a reason (R1)", response_model=OfferView, responses=_WRITE)
async def decline(offer_id: OfferPath, body: Reason, door: CaseDoor) -> Response:
    """It counts. The next nearest dealer is asked by itself."""
    return await _answer(
        door, offer_id, lambda act: service.decline_offer(door.desk, act, offer_id, body.reason), own=True
    )


@router.post("/{offer_id}/withdraw", summary="Take the offer back (K1)", response_model=OfferView, responses=_WRITE)
async def withdraw(offer_id: OfferPath, body: Reason, door: CacDoor) -> Response:
    """Before the dealer answered; it does not count."""
    return await _answer(
        door, offer_id, lambda act: service.withdraw_offer(door.desk, act, offer_id, body.reason), own=False
    )
