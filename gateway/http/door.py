"""What every route is given: who asks, the service, and the one way to write.

A write runs in one transaction: an answer kept under its `Idempotency-Key` is replayed; else the work is done,
and its answer is kept beside it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel, TypeAdapter
from starlette.responses import Response

from core.errors import Invalid, NotPermitted
from dispatch.desk import Act, Desk
from gateway.auth import COOKIE, Session
from gateway.bootstrap import Service
from gateway.http.fields import parse_time
from gateway.idempotency import HEADER, REPLAYED, Once, answer_before, keep_answer, once
from gateway.periods import moment_of
from gateway.roles import CAC, EVERYONE, OF_A_DEALER, Role, User

JSON = "application/json"
_any: TypeAdapter[Any] = TypeAdapter(Any)

Answer = BaseModel | list[Any] | dict[str, Any] | bytes
"""What a route gives; bytes are JSON already."""


def service_of(request: Request) -> Service:
    """The one service of this application."""
    return cast(Service, request.app.state.service)


def token_of(request: Request) -> str:
    """The session's token: the Authorization header wins over the cookie."""
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if header:
        return token.strip() if scheme.lower() == "bearer" else ""
    cookie = request.cookies.get(COOKIE, "")
    if cookie and request.method not in ("GET", "HEAD", "OPTIONS"):
        check_origin(request.headers.get("origin", ""), request.headers.get("host", ""))
    return cookie


def check_origin(origin: str, host: str) -> None:
    """A cookie speaks only for pages of this very origin. Raises `NotPermitted`."""
    if origin and not _is_of(origin, host):
        raise NotPermitted("that page may not use this session's cookie")


def _is_of(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # it is no address
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One request of one signed-in person."""

    service: Service
    session: Session
    once: Once | None

    @property
    def user(self) -> User:
        """Who asks."""
        return self.session.user

    @property
    def desk(self) -> Desk:
        """Dispatching's desk."""
        return self.service.desk

    async def write(self, work: Callable[[Act], Awaitable[Answer]], status: int = 200) -> Response:
        """Do `work` in one transaction and answer with what it gives; done before, answer the same again."""
        async with self.desk.act(self.user.actor) as act:
            if self.once and (kept := await answer_before(act.session, self.once)):
                return Response(kept[1], kept[0], headers={REPLAYED: "true"}, media_type=JSON)
            body = encoded(await work(act))
            if self.once:
                await keep_answer(act.session, self.once, status, body, self.service.wall.now())
        return Response(body, status, media_type=JSON)


def encoded(answer: Answer) -> bytes:
    """The answer as JSON."""
    if isinstance(answer, bytes):
        return answer
    return answer.model_dump_json().encode() if isinstance(answer, BaseModel) else _any.dump_json(answer)


def read_answer(answer: Answer) -> Response:
    """The answer to a read."""
    return Response(encoded(answer), media_type=JSON)


def door_for(roles: frozenset[Role]) -> Callable[..., Awaitable[Door]]:
    """A dependency: signed in, in one of `roles`; a write's `Idempotency-Key` is taken up."""

    async def door(
        request: Request,
        key: Annotated[
            str | None,
            Header(alias=HEADER, description="Sent twice with the same content, a write is done once."),
        ] = None,
    ) -> Door:
        service = service_of(request)
        session = await service.sign_in.session_of(token_of(request))
        request.state.role = session.user.role.value
        if session.user.role not in roles:
            raise NotPermitted(f"not for the role {session.user.role}")
        keyed = None
        if key is not None and request.method not in ("GET", "HEAD"):
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            keyed = once(session.user.name, key, request.method, path, await request.body())
        return Door(service=service, session=session, once=keyed)

    return door


AnyDoor = Annotated[Door, Depends(door_for(EVERYONE))]
CacDoor = Annotated[Door, Depends(door_for(CAC))]
CaseDoor = Annotated[Door, Depends(door_for(CAC | {Role.DEALER}))]
"""The CAC, and a dealer's specialist."""
FieldDoor = Annotated[Door, Depends(door_for(CAC | OF_A_DEALER))]
"""The CAC, and a dealer's specialist or driver."""
FiguresDoor = Annotated[Door, Depends(door_for(CAC | {Role.DEALER, Role.OEM}))]
AdminDoor = Annotated[Door, Depends(door_for(frozenset({Role.ADMIN})))]
NetworkDoor = Annotated[Door, Depends(door_for(CAC | {Role.OEM}))]
"""Those who look at the network as a whole: the CAC and the OEM."""


def moment_from(text: str | None, field: str, *, end: bool = False) -> Any:
    """A time or a date of a query; a date means that day in China Standard Time, as an `end` its last moment."""
    if text is None or not text.strip():
        return None
    try:
        return moment_of(text, parse_time, end=end)
    except ValueError as error:
        raise Invalid(str(error), field=field) from error


def told_moment(text: str | None, field: str) -> datetime | None:
    """The moment that a phone tells in a query. Raises `Invalid` for what is no RFC 3339 time."""
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise Invalid(str(error), field=field) from error


_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing was rescued here before; and the span before one that begins later is still a span of the calendar."""


def span_of(
    start: str | None, end: str | None, now: datetime, *, usual: timedelta, most_days: int
) -> tuple[datetime, datetime]:
    """The span that a query names: `to` is `now` where nothing is said, and `from` the `usual` time before.

    Raises `Invalid` where it ends before it begins, begins before the year 2000, or is longer than `most_days`.
    """
    since, until = any_span_of(start, end, now, usual=usual)
    if until - since > timedelta(days=most_days):
        raise Invalid(f"at most {most_days} days at a time", field="from")
    return since, until


def any_span_of(start: str | None, end: str | None, now: datetime, *, usual: timedelta) -> tuple[datetime, datetime]:
    """Like `span_of`, however long."""
    until: datetime = moment_from(end, "to", end=True) or now
    try:
        since: datetime = moment_from(start, "from") or until - usual
    except OverflowError as error:
        raise Invalid("no such time", field="from") from error
    if since < _EARLIEST:
        raise Invalid("a span begins in the year 2000 or later", field="from")
    if since > until:
        raise Invalid("`from` lies after `to`", field="from")
    return since, until


From = Annotated[
    str | None,
    Query(alias="from", description="RFC 3339 time, or a date in China Standard Time", max_length=40),
]
To = Annotated[
    str | None,
    Query(alias="to", description="RFC 3339 time, or a date in China Standard Time, inclusive", max_length=40),
]
Told = Annotated[str | None, Query(description="RFC 3339 time; when it happened, by the phone's clock", max_length=40)]
"""Of a phone that was offline, and sends later."""
Limit = Annotated[int, Query(ge=1, le=200, description="at most so many")]
