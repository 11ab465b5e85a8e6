"""The front door of every request: a bounded body, a request id, one log line, figures, strict headers.

It also answers what nothing else caught: 500 `internal`, with nothing of the error in it. The error itself
goes on to the server, which logs it.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import structlog
from starlette.datastructures import Headers, MutableHeaders

from gateway.catalogue import language_of
from gateway.metrics import Metrics
from gateway.problems import problem

MAX_BODY_BYTES = 1024 * 1024
BODY_WITHIN_S = 30.0

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = structlog.stdlib.get_logger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PARTING = {"Connection": "close"}
_API = "/api/v1"
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class TooLong(Exception):
    """The body is longer than this service reads."""


class TooSlow(Exception):
    """The body did not come in time."""


class NoText(Exception):
    """The address holds a NUL, which no text of this service has and not every store takes."""

    def __init__(self, field: str = "") -> None:
        super().__init__("the address holds a NUL character")
        self.field = field
        """The query's parameter with it; empty where it stands elsewhere."""


@dataclass(slots=True)
class _Exchange:
    request_id: str
    started: float = field(default_factory=time.perf_counter)
    status: int = 0


class Front:
    """ASGI middleware around the whole application."""

    def __init__(self, app: Application, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HTTP through the door; WebSockets get only an id for their log lines."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(raw=scope["headers"])
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if scope["type"] == "http":
                await self._http(scope, receive, send, _Exchange(request_id), headers)
            else:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send, exchange: _Exchange, headers: Headers) -> None:
        scope.setdefault("state", {})

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                _add_headers(message, exchange.request_id)
            await send(message)

        language = language_of(headers.get("accept-language", ""))
        try:
            whole = await _in_time(receive, headers)
            _check_address(scope)
            await self._app(scope, whole, answer)
        except TooLong:
            said = f"the body is longer than {MAX_BODY_BYTES} bytes"
            reply = problem("invalid", status=413, detail=said, language=language, headers=_PARTING)
            await reply(scope, receive, answer)
        except TooSlow:
            said = f"the body did not come within {BODY_WITHIN_S:.0f} seconds"
            reply = problem("invalid", status=408, detail=said, language=language, headers=_PARTING)
            await reply(scope, receive, answer)
        except NoText as error:
            reply = problem("invalid", status=422, detail=str(error), language=language, field=error.field)
            await reply(scope, receive, answer)
        except BaseException:
            if not exchange.status:
                said = "something went wrong here"
                reply = problem("internal", status=500, detail=said, language=language, headers=_PARTING)
                await reply(scope, receive, answer)
            raise
        finally:
            self._note(scope, exchange)

    def _note(self, scope: Scope, exchange: _Exchange) -> None:
        route = _template(scope)
        seconds = time.perf_counter() - exchange.started
        method = scope["method"] if scope["method"].isalpha() and len(scope["method"]) < 10 else "OTHER"
        self._metrics.requests.labels(method, route, str(exchange.status)).inc()
        self._metrics.request_seconds.labels(method, route).observe(seconds)
        if route not in _QUIET:
            _log.info(
                "request",
                method=method,
                route=route,
                status=exchange.status,
                ms=round(seconds * 1000, 1),
                role=scope["state"].get("role", ""),
            )


def _template(scope: Scope) -> str:
    """The route as it is written, with its parameters' names and never their values."""
    path: str = getattr(scope.get("route"), "path", "unmatched")
    mounted = scope["path"].startswith(_API) and not path.startswith(_API) and path != "unmatched"
    return _API + path if mounted else path


def _check_address(scope: Scope) -> None:
    """Every parameter of every route at once. Raises `NoText`."""
    if "\0" in scope["path"]:
        raise NoText
    for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
        if "\0" in name:
            raise NoText
        if "\0" in value:
            raise NoText(name)


def _add_headers(message: Message, request_id: str) -> None:
    headers = MutableHeaders(raw=message.setdefault("headers", []))
    headers["x-request-id"] = request_id
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")


async def _in_time(receive: Receive, headers: Headers) -> Receive:
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return await _whole_body(receive, headers)
    except TimeoutError as error:
        raise TooSlow from error


async def _whole_body(receive: Receive, headers: Headers) -> Receive:
    """Read the body, at most the limit, before anything is decided; then hand it on as one piece."""
    declared = headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise TooLong
    body = bytearray()
    pending: list[Message] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            pending.append(message)
            break
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise TooLong
        if not message.get("more_body", False):
            pending.append({"type": "http.request", "body": bytes(body), "more_body": False})
            break

    async def whole() -> Message:
        return pending.pop(0) if pending else await receive()

    return whole
