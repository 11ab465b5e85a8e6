"""What stands beside the case on a dispatcher's desk: the caller's file, places, alarms, tasks, the shift."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from core.clock import CHINA_STANDARD_TIME
from core.datum import Datum
from core.errors import Invalid
from core.geo import Position
from dispatch import queries
from dispatch.alarms import Alarm, AlarmKind
from dispatch.desk import Act
from dispatch.opening import to_position
from dispatch.roster import Roster
from dispatch.store import digits_of
from dispatch.tasks import TaskKind
from dispatch.vocabulary import ENDED, Case, CaseStatus
from gateway.alarmwatch import Acknowledged, acknowledge, acknowledgements
from gateway.http.door import CacDoor, Door, read_answer
from gateway.http.fields import Body, FilledText, Line, Text, normal_phone, normal_plate
from gateway.http.render import car_view
from gateway.http.views import CarView, ExpresswayView, PersonView, View
from gateway.masking import sight_of
from gateway.placetext import read_place
from gateway.problems import documented
from gateway.roles import Role
from gateway.shift import ShiftNote, add_note, finish_note, notes, on_shift

_MOST_NUMBER = 2**63 - 1
"""The store can keep no larger one."""

router = APIRouter(tags=["desk"])

MOST_PLACES = 10
DONE_NOTES_FOR = timedelta(hours=24)
_READ = documented(422, 503)
_WRITE = documented(400, 404, 422, 503)


class OpenCaseView(View):
    """A case that may be the one the caller rings about."""

    id: str
    number: str
    status: CaseStatus
    plate: str
    fault: str
    address: str
    opened_at: datetime


class KnownCarView(CarView):
    """A car of an earlier case."""

    last_case_at: datetime


class CallerView(View):
    """What earlier cases say of a caller."""

    caller: PersonView | None
    cars: list[KnownCarView]
    open_cases: list[OpenCaseView]
    past_cases: int


class PlaceFoundView(View):
    """One reading of what was typed; a position where there is one."""

    kind: Literal["coordinates", "expressway", "dealer", "past_address"]
    label: str
    lat: float | None
    lon: float | None
    address: str
    expressway: ExpresswayView | None
    city_code: str | None
    city_name: str | None
    doubts: list[str]


class AlarmView(View):
    """Something that must not be overlooked, until a person has acknowledged it."""

    id: str
    kind: AlarmKind
    severity: Literal["high", "normal"]
    case: str
    number: str
    vehicle: str | None
    dealer: str | None
    since: datetime
    due_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None


class AlarmsView(View):
    """All alarms of this second, those that stand first in front."""

    now: datetime
    alarms: list[AlarmView]


class TaskView(View):
    """Something that waits for the CAC."""

    kind: TaskKind
    case: str
    number: str
    trip: str | None
    dealer: str | None
    who: PersonView | None
    since: datetime
    due_at: datetime


class OnShiftView(View):
    """Somebody of the CAC who is signed in."""

    username: str
    role: Role
    until: datetime


class NoteView(View):
    """A note for the next shift."""

    id: int
    text: str
    case: str | None
    author: str
    at: datetime
    done_by: str | None
    done_at: datetime | None


class ShiftView(View):
    """Who is on, and what the last shift left."""

    on: list[OnShiftView]
    notes: list[NoteView]


class SummaryView(View):
    """Today's figures, by the day of China Standard Time."""

    today: int
    running: int
    waiting: int
    late: int
    unassigned: int
    average_arrival_s: float | None
    by_status: dict[str, int]


class Acknowledgement(Body):
    """What the person says to it."""

    note: Text = ""


class NewNote(Body):
    """A note, perhaps about a case."""

    text: FilledText
    case: Annotated[Line, Field(max_length=64)] = ""


