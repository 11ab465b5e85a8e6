"""Rescue vehicles (R9): the record, where they are (R11), and where they were."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from core.errors import Invalid, NotFound
from core.geo import Position, check_position, parse_bbox
from dispatch import queries
from dispatch.desk import Act
from dispatch.roster import busy_plates
from gateway.http.door import (
    CacDoor,
    CaseDoor,
    FieldDoor,
    From,
    Limit,
    To,
    read_answer,
    span_of,
)
from gateway.http.fields import normal_plate, parse_time
from gateway.http.paging import Cursor, cut, number_in, page
from gateway.http.render import fix_view, live_fields, live_view, vehicle_view
from gateway.http.requests import TerminalIn, VehicleChange, VehicleIn
from gateway.http.views import FittedTerminalView, FixView, LiveVehicleView, NearVehicleView, TerminalView, VehicleView
from gateway.problems import documented
from gateway.roles import check_dealer
from tracking import queries as tracking
from tracking.vocabulary import Terminal, TrailKey, Vehicle, VehicleKind, VehicleState

router = APIRouter(tags=["network"])

PlatePath = Annotated[str, Path(max_length=40, description="the vehicle's plate")]
TRAIL_DAYS = 31


@router.post(
    "/vehicles",
    summary="Put a rescue vehicle on record",
    status_code=201,
    response_model=VehicleView,
    responses=documented(400, 404, 409, 422, 503),
)
async def add(body: VehicleIn, door: CacDoor) -> Response:
    """The same once more changes nothing; other content under its plate is refused.

    `official_plate` is false where the plate has not the official form: that is a finding, not a refusal.
    """
    vehicle = Vehicle(
        plate=body.plate, kind=body.kind, dealer=body.dealer, on_duty=body.on_duty, tools=tuple(body.tools)
    )

    async def work(act: Act) -> VehicleView:
        if await queries.dealer(act.session, vehicle.dealer) is None:
            raise NotFound("no such dealer", field="dealer")
        if await tracking.add_vehicle(act.session, vehicle):
            act.vehicle_states[vehicle.plate] = (vehicle.kind, _idle(vehicle))
            await queries.record_change(
                act.session,
                f"vehicle:{vehicle.plate}",
                actor=act.actor,
                at=act.now,
                field="kind",
                before="",
                after=vehicle.kind.value,
            )
        return vehicle_view(await _known(act, vehicle.plate))

    return await door.write(work, 201)


@router.get(
    "/vehicles", summary="The rescue vehicles", response_model=list[VehicleView], responses=documented(422, 503)
)
async def many(
    door: FieldDoor,
    request: Request,
    dealer: Annotated[str, Query(max_length=40)] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """By plate. A dealer's people see their own only."""
    wanted = _whose(door, dealer)
    async with door.desk.db.read() as session:
        found = await tracking.vehicles(session)
    own = [vehicle for vehicle in found if not wanted or vehicle.dealer == wanted]
    shown, following = cut(own, lambda vehicle: vehicle.plate, cursor, limit)
    return page(request, [vehicle_view(vehicle) for vehicle in shown], following)


@router.get(
    "/vehicles/live",
    summary="Where the vehicles are now",
    response_model=list[LiveVehicleView],
    responses=documented(422, 503),
)
async def live(
    door: FieldDoor,
    bbox: Annotated[str, Query(max_length=120, description="west,south,east,north in degrees")] = "",
) -> Response:
    """The last known position of each, with its age. A dealer's people see their own only."""
    desk, user = door.desk, door.user
    positions = desk.live.in_bbox(parse_bbox(bbox)) if bbox else desk.live.all()
    async with desk.db.read() as session:
        roster = (await desk.roster.get(session)).by_plate
        busy = await busy_plates(session)
    now = desk.clock.now()
    views = [
        live_view(position, roster, busy, now)
        for position in sorted(positions, key=lambda position: position.plate)
        if not user.of_dealer or ((known := roster.get(position.plate)) and known.dealer == user.dealer)
    ]
    return read_answer(views)


