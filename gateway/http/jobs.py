"""The dealer's own door: its jobs with what to do next, its photographs, its people."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from core.datum import Datum, from_wgs84
from core.errors import Invalid, NotFound, NotPermitted
from core.geo import Position, check_position, distance_m
from dispatch import queries
from dispatch.desk import Act
from dispatch.nextsteps import Next, next_steps
from dispatch.promise import latest_minutes_without_reason, standard_minutes
from dispatch.vocabulary import FINAL, Candidate, Case, CaseStatus, Dealer, Trip
from gateway import people
from gateway.http.door import AnyDoor, CaseDoor, Door, FieldDoor, From, Limit, To, moment_from, read_answer, told_moment
from gateway.http.fields import Body, Code, FilledName, Flag, Phone
from gateway.http.paging import Cursor, page
from gateway.http.render import case_view, trip_view
from gateway.http.views import CaseView, PersonView, PointView, TripView, View
from gateway.masking import STRUCK, sight_of
from gateway.people import DealerPerson
from gateway.photos import (
    MEDIA_TYPE,
    Phase,
    TripPhoto,
    Zone,
    check_room,
    known_photo,
    photo,
    photo_id,
    photos_of,
    picture_of,
    sha256_of,
)
from gateway.problems import documented
from gateway.roles import Role, check_dealer

router = APIRouter(tags=["dealer"])

_READ = documented(404, 422, 503)
_WRITE = documented(400, 404, 409, 413, 422, 503)
ENDED_SHOWN = timedelta(hours=24)
_PICTURES = ThreadPoolExecutor(2, thread_name_prefix="picture")
"""Each picture takes up to 200 MB while it is read: two at a time are enough."""
_LOOKS = 20
"""So often a page of the history is filled up from what comes after it."""
_PHOTO_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=86400, immutable",
    "Content-Disposition": "inline",
}


class JobOfferView(View):
    """The offer to answer (R16): `standard_minutes` is the promise that practice expects, and a later one than
    `latest_minutes_without_reason` needs a reason; null where none does.
    """

    id: str
    expires_at: datetime
    at: datetime
    distance_m: float
    travel_time_s: float | None
    standard_minutes: int
    latest_minutes_without_reason: int | None
    suggested_vehicle: str | None


class NavigationView(View):
    """The scene in the datum of each map that a phone may open."""

    wgs84: PointView
    gcj02: PointView
    bd09: PointView


class JobView(View):
    """One job of the dealer. `next` is what can be done now, the first thing first, as the rules have it."""

    case: CaseView
    offer: JobOfferView | None
    trip: TripView | None
    sheet: dict[str, Any] | None
    tools: list[str]
    parts: list[str]
    navigation: NavigationView
    next: list[Next]


class PhotoView(View):
    """A photograph, without its bytes."""

    id: str
    trip: str
    phase: Phase
    zone: Zone
    taken_at: datetime | None
    lat: float | None
    lon: float | None
    sha256: str
    width: int
    height: int
    size: int
    url: str


class PersonOnDutyView(View):
    """Somebody of a dealer."""

    id: str
    dealer: str
    name: str
    phone: str
    on_duty: bool
    drives: bool


class PersonIn(Body):
    """Somebody to put on record; a dealer's specialist need not name the dealer."""

    dealer: Code | None = None
    name: FilledName
    phone: Phone = ""
    on_duty: Flag = True
    drives: Flag = True


class PersonChange(Body):
    """What changed. A field that is absent stays as it is."""

    name: FilledName | None = None
    phone: Phone | None = None
    on_duty: Flag | None = None
    drives: Flag | None = None


@router.get("/jobs", summary="The dealer's jobs", response_model=list[JobView], responses=_READ)
async def jobs(door: AnyDoor) -> Response:
    """Offers to answer first, then what runs, then what ended in the last 24 hours; each with what to do next."""
    dealer_code = _own(door)
    now = door.desk.clock.now()
    async with door.desk.db.read() as session:
        dealer = await queries.dealer(session, dealer_code)
        if dealer is None:
            raise NotFound("no such dealer")
        found = await queries.jobs_of(session, dealer_code, ended_after=now - ENDED_SHOWN)
        ranked = {
            case.id: await queries.offer_candidates(session, offer.id)
            for case in found
            if (offer := case.pending_offer) and offer.dealer == dealer_code
        }
    views = [_job(door, case, dealer, ranked.get(case.id, ())) for case in found if _mine(case, dealer_code)]
    return read_answer(sorted(views, key=_order))


def _own(door: Door) -> str:
    if not door.user.of_dealer:
        raise NotPermitted(f"not for the role {door.user.role}")
    return door.user.dealer


def _mine(case: Case, dealer: str) -> bool:
    """The dealer is asked, is at it, or was the last to be at it; a case that it refused is not its job."""
    if case.pending_offer and case.pending_offer.dealer == dealer:
        return True
    return any(trip.dealer == dealer for trip in case.trips[-1:])


