"""Cases: from the call to the closing."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from core.errors import Invalid, NotPermitted
from core.eventlog import events_of
from dispatch import queries, service
from dispatch.desk import Act
from dispatch.ranking import current_candidates
from dispatch.roster import busy_plates
from dispatch.vocabulary import Case, CaseStatus, Channel
from gateway import links
from gateway.http.door import (
    AnyDoor,
    CacDoor,
    CaseDoor,
    Door,
    From,
    Limit,
    To,
    moment_from,
    read_answer,
)
from gateway.http.paging import Cursor, number_in, page
from gateway.http.render import candidates_on_desk, case_view, offer_with_candidates, timeline_view
from gateway.http.requests import (
    Cancelling,
    Closing,
    NewCase,
    NewOffer,
    Note,
    PlaceChange,
    Reason,
    SecondDispatch,
    Survey,
)
from gateway.http.views import CandidateOnDeskView, CaseView, OfferWithCandidates, TimelineView
from gateway.masking import sight_of
from gateway.network import prefecture_code
from gateway.problems import documented
from gateway.roles import Role, check_dealer, check_reads
from tracking.vocabulary import VehicleKind

router = APIRouter(prefix="/cases", tags=["cases"])

CasePath = Annotated[str, Path(max_length=64, description="the case's id")]
_WRITE = documented(400, 404, 409, 422, 503)


@router.post(
    "", summary="Open a case", status_code=201, response_model=CaseView, responses=documented(400, 409, 422, 503)
)
async def open_case(body: NewCase, door: CaseDoor) -> Response:
    """A call becomes a case. `doubts` holds questions about the position that do not stop it (R22).

    A dealer's specialist opens its own cases only (C2, `dealer_24h`); these are offered to it at once.
    """
    user = door.user
    own_dealer = body.dealer or ""
    if user.of_dealer:
        if body.channel is not Channel.DEALER_24H:
            raise NotPermitted("a dealer opens cases of its own 24 h line only", rule="C2")
        check_dealer(user, own_dealer or user.dealer)
        own_dealer = user.dealer
    if own_dealer and body.channel is not Channel.DEALER_24H:
        raise Invalid("only a case of a dealer's own line names that dealer", rule="C2", field="dealer")

    asked = body.request(door.desk.places, own_dealer)
    number = await service.number_for(door.desk, asked)

    async def work(act: Act) -> CaseView:
        case = await service.open_case(door.desk, act, asked, number=number)
        if body.link and user.is_cac:
            await links.attach(act.session, body.link, case.id, act.now)
        return case_view(case, user, door.desk.places)

    return await door.write(work, 201)


@router.get("", summary="Cases, newest first", response_model=list[CaseView], responses=documented(422, 503))
async def many(
    door: AnyDoor,
    request: Request,
    status: Annotated[list[str] | None, Query(description="one or more, repeated or with commas")] = None,
    dealer: Annotated[str, Query(max_length=40, description="ever offered to it")] = "",
    city_code: Annotated[str, Query(max_length=12)] = "",
    start: From = None,
    end: To = None,
    q: Annotated[str, Query(max_length=80, description="in number, plate, caller, address")] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """Those opened from `from` until before `to`. A dealer's people see those ever offered to it."""
    user = door.user
    if user.of_dealer:
        check_dealer(user, dealer or user.dealer)
        dealer = user.dealer
    if q and user.role is Role.OEM:
        raise NotPermitted("searching by plate or phone is not for this role")
    async with door.desk.db.read() as session:
        cases, following = await queries.list_cases(
            session,
            statuses=_statuses(status or ()),
            dealer=dealer,
            city_code=prefecture_code(door.desk.places, city_code) or city_code,
            start=moment_from(start, "from"),
            end=moment_from(end, "to", end=True),
            q=q.strip(),
            by_phone=not user.of_dealer,  # what is struck out of a case is not told by finding it either
            cursor=cursor,
            limit=limit,
        )
    return page(request, [case_view(case, user, door.desk.places) for case in cases], following)


def _statuses(given: list[str] | tuple[str, ...]) -> list[CaseStatus]:
    names = [name.strip() for part in given for name in part.split(",") if name.strip()]
    try:
        return [CaseStatus(name) for name in names]
    except ValueError as error:
        raise Invalid("no such status", field="status") from error


async def readable(door: Door, session: AsyncSession, case_id: str) -> Case:
    """The case, if this person may read it. Raises `NotFound` or `NotPermitted`."""
    case = await queries.get_case(session, case_id)
    check_reads(door.user, case)
    return case


@router.get("/{case_id}", summary="One case", response_model=CaseView, responses=documented(404, 503))
async def one(case_id: CasePath, door: AnyDoor) -> Response:
    """All that is known of it, masked for the role that asks."""
    async with door.desk.db.read() as session:
        case = await readable(door, session, case_id)
    return read_answer(case_view(case, door.user, door.desk.places))


