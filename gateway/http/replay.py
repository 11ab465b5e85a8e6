"""The past on the map again: where vehicles were, and how cases went on, for one of them or for the city."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from core.errors import Invalid, NotFound
from core.geo import BBox, parse_bbox
from dispatch import queries
from dispatch.playback import Told, ran_between, sent_for, told_of
from dispatch.roster import Roster
from dispatch.vocabulary import ENDED, Case, CaseStatus
from gateway.http.door import CacDoor, From, To, any_span_of, read_answer
from gateway.http.fields import normal_plate
from gateway.http.views import View
from gateway.problems import documented
from tracking import queries as tracking
from tracking.vocabulary import Fix, VehicleKind

router = APIRouter(tags=["history"])

NAMED_HOURS: Final = 24
"""So long may be asked for of one vehicle or case."""
CITY_HOURS: Final = 2
MOST_POINTS: Final = 200_000
"""Some 9 MB, and as many as a browser moves along without a halt."""
LEAST_STEP_S: Final = 5
STEPS: Final = 720
"""So many points a vehicle are enough for a slider, where the step is left to us."""
_AT_ONCE: Final = 8
"""The ways of so many vehicles are read at a time; others have their turn in between."""


class TrackView(View):
    """A vehicle's way: `[epoch_ms, lat, lon, speed_mps, course_deg]`, one point a step at most."""

    plate: str
    kind: VehicleKind | None
    dealer: str
    points: list[tuple[int, float, float, float | None, float | None]]


class ReplayEventView(View):
    """Something that was recorded of a case."""

    seq: int
    at: datetime
    kind: str
    case: str
    number: str


class ReplayCaseView(View):
    """A case where its scene is; `statuses` are `[epoch_ms, status]` from its opening on, up to the span's end."""

    id: str
    number: str
    lat: float
    lon: float
    opened_at: datetime
    ended_at: datetime | None
    statuses: list[tuple[int, CaseStatus]]


class ReplayView(View):
    """What happened from `from` to `to`, both included. `step_s` is the one that was used."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    step_s: int
    vehicles: list[TrackView]
    events: list[ReplayEventView]
    cases: list[ReplayCaseView]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The span, and of what: nothing named is the city, or the part of it in `box`."""

    start: datetime
    end: datetime
    plate: str
    case: Case | None
    box: BBox | None


@router.get(
    "/replay", summary="The past on the map again", response_model=ReplayView, responses=documented(404, 422, 503)
)
async def replay(
    door: CacDoor,
    start: From = None,
    end: To = None,
    step_s: Annotated[int | None, Query(ge=1, le=3600, description="at most one point of a vehicle in so long")] = None,
    plate: Annotated[str, Query(max_length=40)] = "",
    case: Annotated[str, Query(max_length=64)] = "",
    bbox: Annotated[str, Query(max_length=120, description="west,south,east,north in degrees")] = "",
) -> Response:
    """Of a vehicle with the cases that it was sent to, of a case with all its vehicles, or of both; else of the city.

    Of a vehicle or a case at most 24 hours, of the city 2; without `from` and `to`, the whole of a case, or the last
    hour. `bbox` narrows the city to the cases there and the vehicles that were seen there, with all of their way.
    Coarse fixes and jumps are left out. Without `step_s` it is as short as the answer's size allows. An event has the
    moment at which it was recorded: the replay shows what the board showed.
    """
    box = parse_bbox(bbox) if bbox else None
    sign, now = normal_plate(plate), door.desk.clock.now()
    async with door.desk.db.read() as session:
        roster = await door.desk.roster.get(session)
        if sign and sign not in roster.by_plate:
            raise NotFound("no such vehicle", field="plate")
        named = await queries.get_case(session, case) if case else None
        since, until = await _span(session, (start, end), now, sign, named)
        asked = _Asked(start=since, end=until, plate=sign, case=named, box=box)
        plates = await _plates(session, roster, asked)
        step = step_s or _step_s(until - since, len(plates))
        ways = await _ways(session, roster, plates, asked, step)
        cases = await _cases(session, asked)
        told = await told_of(session, [one.id for one in cases], until)
    stories = _stories(cases, told)
    numbers = {one.id: one.number for one in cases}
    events = [_event(one, numbers) for one in told if one.at >= since]
    answer = {"from": since, "to": until, "step_s": step, "vehicles": ways, "events": events, "cases": stories}
    return read_answer(msgspec.json.encode(answer))