def _at_hand(case: Case, dealer: str) -> bool:
    """The dealer is asked, or at it; afterwards it needs the caller's phone no more."""
    asked, trip = case.pending_offer, case.active_trip
    return bool((asked and asked.dealer == dealer) or (trip and trip.dealer == dealer))


def _order(job: JobView) -> tuple[int, float]:
    if job.offer:
        return 0, job.offer.expires_at.timestamp()
    running = job.case.status not in FINAL and job.case.status is not CaseStatus.COMPLETED
    return (1, job.case.opened_at.timestamp()) if running else (2, -job.case.opened_at.timestamp())


def _job(door: Door, case: Case, dealer: Dealer, ranked: tuple[Candidate, ...]) -> JobView:
    sight = sight_of(door.user, case)
    trip = next((one for one in reversed(case.trips) if one.dealer == dealer.code), None)
    view = trip_view(case, trip, sight, whole_sheet=True) if trip else None
    fault = door.desk.rules.faults.get(case.fault)
    shown = case_view(case, door.user, door.desk.places)
    if not _at_hand(case, dealer.code):
        shown = shown.model_copy(update={"caller": PersonView(name=shown.caller.name, phone=STRUCK)})
    return JobView(
        case=shown,
        offer=_offer(door, case, dealer, ranked),
        trip=view,
        sheet=view.sheet.content if view and view.sheet else None,
        tools=list(case.tools),
        parts=list(fault.parts) if fault else [],
        navigation=_navigation(case.place.scene),
        next=_next(door, case, dealer.code),
    )


def _next(door: Door, case: Case, dealer: str) -> list[Next]:
    """A driver answers no offers and changes nothing (R3, R4)."""
    steps = next_steps(case, dealer)
    if door.user.role is Role.DRIVER:
        steps = tuple(step for step in steps if step not in (Next.ACCEPT, Next.DECLINE, Next.CHANGE, Next.GIVE_BACK))
    return list(steps)


def _offer(door: Door, case: Case, dealer: Dealer, ranked: tuple[Candidate, ...]) -> JobOfferView | None:
    offer = case.pending_offer
    if offer is None or offer.dealer != dealer.code:
        return None
    own = next((one for one in ranked if one.dealer == dealer.code), None)
    metres = own.distance_m if own else distance_m(dealer.site, case.place.scene)
    rules = door.desk.rules.promise
    return JobOfferView(
        id=offer.id,
        expires_at=offer.expires_at,
        at=offer.at,
        distance_m=metres,
        travel_time_s=own.travel_time_s if own else None,
        standard_minutes=standard_minutes(rules, county=case.county, distance_m=metres),
        latest_minutes_without_reason=latest_minutes_without_reason(rules, county=case.county, distance_m=metres),
        suggested_vehicle=own.vehicle if own else None,
    )


def _navigation(scene: Position) -> NavigationView:
    points = {
        datum.value: PointView(lat=lat, lon=lon)
        for datum in Datum
        for lat, lon in [from_wgs84(scene.lat, scene.lon, datum)]
    }
    return NavigationView(**points)


@router.get("/jobs/history", summary="The dealer's jobs so far", response_model=list[JobView], responses=_READ)
async def history(
    door: AnyDoor, request: Request, start: From = None, end: To = None, cursor: Cursor = "", limit: Limit = 50
) -> Response:
    """Newest first; those that it took. A page may be short, or empty, where many others were offered in between."""
    dealer_code = _own(door)
    async with door.desk.db.read() as session:
        dealer = await queries.dealer(session, dealer_code)
        if dealer is None:
            raise NotFound("no such dealer")
        own: list[Case] = []
        following = cursor
        for _ in range(_LOOKS):  # what it was offered and did not take is passed by
            found, following = await queries.list_cases(
                session,
                dealer=dealer_code,
                start=moment_from(start, "from"),
                end=moment_from(end, "to", end=True),
                cursor=following,
                limit=limit - len(own),
            )
            own += [case for case in found if any(trip.dealer == dealer_code for trip in case.trips)]
            if not following or len(own) == limit:
                break
    return page(request, [_job(door, case, dealer, ()) for case in own], following)


TripPath = Annotated[str, Path(max_length=64, description="the trip's id")]


async def _trip(door: Door, session: AsyncSession, trip_id: str, *, lock: bool = False) -> tuple[Case, Trip]:
    case = await queries.case_of_trip(session, trip_id, lock=lock)
    trip = next(one for one in case.trips if one.id == trip_id)
    check_dealer(door.user, trip.dealer)
    return case, trip


