"""Trips: from the acceptance to the completion (R4–R7)."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from core.errors import NotFound, NotPermitted
from dispatch import queries, service
from dispatch.desk import Act
from dispatch.vocabulary import Case, Trip
from gateway.http.door import AnyDoor, CacDoor, CaseDoor, Door, FieldDoor, Told, read_answer, told_moment
from gateway.http.render import trip_view
from gateway.http.requests import (
    Completion,
    Consent,
    Moment,
    Note,
    Outcome,
    PromiseApproval,
    Reason,
    Sheet,
    Signing,
    TripChange,
)
from gateway.http.views import TripView
from gateway.masking import sight_of
from gateway.problems import documented
from gateway.roles import check_completes, check_dealer, check_reads

router = APIRouter(prefix="/trips", tags=["trips"])

TripPath = Annotated[str, Path(max_length=64, description="the trip's id")]
_WRITE = documented(400, 404, 409, 422, 503)
Command = Callable[[Act], Awaitable[Case]]


def _trip(case: Case, trip_id: str) -> Trip:
    found = next((trip for trip in case.trips if trip.id == trip_id), None)
    if found is None:
        raise NotFound("no such trip")
    return found


async def _own(door: Door, act: Act, trip_id: str) -> Trip:
    """The trip, if it is this person's dealer's, or this person speaks for the CAC."""
    trip = _trip(await queries.case_of_trip(act.session, trip_id), trip_id)
    check_dealer(door.user, trip.dealer)
    return trip


async def _change(door: Door, trip_id: str, command: Command) -> Response:
    async def work(act: Act) -> TripView:
        await _own(door, act, trip_id)
        case = await command(act)
        return trip_view(case, _trip(case, trip_id), sight_of(door.user, case))

    return await door.write(work)


@router.get("/{trip_id}", summary="One trip", response_model=TripView, responses=documented(404, 503))
async def one(trip_id: TripPath, door: AnyDoor) -> Response:
    """With its check sheet."""
    async with door.desk.db.read() as session:
        case = await queries.case_of_trip(session, trip_id)
    check_reads(door.user, case)
    trip = _trip(case, trip_id)
    check_dealer(door.user, trip.dealer)
    return read_answer(trip_view(case, trip, sight_of(door.user, case), whole_sheet=True))


@router.patch("/{trip_id}", summary="A change after the acceptance (R4)", response_model=TripView, responses=_WRITE)
async def change(trip_id: TripPath, body: TripChange, door: CaseDoor) -> Response:
    """Arrival, vehicle or driver; who, when, from and to stay on record.

    A later arrival moves the promise only where the CAC approves it for an outside cause (K3).
    """
    if body.outside_cause and not door.user.is_cac:
        raise NotPermitted("only the CAC approves a cause outside the dealer's hands", rule="K3")

    async def command(act: Act) -> Case:
        await _own(door, act, trip_id)
        return await service.change_trip(
            door.desk,
            act,
            trip_id,
            eta_minutes=body.eta_minutes,
            vehicle=body.vehicle,
            driver=body.driver.person() if body.driver else None,
            reason=body.reason,
            by_cac=door.user.is_cac,
            outside_cause=body.outside_cause,
        )

    return await _change(door, trip_id, command)


@router.post(
    "/{trip_id}/promise_change/approve",
    summary="Approve the newest later arrival (K3)",
    response_model=TripView,
    responses=_WRITE,
)
async def approve_promise(trip_id: TripPath, door: CacDoor, body: PromiseApproval | None = None) -> Response:
    """For a cause outside the dealer's hands it becomes the promise that counts."""
    outside_cause = body.outside_cause if body else True
    return await _change(
        door,
        trip_id,
        lambda act: service.approve_promise_change(door.desk, act, trip_id, outside_cause=outside_cause),
    )


@router.post("/{trip_id}/calls", summary="The CAC phoned the driver (R11)", response_model=TripView, responses=_WRITE)
async def call(trip_id: TripPath, body: Note, door: CacDoor) -> Response:
    """What was said stays on record."""
    return await _change(door, trip_id, lambda act: service.log_call(door.desk, act, trip_id, body.note))


@router.post("/{trip_id}/give_back", summary="Give the case back (R4)", response_model=TripView, responses=_WRITE)
async def give_back(trip_id: TripPath, body: Reason, door: CaseDoor) -> Response:
    """It counts as not completed (K10)."""
    return await _change(door, trip_id, lambda act: service.give_back(door.desk, act, trip_id, body.reason))