async def _span(
    session: AsyncSession, given: tuple[str | None, str | None], now: datetime, plate: str, case: Case | None
) -> tuple[datetime, datetime]:
    longest = timedelta(hours=NAMED_HOURS if plate or case else CITY_HOURS)
    if case and not any(given):
        latest = min(now, case.opened_at + longest)
        told = await told_of(session, [case.id], latest)
        return case.opened_at, next((one.at for one in told if one.status in ENDED), latest)
    since, until = any_span_of(*given, now, usual=timedelta(hours=1))
    if until - since > longest:
        raise Invalid(f"at most {longest // timedelta(hours=1)} hours at a time", field="from")
    return since, until


async def _plates(session: AsyncSession, roster: Roster, asked: _Asked) -> list[str]:
    if asked.plate:
        return [asked.plate]
    if asked.case:
        return await sent_for(session, asked.case.id)
    if asked.box:
        return sorted(await tracking.seen_in(session, asked.box, asked.start, asked.end))
    return sorted(roster.by_plate)


def _step_s(span: timedelta, vehicles: int) -> int:
    """A step with which that many vehicles stay within `MOST_POINTS`: a span of whole steps has one point more."""
    points = max(min(STEPS, MOST_POINTS // max(vehicles, 1) - 1), 1)
    return max(LEAST_STEP_S, math.ceil(span.total_seconds() / points))


async def _ways(
    session: AsyncSession, roster: Roster, plates: Sequence[str], asked: _Asked, step_s: int
) -> list[dict[str, Any]]:
    ways: list[dict[str, Any]] = []
    points = 0
    for begin in range(0, len(plates), _AT_ONCE):
        some = plates[begin : begin + _AT_ONCE]
        for plate, fixes in (await tracking.tracks(session, some, asked.start, asked.end, step_s=step_s)).items():
            points += len(fixes)
            if points > MOST_POINTS:
                raise Invalid(f"more than {MOST_POINTS} points: ask for longer steps or a shorter time", field="step_s")
            known = roster.by_plate.get(plate)
            # Encoded here, while few are at hand, so that nobody waits for all of them.
            encoded = msgspec.Raw(msgspec.json.encode([_point(fix) for fix in fixes]))
            kind, dealer = (known.kind, known.dealer) if known else (None, "")
            ways.append({"plate": plate, "kind": kind, "dealer": dealer, "points": encoded})
    return ways


async def _cases(session: AsyncSession, asked: _Asked) -> list[Case]:
    if asked.case:
        return [asked.case]
    found = await ran_between(session, asked.start, asked.end, plate=asked.plate)
    box = None if asked.plate else asked.box
    return [one for one in found if box is None or box.contains(one.place.scene)]


def _stories(cases: Iterable[Case], told: Iterable[Told]) -> list[dict[str, Any]]:
    changes: dict[str, list[tuple[int, CaseStatus]]] = {case.id: [] for case in cases}
    for one in told:
        story = changes[one.case_id]
        if not story or story[-1][1] is not one.status:
            story.append((_epoch_ms(one.at), one.status))
    return [
        {
            "id": case.id,
            "number": case.number,
            "lat": case.place.scene.lat,
            "lon": case.place.scene.lon,
            "opened_at": case.opened_at,
            "ended_at": case.ended_at,
            "statuses": changes[case.id],
        }
        for case in cases
    ]


def _event(told: Told, numbers: dict[str, str]) -> dict[str, Any]:
    return {
        "seq": told.seq,
        "at": told.at,
        "kind": told.kind,
        "case": told.case_id,
        "number": numbers[told.case_id],
    }


def _point(fix: Fix) -> tuple[int, float, float, float | None, float | None]:
    """A decimetre, a decimetre a second, and a degree are finer than any terminal knows them."""
    return (
        _epoch_ms(fix.time),
        round(fix.position.lat, 6),
        round(fix.position.lon, 6),
        None if fix.speed_mps is None else round(fix.speed_mps, 1),
        None if fix.course_deg is None else round(fix.course_deg),
    )


def _epoch_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