@router.put("/trips/{trip_id}/photos/{client_id}", summary="A photograph", response_model=PhotoView, responses=_WRITE)
async def put_photo(
    trip_id: TripPath,
    client_id: Annotated[str, Path(pattern=r"^[0-9A-Za-z-]{1,64}$", description="the phone's own name for it")],
    door: FieldDoor,
    request: Request,
    phase: Phase,
    zone: Zone = Zone.OTHER,
    taken_at: Annotated[str | None, Query(max_length=40)] = None,
    lat: float | None = None,
    lon: float | None = None,
) -> Response:
    """JPEG, PNG or WebP of at most 1 MB, read as a picture and written anew. Sent twice, it is kept once."""
    sent = await request.body()
    if lat is not None and lon is not None:
        check_position(lat, lon)
    taken = told_moment(taken_at or None, "taken_at")
    identity = photo_id(trip_id, client_id)
    async with door.desk.db.read() as session:  # before the work of looking at it
        await _trip(door, session, trip_id)
        if again := await known_photo(session, identity, sent):
            return read_answer(_photo_view(again))
    picture = await asyncio.get_running_loop().run_in_executor(_PICTURES, picture_of, sent)

    async def work(act: Act) -> PhotoView:
        case, _trip_of = await _trip(door, act.session, trip_id, lock=True)  # its photographs are counted below
        known = await known_photo(act.session, identity, sent)
        if known is None:
            await check_room(act.session, trip_id)
            known = TripPhoto(
                id=identity,
                trip_id=trip_id,
                case_id=case.id,
                phase=phase.value,
                zone=zone.value,
                taken_at=taken,
                lat=lat,
                lon=lon,
                sent_sha256=sha256_of(sent),
                sha256=sha256_of(picture.content),
                width=picture.width,
                height=picture.height,
                size=len(picture.content),
                by=door.user.name,
                at=act.now,
                content=picture.content,
            )
            act.session.add(known)
            await act.session.flush()
        return _photo_view(known)

    return await door.write(work)


def _photo_view(row: TripPhoto) -> PhotoView:
    return PhotoView(
        id=row.id,
        trip=row.trip_id,
        phase=Phase(row.phase),
        zone=Zone(row.zone),
        taken_at=row.taken_at,
        lat=row.lat,
        lon=row.lon,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        size=row.size,
        url=f"/api/v1/photos/{row.id}",
    )


@router.get("/trips/{trip_id}/photos", summary="A trip's photographs", response_model=list[PhotoView], responses=_READ)
async def photos(trip_id: TripPath, door: FieldDoor) -> Response:
    """In the order that they came."""
    async with door.desk.db.read() as session:
        await _trip(door, session, trip_id)
        found = await photos_of(session, trip_id)
    return read_answer([_photo_view(row) for row in found])


@router.get("/photos/{identity}", summary="A photograph's bytes", responses=_READ, response_class=Response)
async def photo_bytes(identity: Annotated[str, Path(max_length=64)], door: FieldDoor) -> Response:
    """JPEG, for the CAC and the trip's own dealer."""
    async with door.desk.db.read() as session:
        row, content = await photo(session, identity)
        await _trip(door, session, row.trip_id)
    return Response(content, media_type=MEDIA_TYPE, headers=_PHOTO_HEADERS)


@router.get("/people", summary="A dealer's people", response_model=list[PersonOnDutyView], responses=_READ)
async def who(door: CaseDoor, dealer: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Who is on duty, who drives, under which number (R8, R10)."""
    code = door.user.dealer if door.user.of_dealer else dealer
    async with door.desk.db.read() as session:
        return read_answer([_person_view(row) for row in await people.people_of(session, code)])


@router.post(
    "/people", summary="Put somebody on record", status_code=201, response_model=PersonOnDutyView, responses=_WRITE
)
async def add(body: PersonIn, door: CaseDoor) -> Response:
    """By the dealer itself, or by the CAC."""
    code = body.dealer or door.user.dealer
    if not code:
        raise Invalid("no such dealer", field="dealer")
    check_dealer(door.user, code)

    async def work(act: Act) -> PersonOnDutyView:
        if await queries.dealer(act.session, code) is None:
            raise NotFound("no such dealer", field="dealer")
        facts = {**body.model_dump(), "dealer": code}
        return _person_view(await people.add_person(act.session, facts, actor=act.actor, at=act.now))

    return await door.write(work, 201)


@router.patch("/people/{person_id}", summary="Change a record", response_model=PersonOnDutyView, responses=_WRITE)
async def change(person_id: Annotated[str, Path(max_length=64)], body: PersonChange, door: CaseDoor) -> Response:
    """Who, when, from and to stay on record (R10)."""

    async def work(act: Act) -> PersonOnDutyView:
        known = await people.person(act.session, person_id)
        check_dealer(door.user, known.dealer)
        changes = body.model_dump(exclude_none=True)
        await people.change_person(act.session, known, changes, actor=act.actor, at=act.now)
        return _person_view(known)

    return await door.write(work)


def _person_view(row: DealerPerson) -> PersonOnDutyView:
    return PersonOnDutyView(
        id=row.id, dealer=row.dealer, name=row.name, phone=row.phone, on_duty=row.on_duty, drives=row.drives
    )
