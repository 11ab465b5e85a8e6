"""Administration: the rules as data, the people who sign in, the record of changes."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any, Literal, cast

import msgspec
from fastapi import APIRouter, Path, Query, Request
from pydantic import AfterValidator, Field
from starlette.responses import Response

from core.errors import Invalid
from dispatch import queries
from dispatch.acceptance import MAX_ETA_MINUTES
from dispatch.desk import Act
from dispatch.faults import Fault
from gateway import accounts
from gateway.accounts import Account
from gateway.auth import GOOD_PASSWORD, MAX_PASSWORD, fits_address, hash_password
from gateway.http.door import AdminDoor, From, Limit, To, moment_from, read_answer
from gateway.http.fields import Body, Code, FilledLine, FilledName, Flag, Line, Number, Whole, Words, no_controls
from gateway.http.paging import Cursor, cut, number_in, page
from gateway.http.reference import fault_view
from gateway.http.views import FaultView, View
from gateway.problems import documented
from gateway.roles import Role, User
from gateway.rulebook import FAULT, Rulebook, change_rules, read_book, values_of
from gateway.users import UserChange, add_user, change_user
from tracking.vocabulary import VehicleKind

router = APIRouter(tags=["administration"])

_READ = documented(422, 503)
_WRITE = documented(400, 404, 409, 422, 503)
_FAULT_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")
DAY_S = 86400
MIN_ANSWER_S = 30
MIN_AUTO_CLOSE_S = 3600
MIN_METRES = 100

# The rules

Minutes = Annotated[Whole, Field(ge=1, le=MAX_ETA_MINUTES)]
Metres = Annotated[Number, Field(ge=MIN_METRES, le=1_000_000)]
Weight = Annotated[Whole, Field(ge=0, le=100)]
Percent = Annotated[Number, Field(ge=0, le=100)]


def _time_to_answer(seconds: float) -> float:
    """Who has less than a glance at the phone cannot answer, and each expiry counts against the dealer."""
    if not MIN_ANSWER_S <= seconds <= DAY_S:
        raise ValueError("the time to answer is 30 seconds to 24 hours")
    return seconds


def _time_to_close(seconds: float) -> float:
    """The owner must have had time for the survey."""
    if not MIN_AUTO_CLOSE_S <= seconds <= 366 * DAY_S:
        raise ValueError("a case closes by itself after 1 hour to 366 days")
    return seconds


Target = Literal["completion", "satisfaction", "arrival", "drive_away", "first_success", "acceptance"]


class PromiseIn(Body):
    """R16, in part."""

    district_minutes: Minutes | None = None
    county_minutes: Minutes | None = None
    near_m: Metres | None = None
    near_minutes: Minutes | None = None
    far_m: Metres | None = None
    far_minutes: Minutes | None = None


class WeightsIn(Body):
    """K6, in part; with those not given, they must add up to 100."""

    completion: Weight | None = None
    satisfaction: Weight | None = None
    arrival: Weight | None = None
    drive_away: Weight | None = None
    first_success: Weight | None = None


class RetentionIn(Body):
    """For how many days what is kept, in part."""

    position_days: Annotated[Whole, Field(ge=8, le=3650)] | None = None
    quarantine_days: Annotated[Whole, Field(ge=1, le=3650)] | None = None
    photo_days: Annotated[Whole, Field(ge=30, le=3650)] | None = None
    motorist_link_days: Annotated[Number, Field(ge=1, le=60)] | None = None


class RulesIn(Body):
    """What is to be otherwise, and why. What is left out stays as it is."""

    reason: FilledLine
    offer_timeout_s: Annotated[Number, AfterValidator(_time_to_answer)] | None = None
    auto_close_s: Annotated[Number, AfterValidator(_time_to_close)] | None = None
    keep_brands_apart: Flag | None = None
    min_cases_ranked: Annotated[Whole, Field(ge=0, le=1_000_000)] | None = None
    promise: PromiseIn | None = None
    weights: WeightsIn | None = None
    targets: dict[Target, Percent | None] | None = Field(default=None, description="null: nothing is aimed at")
    retention: RetentionIn | None = None

    def changes(self) -> dict[str, Any]:
        """The figures that are given, by dotted name."""
        given = self.model_dump(exclude={"reason"}, exclude_unset=True)
        return dict(_dotted(given, ""))


def _dotted(given: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if isinstance(value, dict):
            yield from _dotted(cast(dict[str, Any], value), f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


class FaultIn(Body):
    """One row of the fault table, whole."""

    name_zh: FilledName
    name_en: FilledName
    needs: VehicleKind
    tools: Words = Field(default_factory=list)
    parts: Words = Field(default_factory=list)
    consent: Flag = False
    active: Flag = True
    reason: FilledLine


class PromiseRulesView(View):
    """R16."""

    district_minutes: int
    county_minutes: int
    near_m: float
    near_minutes: int
    far_m: float
    far_minutes: int


class RetentionView(View):
    """For how many days what is kept."""

    position_days: int
    quarantine_days: int
    photo_days: int
    motorist_link_days: float


class RulesView(View):
    """Every rule that may be changed. `version` moves with each change."""

    version: int
    offer_timeout_s: float
    auto_close_s: float
    keep_brands_apart: bool
    promise: PromiseRulesView
    weights: dict[str, int]
    min_cases_ranked: int
    retention: RetentionView
    targets: dict[str, float | None]
    faults: list[FaultView]


def _rules_view(book: Rulebook) -> RulesView:
    table = book.dispatch.faults
    nested: dict[str, Any] = {}
    for name, value in values_of(book).items():
        part, _, leaf = name.partition(".")
        if leaf:
            nested.setdefault(part, {})[leaf] = value
        else:
            nested[name] = value
    nested["faults"] = [fault_view(table, code) for code in table]
    return RulesView(version=book.version, **nested)


@router.get("/admin/rules", summary="The rules in force", response_model=RulesView, responses=_READ)
async def rules(door: AdminDoor) -> Response:
    """As they stand in the store."""
    async with door.desk.db.read() as session:
        return read_answer(_rules_view(await read_book(session, door.service.settings)))


@router.patch("/admin/rules", summary="Change rules", response_model=RulesView, responses=_WRITE)
async def change(body: RulesIn, door: AdminDoor) -> Response:
    """Refused whole where any part is bad. Other processes take it up within a second or two.

    Cases that are open keep what they were opened with; scores are computed with the present weights.
    """
    given = body.changes()
    if not given:
        raise Invalid("nothing to change was given")
    return await _changed(door, given, body.reason, _rules_view)


@router.put("/admin/faults/{code}", summary="Set a fault (R2)", response_model=FaultView, responses=_WRITE)
async def set_fault(
    code: Annotated[str, Path(max_length=40, examples=["battery"])], body: FaultIn, door: AdminDoor
) -> Response:
    """A row of the table, new or otherwise than before. One that is not `active` refuses new cases; it never goes."""
    if not _FAULT_CODE.fullmatch(code):
        raise Invalid(
            "a fault's code has 1 to 32 small letters, digits or underscores, a letter first", rule="R2", field="code"
        )
    fault = Fault(
        code=code,
        name_zh=body.name_zh,
        name_en=body.name_en,
        needs=body.needs,
        tools=tuple(body.tools),
        parts=tuple(body.parts),
        consent=body.consent,
        active=body.active,
    )
    given = {f"{FAULT}{code}": msgspec.to_builtins(fault)}
    return await _changed(door, given, body.reason, lambda book: fault_view(book.dispatch.faults, code))


async def _changed(door: AdminDoor, given: dict[str, Any], reason: str, view: Callable[[Rulebook], View]) -> Response:
    done: list[Rulebook] = []

    async def work(act: Act) -> View:
        settings = door.service.settings
        book = await change_rules(act.session, settings, given, reason=reason, actor=act.actor, at=act.now)
        done.append(book)
        return view(book)

    answer = await door.write(work)
    for book in done:  # it is committed by now
        door.service.rules.take(book)
    return answer


# The people


def _fits_address(text: str) -> str:
    if not fits_address(text):
        raise ValueError("a user's name has 1 to 80 printable characters, no slash, and not dots alone")
    return text


Username = Annotated[FilledName, AfterValidator(_fits_address)]
Password = Annotated[
    str, Field(strict=True, min_length=GOOD_PASSWORD, max_length=MAX_PASSWORD), AfterValidator(no_controls)
]


class UserIn(Body):
    """Somebody who is to sign in."""

    username: Username
    password: Password
    role: Role
    dealer: Code | None = None


class UserPatch(Body):
    """What is to be otherwise. Whoever leaves a dealer's role belongs to that dealer no more."""

    password: Password | None = None
    role: Role | None = None
    dealer: Code | None = None
    active: Flag | None = None
    reason: Line = ""