@router.post("/{trip_id}/depart", summary="The vehicle sets out", response_model=TripView, responses=_WRITE)
async def depart(trip_id: TripPath, door: FieldDoor, body: Moment | None = None) -> Response:
    """Now, or at `at`. Where the vehicle has a terminal, its fixes say so too."""
    at = body.at if body else None
    return await _change(door, trip_id, lambda act: service.depart(door.desk, act, trip_id, at))


@router.post("/{trip_id}/arrive", summary="The vehicle is there", response_model=TripView, responses=_WRITE)
async def arrive(trip_id: TripPath, door: FieldDoor, body: Moment | None = None) -> Response:
    """Now, or at `at`. The fixes' time counts where there is one; this word is kept beside it (K3)."""
    at = body.at if body else None
    return await _change(door, trip_id, lambda act: service.arrive(door.desk, act, trip_id, at))


@router.put("/{trip_id}/checksheet", summary="Fill the check sheet in (R6)", response_model=TripView, responses=_WRITE)
async def sheet(trip_id: TripPath, body: Sheet, door: FieldDoor, at: Told = None) -> Response:
    """The same once more changes nothing. After the signature, new content becomes an addendum.

    Filled in now, or `at`, which stands beside the body because all of that is the sheet.
    """
    content = dict(body.root)
    client_id = str(content.pop("client_id", ""))
    filled_at = told_moment(at, "at")
    return await _change(
        door,
        trip_id,
        lambda act: service.save_sheet(door.desk, act, trip_id, content, client_id=client_id, at=filled_at),
    )


@router.post(
    "/{trip_id}/checksheet/sign",
    summary="The customer signs, or does not (R6)",
    response_model=TripView,
    responses=_WRITE,
)
async def sign(trip_id: TripPath, body: Signing, door: FieldDoor) -> Response:
    """Now, or `at`. A signature seals the sheet by its hash.

    A refusal waits for the CAC, unless the CAC itself records it.
    """
    if body.refused_reason:
        confirmed_by = door.user.name if door.user.is_cac else ""
        return await _change(
            door,
            trip_id,
            lambda act: service.refuse_signature(
                door.desk, act, trip_id, reason=body.refused_reason, confirmed_by=confirmed_by, at=body.at
            ),
        )
    return await _change(
        door,
        trip_id,
        lambda act: service.sign_sheet(
            door.desk, act, trip_id, signer=body.signer, signature_svg=body.signature_svg, at=body.at
        ),
    )


@router.post(
    "/{trip_id}/checksheet/confirm_unsigned",
    summary="The CAC confirms that nobody signed (R6)",
    response_model=TripView,
    responses=_WRITE,
)
async def confirm_unsigned(trip_id: TripPath, door: CacDoor) -> Response:
    """After a refusal that somebody else recorded."""
    return await _change(
        door, trip_id, lambda act: service.confirm_unsigned(door.desk, act, trip_id, by=door.user.name)
    )


@router.post("/{trip_id}/consent", summary="The customer consents (R19)", response_model=TripView, responses=_WRITE)
async def consent(trip_id: TripPath, body: Consent, door: FieldDoor) -> Response:
    """Now, or `at`. Recovery and flooded cars need it before the work."""
    return await _change(
        door,
        trip_id,
        lambda act: service.sign_consent(
            door.desk, act, trip_id, signer=body.signer, signature_svg=body.signature_svg, at=body.at
        ),
    )


@router.post("/{trip_id}/outcome", summary="What was achieved (R5, K4)", response_model=TripView, responses=_WRITE)
async def outcome(trip_id: TripPath, body: Outcome, door: FieldDoor) -> Response:
    """Now, or `at`. `unresolved` waits for the CAC's word on a second vehicle."""
    return await _change(
        door,
        trip_id,
        lambda act: service.report_outcome(
            door.desk, act, trip_id, result=body.result, drivable=body.drivable, note=body.note, at=body.at
        ),
    )


@router.post("/{trip_id}/complete", summary="The rescue is done (R7)", response_model=TripView, responses=_WRITE)
async def complete(trip_id: TripPath, door: FieldDoor, body: Completion | None = None) -> Response:
    """Now, or `at`. No signature, no completion (R6). The completion of a tow is confirmed by the CAC."""
    user = door.user
    confirmed_by = (body.confirmed_by if body else "") or (user.name if user.is_cac else "")

    async def command(act: Act) -> Case:
        check_completes(user, await _own(door, act, trip_id))
        return await service.complete_trip(
            door.desk,
            act,
            trip_id,
            by_cac=user.is_cac,
            confirmed_by=confirmed_by if user.is_cac else "",
            at=body.at if body else None,
        )

    return await _change(door, trip_id, command)