@router.get(
    "/vehicles/nearest",
    summary="The vehicles nearest to a place",
    response_model=list[NearVehicleView],
    responses=documented(422, 503),
)
async def nearest(
    door: CacDoor,
    lat: float,
    lon: float,
    k: Annotated[int, Query(ge=1, le=100)] = 10,
    kind: VehicleKind | None = None,
    state: VehicleState | None = None,
    fresh_s: Annotated[float | None, Query(gt=0, le=86400, description="seen within so many seconds")] = None,
) -> Response:
    """By geodesic distance on the WGS-84 ellipsoid."""
    check_position(lat, lon)
    desk = door.desk
    now = desk.clock.now()
    found = await door.service.nearest(
        Position(lat=lat, lon=lon),
        k,
        kind=kind,
        state=state,
        fresh_after=now - timedelta(seconds=fresh_s) if fresh_s else None,
    )
    async with desk.db.read() as session:
        roster = (await desk.roster.get(session)).by_plate
        busy = await busy_plates(session)
    views = [
        NearVehicleView(**live_fields(shown, roster, busy, now), distance_m=round(distance, 1))
        for plate, distance in found
        if (shown := desk.live.get(plate)) is not None
    ]
    return read_answer(views)


@router.get(
    "/vehicles/{plate}", summary="One rescue vehicle", response_model=VehicleView, responses=documented(404, 503)
)
async def one(plate: PlatePath, door: FieldDoor) -> Response:
    """One vehicle's record."""
    async with door.desk.db.read() as session:
        found = await tracking.vehicle(session, normal_plate(plate))
    if found is None:
        raise NotFound("no such vehicle")
    check_dealer(door.user, found.dealer)
    return read_answer(vehicle_view(found))


@router.patch(
    "/vehicles/{plate}",
    summary="Change a vehicle: on duty, tools",
    response_model=VehicleView,
    responses=documented(400, 404, 422, 503),
)
async def change(plate: PlatePath, body: VehicleChange, door: CaseDoor) -> Response:
    """A dealer's specialist changes its own vehicles. Who, when, from and to stay on record."""

    async def work(act: Act) -> VehicleView:
        before = await _known(act, normal_plate(plate), lock=True)
        check_dealer(door.user, before.dealer)
        tools = None if body.tools is None else tuple(body.tools)
        if await tracking.change_vehicle(act.session, before.plate, on_duty=body.on_duty, tools=tools):
            after = await _known(act, before.plate)
            for field in ("on_duty", "tools"):
                was, now = getattr(before, field), getattr(after, field)
                if was != now:
                    await queries.record_change(
                        act.session,
                        f"vehicle:{before.plate}",
                        actor=act.actor,
                        at=act.now,
                        field=field,
                        before=was,
                        after=now,
                    )
            if before.plate not in await busy_plates(act.session):
                act.vehicle_states[before.plate] = (after.kind, _idle(after))
        return vehicle_view(await _known(act, before.plate))

    return await door.write(work)