class UserView(View):
    """Somebody who may sign in, or might once."""

    username: str
    role: Role
    dealer: str | None
    active: bool
    created_at: datetime


def _user_view(row: Account) -> UserView:
    return UserView(
        username=row.name,
        role=Role(row.role),
        dealer=row.dealer or None,
        active=row.active,
        created_at=row.created_at,
    )


@router.get("/users", summary="Who may sign in", response_model=list[UserView], responses=_READ)
async def users(door: AdminDoor, request: Request, cursor: Cursor = "", limit: Limit = 200) -> Response:
    """By name, the disabled ones too."""
    async with door.desk.db.read() as session:
        found = await accounts.all_accounts(session)
    shown, following = cut(found, lambda one: one.name, cursor, limit)
    return page(request, [_user_view(one) for one in shown], following)


@router.post("/users", summary="Add a user", status_code=201, response_model=UserView, responses=_WRITE)
async def add(body: UserIn, door: AdminDoor) -> Response:
    """The password is kept as a hash only."""
    user = User(name=body.username, role=body.role, dealer=body.dealer or "")
    hashed = await hash_password(body.password)
    created_at = door.service.wall.now()

    async def work(act: Act) -> UserView:
        added = await add_user(act.session, user, hashed, created_at=created_at, actor=act.actor, at=act.now)
        return _user_view(added)

    return await door.write(work, 201)