@router.get("/callers", summary="What is known of a caller", response_model=CallerView, responses=_READ, tags=["desk"])
async def callers(
    door: CacDoor,
    phone: Annotated[str, Query(max_length=40)] = "",
    plate: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """From earlier cases of that phone or plate. `open_cases` may be the same request rung in twice.

    Each look at somebody's file stays on record.
    """
    number, sign = _phone(phone), normal_plate(plate)
    async with door.desk.db.read() as session:
        found = await queries.cases_about(session, phone=number, plate=sign)
    if found:
        await _record_look(door, found[0])
    return read_answer(_caller_view(door, found, number))


def _phone(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return normal_phone(text)
    except ValueError as error:
        raise Invalid(str(error), field="phone") from error


async def _record_look(door: Door, newest: Case) -> None:
    async def work(act: Act) -> dict[str, str]:
        await queries.record_change(
            act.session, f"case:{newest.id}", actor=act.actor, at=act.now, field="caller_file", before="", after="seen"
        )
        return {}

    await door.write(work)


def _caller_view(door: Door, found: list[Case], phone: str) -> CallerView:
    digits = digits_of(phone)
    own = [case for case in found if digits_of(case.caller.phone) == digits] if digits else found
    cars: dict[str, KnownCarView] = {}
    for case in own or found:
        if case.car.plate and case.car.plate not in cars:
            view = car_view(case, sight_of(door.user, case))
            cars[case.car.plate] = KnownCarView(**view.model_dump(), last_case_at=case.opened_at)
    caller = own[0].caller if own else None
    return CallerView(
        caller=PersonView(name=caller.name, phone=caller.phone) if caller else None,
        cars=list(cars.values()),
        open_cases=[
            OpenCaseView(
                id=case.id,
                number=case.number,
                status=case.status,
                plate=case.car.plate,
                fault=case.fault,
                address=case.place.address,
                opened_at=case.opened_at,
            )
            for case in found
            if case.status not in ENDED
        ],
        past_cases=sum(case.status in ENDED for case in found),
    )


@router.get("/places", summary="What a typed place may mean", response_model=list[PlaceFoundView], responses=_READ)
async def places(
    door: CacDoor,
    q: Annotated[str, Query(min_length=1, max_length=200)],
    datum: Datum = Datum.WGS84,
) -> Response:
    """Coordinates in their datum, a point of an expressway (R18), a dealer, or the address of an earlier case."""
    typed = read_place(q)
    if typed.coordinates:
        lat, lon = typed.coordinates
        position = to_position(lat, lon, datum)
        answer = door.desk.places.assess(position)
        doubts = [*(["swapped"] if typed.swapped else []), *answer.doubts]
        return read_answer([_found(door, "coordinates", f"{lat:.5f}, {lon:.5f}", position, doubts=doubts)])
    if road := typed.expressway:
        label = " ".join(part for part in (road.road, road.kilometre_post, road.direction) if part)
        view = ExpresswayView(road=road.road, direction=road.direction, kilometre_post=road.kilometre_post)
        return read_answer([_found(door, "expressway", label, None, address=q.strip(), expressway=view)])
    words = q.strip()
    async with door.desk.db.read() as session:
        roster = await door.desk.roster.get(session)
        past = await queries.addresses_like(session, words, limit=MOST_PLACES)
    return read_answer((_past(door, past) + _dealers(door, roster, words))[:MOST_PLACES])


def _past(door: Door, cases: list[Case]) -> list[PlaceFoundView]:
    by_address = {case.place.address: case.place.position for case in reversed(cases)}
    return [_found(door, "past_address", address, position) for address, position in by_address.items()]


def _dealers(door: Door, roster: Roster, words: str) -> list[PlaceFoundView]:
    met = [dealer for dealer in roster.dealers.values() if words in dealer.name or words == dealer.code]
    return [_found(door, "dealer", dealer.name, dealer.site) for dealer in met[:MOST_PLACES]]


def _found(
    door: Door,
    kind: Literal["coordinates", "expressway", "dealer", "past_address"],
    label: str,
    position: Position | None,
    *,
    address: str = "",
    expressway: ExpresswayView | None = None,
    doubts: list[str] | None = None,
) -> PlaceFoundView:
    answer = door.desk.places.look_up(position) if position else None
    return PlaceFoundView(
        kind=kind,
        label=label,
        lat=position.lat if position else None,
        lon=position.lon if position else None,
        address=address or ("" if kind == "coordinates" else label),
        expressway=expressway,
        city_code=answer.city_code if answer else None,
        city_name=answer.city_name if answer else None,
        doubts=list(answer.doubts) if answer and doubts is None else doubts or [],
    )


@router.get("/alarms", summary="What must not be overlooked", response_model=AlarmsView, responses=_READ)
async def alarms(door: CacDoor) -> Response:
    """As of this second, with who has acknowledged what."""
    async with door.desk.db.read() as session:
        found = await door.service.alarms.alarms(session)
        known = await acknowledgements(session, found)
    views = [_alarm_view(alarm, known.get(alarm.id)) for alarm in found]
    return read_answer(AlarmsView(now=door.desk.clock.now(), alarms=views))


def _alarm_view(alarm: Alarm, known: Acknowledged | None) -> AlarmView:
    return AlarmView(
        id=alarm.id,
        kind=alarm.kind,
        severity="high" if alarm.high else "normal",
        case=alarm.case,
        number=alarm.number,
        vehicle=alarm.vehicle or None,
        dealer=alarm.dealer or None,
        since=alarm.since,
        due_at=alarm.due_at,
        acknowledged_by=known.by if known else None,
        acknowledged_at=known.at if known else None,
    )


@router.post(
    "/alarms/{alarm_id}/acknowledge", summary="A person has seen it", response_model=AlarmView, responses=_WRITE
)
async def seen(
    alarm_id: Annotated[str, Path(max_length=120)], door: CacDoor, body: Acknowledgement | None = None
) -> Response:
    """The first who says so stays on record."""
    note = body.note if body else ""

    async def work(act: Act) -> AlarmView:
        found = await door.service.alarms.alarms(act.session)
        return _alarm_view(*await acknowledge(act.session, found, alarm_id, by=door.user.name, at=act.now, note=note))

    return await door.write(work)


@router.get(
    "/tasks", summary="What waits for the CAC (R5, R6, R7, R11)", response_model=list[TaskView], responses=_READ
)
async def tasks(door: CacDoor) -> Response:
    """Calls to make and words to give, the most urgent first."""
    async with door.desk.db.read() as session:
        found = await door.service.alarms.tasks(session)
    return read_answer(
        [
            TaskView(
                kind=task.kind,
                case=task.case,
                number=task.number,
                trip=task.trip or None,
                dealer=task.dealer or None,
                who=PersonView(name=task.who.name, phone=task.who.phone) if task.who else None,
                since=task.since,
                due_at=task.due_at,
            )
            for task in found
        ]
    )


@router.get("/shift", summary="Who is on, and what the last shift left", response_model=ShiftView, responses=_READ)
async def shift(door: CacDoor) -> Response:
    """Notes stay until they are done, and for a day after."""
    async with door.desk.db.read() as session:
        on = await on_shift(session, door.service.wall.now())
        left = await notes(session, done_after=door.desk.clock.now() - DONE_NOTES_FOR)
    return read_answer(
        ShiftView(
            on=[OnShiftView(username=one.name, role=one.role, until=one.until) for one in on],
            notes=[_note_view(note) for note in left],
        )
    )


def _note_view(note: ShiftNote) -> NoteView:
    return NoteView(
        id=note.id,
        text=note.text,
        case=note.case_id or None,
        author=note.author,
        at=note.at,
        done_by=note.done_by or None,
        done_at=note.done_at,
    )


@router.post("/shift/notes", summary="Leave a note", status_code=201, response_model=NoteView, responses=_WRITE)
async def leave_note(body: NewNote, door: CacDoor) -> Response:
    """For whoever comes next; perhaps about a case."""

    async def work(act: Act) -> NoteView:
        if body.case:
            await queries.get_case(act.session, body.case)
        note = await add_note(act.session, text=body.text, case_id=body.case, author=door.user.name, at=act.now)
        return _note_view(note)

    return await door.write(work, 201)


@router.post("/shift/notes/{note_id}/done", summary="It is done", response_model=NoteView, responses=_WRITE)
async def note_done(note_id: Annotated[int, Path(ge=1, le=_MOST_NUMBER)], door: CacDoor) -> Response:
    """The first who says so stays on record."""

    async def work(act: Act) -> NoteView:
        return _note_view(await finish_note(act.session, note_id, by=door.user.name, at=act.now))

    return await door.write(work)


@router.get("/board/summary", summary="Today's figures", response_model=SummaryView, responses=_READ)
async def summary(door: CacDoor) -> Response:
    """Cases opened today, how many run, and how long it took on average from the call to the arrival."""
    now = door.desk.clock.now()
    midnight = now.astimezone(CHINA_STANDARD_TIME).replace(hour=0, minute=0, second=0, microsecond=0)
    async with door.desk.db.read() as session:
        today = await queries.opened_since(session, midnight)
        open_now = await door.service.alarms.running(session)
    first = [
        min(at for trip in case.trips if (at := trip.arrived_at)) - case.opened_at for case in today if _reached(case)
    ]
    by_status: dict[str, int] = {}
    for case in open_now:
        by_status[case.status.value] = by_status.get(case.status.value, 0) + 1
    return read_answer(
        SummaryView(
            today=len(today),
            running=sum(case.status is not CaseStatus.COMPLETED for case in open_now),
            waiting=by_status.get("open", 0) + by_status.get("unassigned", 0),
            late=sum(
                bool((trip := case.active_trip) and trip.promise_missed and not trip.arrived_at) for case in open_now
            ),
            unassigned=by_status.get("unassigned", 0),
            average_arrival_s=round(sum(one.total_seconds() for one in first) / len(first), 1) if first else None,
            by_status=by_status,
        )
    )


def _reached(case: Case) -> bool:
    return any(trip.arrived_at for trip in case.trips)