@router.get(
    "/{case_id}/timeline",
    summary="The case's event log",
    response_model=list[TimelineView],
    responses=documented(404, 422, 503),
)
async def timeline(
    case_id: CasePath,
    door: AnyDoor,
    request: Request,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """Who did what and when, in the order of the log."""
    after = number_in(cursor) if cursor else 0
    async with door.desk.db.read() as session:
        case = await readable(door, session, case_id)
        events = await events_of(session, case_id, after=after, limit=limit + 1)
    following = str(events[limit - 1].seq) if len(events) > limit else ""
    return page(request, timeline_view(case, events[:limit], door.user), following)


@router.get(
    "/{case_id}/candidates",
    summary="Who could go, and why not the others (R1)",
    response_model=list[CandidateOnDeskView],
    responses=documented(404, 503),
)
async def candidates(case_id: CasePath, door: CacDoor) -> Response:
    """As of this second: the able ones nearest first, then the skipped ones with their reasons."""
    desk = door.desk
    now = desk.clock.now()
    async with desk.db.read() as session:
        case = await queries.get_case(session, case_id)
        found = await current_candidates(desk, session, case, now)
        roster = await desk.roster.get(session)
        busy = await busy_plates(session)
    rates = await door.service.acceptance.get(now)
    return read_answer(candidates_on_desk(desk, case, found, roster, busy, rates))


@router.post(
    "/{case_id}/offers",
    summary="Offer the case (R1)",
    status_code=201,
    response_model=OfferWithCandidates,
    responses=_WRITE,
)
async def offer(case_id: CasePath, door: CacDoor, body: NewOffer | None = None) -> Response:
    """To the nearest able dealer, or to the one named; one that is not nearest needs `override_reason`."""
    asked = body or NewOffer()

    async def work(act: Act) -> bytes:
        case, made, ranked = await service.make_offer(
            door.desk, act, case_id, dealer=asked.dealer or "", override_reason=asked.override_reason
        )
        return offer_with_candidates(case, made, ranked, sight_of(door.user, case))

    return await door.write(work, 201)


async def _change(door: Door, command: Callable[[Act], Awaitable[Case]]) -> Response:
    async def work(act: Act) -> CaseView:
        return case_view(await command(act), door.user, door.desk.places)

    return await door.write(work)


@router.patch("/{case_id}", summary="Correct the place", response_model=CaseView, responses=_WRITE)
async def amend(case_id: CasePath, body: PlaceChange, door: CacDoor) -> Response:
    """From and to stay on record (R22)."""
    where = body.location
    return await _change(
        door,
        lambda act: service.amend_place(
            door.desk,
            act,
            case_id,
            lat=where.lat,
            lon=where.lon,
            datum=where.datum,
            address=where.address,
            accuracy_m=where.accuracy_m,
            reason=body.reason,
        ),
    )


@router.post(
    "/{case_id}/second_dispatch",
    summary="The CAC's word on a second vehicle (R5)",
    response_model=CaseView,
    responses=_WRITE,
)
async def second_dispatch(case_id: CasePath, body: SecondDispatch, door: CacDoor) -> Response:
    """After a yes the case is open for an offer again; after a no the first vehicle is still on scene."""
    return await _change(
        door,
        lambda act: service.decide_second_dispatch(
            door.desk,
            act,
            case_id,
            approve=body.approve,
            needs=body.needs or VehicleKind.TOW,
            same_dealer=body.same_dealer,
        ),
    )


@router.post("/{case_id}/cancel", summary="Call the case off (K2)", response_model=CaseView, responses=_WRITE)
async def cancel(case_id: CasePath, body: Cancelling, door: CacDoor) -> Response:
    """By the customer or by the CAC; a pending offer is withdrawn with it (K1)."""
    return await _change(door, lambda act: service.cancel_case(door.desk, act, case_id, by=body.by, reason=body.reason))


@router.post("/{case_id}/fail", summary="Give the case up", response_model=CaseView, responses=_WRITE)
async def fail(case_id: CasePath, body: Reason, door: CacDoor) -> Response:
    """The rescue ends without success."""
    return await _change(door, lambda act: service.fail_case(door.desk, act, case_id, body.reason))


@router.post("/{case_id}/solve_by_phone", summary="Advice was enough (R20)", response_model=CaseView, responses=_WRITE)
async def solve_by_phone(case_id: CasePath, body: Note, door: CacDoor) -> Response:
    """No vehicle goes, and no KPI is touched."""
    return await _change(door, lambda act: service.solve_by_phone(door.desk, act, case_id, body.note))


@router.post("/{case_id}/survey", summary="The owner's answer (K11)", response_model=CaseView, responses=_WRITE)
async def survey(case_id: CasePath, body: Survey, door: CacDoor) -> Response:
    """A percentage, 0 to 100; then the case closes."""
    return await _change(
        door,
        lambda act: service.answer_survey(
            door.desk, act, case_id, satisfaction=body.satisfaction, comment=body.comment
        ),
    )


@router.post("/{case_id}/close", summary="Close without an answer", response_model=CaseView, responses=_WRITE)
async def close(case_id: CasePath, door: CacDoor, body: Closing | None = None) -> Response:
    """The owner was not asked or not reached."""
    reason = (body.reason if body else "") or "owner_not_reached"
    return await _change(door, lambda act: service.close_case(door.desk, act, case_id, reason))
