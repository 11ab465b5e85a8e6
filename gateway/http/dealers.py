"""The network's dealers (R10, R23): the CAC keeps the record; a dealer's people read their own."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from core.errors import NotFound
from dispatch import queries
from dispatch.desk import Act
from dispatch.vocabulary import Dealer, Person
from gateway.http.door import AnyDoor, CacDoor, Limit, read_answer
from gateway.http.paging import Cursor, cut, page
from gateway.http.render import dealer_view
from gateway.http.requests import DealerChange, DealerIn
from gateway.http.views import DealerView
from gateway.network import sited
from gateway.problems import documented
from gateway.roles import check_dealer

router = APIRouter(prefix="/dealers", tags=["network"])

CodePath = Annotated[str, Path(max_length=40, description="the dealer's code")]


@router.post(
    "",
    summary="Put a dealer on record",
    status_code=201,
    response_model=DealerView,
    responses=documented(400, 409, 422, 503),
)
async def add(body: DealerIn, door: CacDoor) -> Response:
    """A service centre of the network. The same once more changes nothing; other content under its code is refused.

    Without `city_code` the position decides; where the two disagree, `doubts` says `outside_stated_city`.
    """
    place = sited(door.desk.places, body.location.lat, body.location.lon, body.location.datum, body.city_code)
    dealer = Dealer(
        code=body.code,
        name=body.name,
        city_code=place.city_code,
        site=place.site,
        phone=body.phone,
        specialist=body.specialist.person(),
        brands=tuple(body.brands),
        region=body.region,
    )

    async def work(act: Act) -> DealerView:
        if await queries.add_dealer(act.session, dealer):
            subject, at = f"dealer:{dealer.code}", act.now
            await queries.record_change(
                act.session, subject, actor=act.actor, at=at, field="name", before="", after=dealer.name
            )
        return dealer_view(dealer, door.desk.places, place.doubts)

    return await door.write(work, 201)


@router.get("", summary="The dealers", response_model=list[DealerView], responses=documented(422, 503))
async def many(door: AnyDoor, request: Request, cursor: Cursor = "", limit: Limit = 50) -> Response:
    """By code. A dealer's people see their own only."""
    async with door.desk.db.read() as session:
        found = await queries.dealers(session)
    own = [dealer for dealer in found if not door.user.of_dealer or dealer.code == door.user.dealer]
    shown, following = cut(own, lambda dealer: dealer.code, cursor, limit)
    return page(request, [dealer_view(dealer, door.desk.places) for dealer in shown], following)


@router.get("/{code}", summary="One dealer", response_model=DealerView, responses=documented(404, 503))
async def one(code: CodePath, door: AnyDoor) -> Response:
    """One dealer's record."""
    check_dealer(door.user, code)
    async with door.desk.db.read() as session:
        found = await queries.dealer(session, code)
    if found is None:
        raise NotFound("no such dealer")
    return read_answer(dealer_view(found, door.desk.places))


@router.patch(
    "/{code}",
    summary="Change a dealer's record (R10)",
    response_model=DealerView,
    responses=documented(400, 404, 409, 422, 503),
)
async def change(code: CodePath, body: DealerChange, door: CacDoor) -> Response:
    """A change of specialist or number is told to the CAC at once, which records it here: who, when, from, to."""

    async def work(act: Act) -> DealerView:
        known = await queries.dealer(act.session, code, lock=True)
        if known is None:
            raise NotFound("no such dealer")
        changes: dict[str, Any] = {
            name: value for name in ("name", "phone", "region", "active") if (value := getattr(body, name)) is not None
        }
        if body.specialist is not None:
            changes["specialist"] = Person(name=body.specialist.name, phone=body.specialist.phone)
        if body.brands is not None:
            changes["brands"] = tuple(body.brands)
        doubts: tuple[str, ...] = ()
        if body.location is not None:
            place = sited(door.desk.places, body.location.lat, body.location.lon, body.location.datum, known.city_code)
            changes["site"], doubts = place.site, place.doubts
        changed = replace(known, **changes)
        if changed != known:
            await queries.change_dealer(act.session, changed, actor=act.actor, at=act.now)
        return dealer_view(changed, door.desk.places, doubts)

    return await door.write(work)