@router.patch("/users/{username}", summary="Change a user", response_model=UserView, responses=_WRITE)
async def patch_user(username: Annotated[str, Path(max_length=80)], body: UserPatch, door: AdminDoor) -> Response:
    """Password, role, dealer, or whether they may sign in. Every session of theirs ends, wherever it is."""
    given = (body.password, body.role, body.dealer, body.active)
    if all(one is None for one in given):
        raise Invalid("nothing to change was given")
    wanted = UserChange(
        password_hash=None if body.password is None else await hash_password(body.password),
        role=body.role,
        dealer=body.dealer,
        active=body.active,
        reason=body.reason,
    )
    ended: set[str] = set()

    async def work(act: Act) -> UserView:
        changed, digests = await change_user(act.session, username, wanted, actor=act.actor, at=act.now)
        ended.update(digests)
        return _user_view(changed)

    answer = await door.write(work)
    door.service.sign_in.ended(ended)
    return answer


# The record


class ChangeView(View):
    """One change of what is on record; `subject` is such as `dealer:D1`, `rules`, `fault:battery`, `user:wang`."""

    id: int
    subject: str
    case_number: str = Field(description="of a `case:` subject, the number that people call it by; else empty")
    field: str
    before: str
    after: str
    reason: str
    actor: str
    at: datetime


@router.get("/changes", summary="Who changed what, when and why", response_model=list[ChangeView], responses=_READ)
async def changes(
    door: AdminDoor,
    request: Request,
    subject: Annotated[str, Query(max_length=120, description="`dealer:D1`, or `dealer` for all of them")] = "",
    actor: Annotated[str, Query(max_length=120, description="such as `user:wang`")] = "",
    start: From = None,
    end: To = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """Newest first."""
    async with door.desk.db.read() as session:
        found = await queries.changes(
            session,
            subject=subject,
            actor=actor,
            start=moment_from(start, "from"),
            end=moment_from(end, "to", end=True),
            before=number_in(cursor) if cursor else None,
            limit=limit + 1,
        )
        numbers = await queries.case_numbers(session, {_case_id(row.subject) for row in found} - {""})
    shown = [
        ChangeView(
            id=row.id,
            subject=row.subject,
            case_number=numbers.get(_case_id(row.subject), ""),
            field=row.field,
            before=row.before,
            after=row.after,
            reason=row.reason,
            actor=row.actor,
            at=row.at,
        )
        for row in found[:limit]
    ]
    return page(request, shown, str(shown[-1].id) if len(found) > limit else "")


def _case_id(subject: str) -> str:
    kind, _, name = subject.partition(":")
    return name if kind == "case" else ""