@router.get(
    "/vehicles/{plate}/trail",
    summary="Where a vehicle was",
    response_model=list[FixView],
    responses=documented(404, 422, 503),
)
async def trail(
    plate: PlatePath,
    door: FieldDoor,
    request: Request,
    start: From = None,
    end: To = None,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> Response:
    """Every acknowledged fix from `from` to `to` in the order of time; without them, the last hour."""
    desk = door.desk
    now = desk.clock.now()
    since, until = span_of(start, end, now, usual=timedelta(hours=1), most_days=TRAIL_DAYS)
    async with desk.db.read() as session:
        found = await tracking.vehicle(session, normal_plate(plate))
        if found is None:
            raise NotFound("no such vehicle")
        check_dealer(door.user, found.dealer)
        points = await tracking.trail(session, found.plate, since, until, after=_after(cursor), limit=limit + 1)
    shown = points[:limit]
    following = _cursor(shown[-1].key) if len(points) > limit else ""
    return page(request, [fix_view(point, now) for point in shown], following)


@router.post(
    "/terminals",
    summary="Fit a GPS terminal in a vehicle",
    status_code=201,
    response_model=TerminalView,
    responses=documented(400, 404, 409, 422, 503),
)
async def fit(body: TerminalIn, door: CacDoor) -> Response:
    """The token in the answer is the terminal's secret. It is told only now and kept only as a digest."""
    terminal = Terminal(terminal_id=body.terminal_id, plate=body.vehicle, protocol=body.protocol)

    async def work(act: Act) -> TerminalView:
        token = await tracking.add_terminal(act.session, terminal)
        await _record_terminal(act, terminal, before="", after=terminal.terminal_id)
        return TerminalView(
            terminal_id=terminal.terminal_id,
            vehicle=terminal.plate,
            protocol=terminal.protocol,
            token=token,
        )

    return await door.write(work, 201)


@router.get(
    "/terminals", summary="The terminals", response_model=list[FittedTerminalView], responses=documented(422, 503)
)
async def fitted(door: CacDoor, request: Request, cursor: Cursor = "", limit: Limit = 200) -> Response:
    """By identifier. Their tokens are not told."""
    async with door.desk.db.read() as session:
        found = await tracking.terminals(session)
    shown, following = cut(found, lambda one: one[0].terminal_id, cursor, limit)
    views = [
        FittedTerminalView(
            terminal_id=terminal.terminal_id,
            vehicle=terminal.plate,
            protocol=terminal.protocol,
            last_fix_at=last_fix_at,
        )
        for terminal, last_fix_at in shown
    ]
    return page(request, views, following)


TerminalPath = Annotated[str, Path(max_length=40, description="the terminal's identifier")]


@router.post(
    "/terminals/{terminal_id}/token",
    summary="Give a terminal another token",
    response_model=TerminalView,
    responses=documented(404, 409, 503),
)
async def renew(terminal_id: TerminalPath, door: CacDoor) -> Response:
    """The one that it had is worth nothing any more, and whoever is connected by it is hung up on."""

    async def work(act: Act) -> TerminalView:
        terminal, token = await tracking.renew_token(act.session, terminal_id)
        await _record_terminal(act, terminal, before="token", after="another token")
        return TerminalView(
            terminal_id=terminal.terminal_id, vehicle=terminal.plate, protocol=terminal.protocol, token=token
        )

    return await door.write(work)


@router.delete(
    "/terminals/{terminal_id}",
    summary="Take a terminal out",
    response_model=FittedTerminalView,
    responses=documented(404, 409, 503),
)
async def take_out(terminal_id: TerminalPath, door: CacDoor) -> Response:
    """Its fixes stay in the vehicle's trail. The answer is the terminal as it was."""

    async def work(act: Act) -> FittedTerminalView:
        terminal = await tracking.remove_terminal(act.session, terminal_id)
        await _record_terminal(act, terminal, before=terminal_id, after="")
        return FittedTerminalView(
            terminal_id=terminal_id, vehicle=terminal.plate, protocol=terminal.protocol, last_fix_at=None
        )

    return await door.write(work)


async def _record_terminal(act: Act, terminal: Terminal, *, before: str, after: str) -> None:
    await queries.record_change(
        act.session,
        f"terminal:{terminal.terminal_id}",
        actor=act.actor,
        at=act.now,
        field=f"vehicle:{terminal.plate}",
        before=before,
        after=after,
    )


def _whose(door: FieldDoor, dealer: str) -> str:
    if not door.user.of_dealer:
        return dealer
    check_dealer(door.user, dealer or door.user.dealer)
    return door.user.dealer


def _idle(vehicle: Vehicle) -> VehicleState:
    return VehicleState.FREE if vehicle.on_duty else VehicleState.OFF_DUTY


async def _known(act: Act, plate: str, *, lock: bool = False) -> Vehicle:
    found = await tracking.vehicle(act.session, plate, lock=lock)
    if found is None:
        raise NotFound("no such vehicle")
    return found


def _cursor(key: TrailKey) -> str:
    moment, terminal_id, seq = key
    return f"{moment.isoformat()}|{seq}|{terminal_id}"


def _after(cursor: str) -> TrailKey | None:
    if not cursor:
        return None
    moment, _, rest = cursor.partition("|")
    seq, _, terminal_id = rest.partition("|")
    try:
        return parse_time(moment), terminal_id, number_in(seq)
    except ValueError as error:
        raise Invalid("not a cursor that this service gave", field="cursor") from error
