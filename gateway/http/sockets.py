"""The WebSocket doors: terminals by their device token, screens by a session."""

from datetime import datetime
from functools import partial
from typing import Any, cast

from fastapi import APIRouter, WebSocket

from core.errors import Invalid, NearsideError, NotFound, NotPermitted, NotSignedIn
from dispatch import service as dispatching
from dispatch.queries import case_of_trip, latest_trip_of
from gateway.auth import COOKIE, Session
from gateway.bootstrap import Service
from gateway.catalogue import language_of
from gateway.http.door import check_origin
from gateway.joblines import job_of
from gateway.live.hub import serve_screen
from gateway.live.viewer import Viewer
from gateway.problems import problem_of
from gateway.terminals import serve_terminal
from tracking.queries import terminal_by_token
from tracking.vocabulary import Protocol, Terminal

router = APIRouter()

MAX_DIGITS = 18


@router.websocket("/live")
async def live(websocket: WebSocket) -> None:
    """The live feed of one screen; with `since`, from the event after that one."""
    service = cast(Service, websocket.app.state.service)
    try:
        session = await _session(websocket, service)
        since = _since(websocket.query_params.get("since", ""))
    except NearsideError as error:
        await _deny(websocket, error)
        return
    viewer = Viewer(
        role=session.user.role,
        dealer=session.user.dealer,
        expired=partial(service.sign_in.has_ended, session),
    )
    with service.sign_in.watched(session):
        await serve_screen(websocket, viewer, service.hub, since)


def _since(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise Invalid("`since` is the number of an event", field="since")
    return int(text)


async def _session(websocket: WebSocket, service: Service) -> Session:
    """By `?token=`, else by the Authorization header, else by the cookie, which only pages of this origin may use."""
    token = websocket.query_params.get("token", "") or _bearer(websocket)
    if not token:
        token = websocket.cookies.get(COOKIE, "")
        check_origin(websocket.headers.get("origin", ""), websocket.headers.get("host", ""))
    if not token:
        raise NotSignedIn("no session token came with the request")
    return await service.sign_in.session_of(token)


@router.websocket("/terminals/ws")
async def terminal(websocket: WebSocket) -> None:
    """A terminal's line: fixes and completions in, acknowledgements and jobs out."""
    service = cast(Service, websocket.app.state.service)
    token = websocket.query_params.get("token", "") or _bearer(websocket)
    try:
        known = await _terminal(service, token)
    except NearsideError as error:
        await _deny(websocket, error)
        return

    async def complete(sender: Terminal, seq: int, time: datetime) -> None:
        async with service.desk.act(f"terminal:{sender.terminal_id}") as act:
            await dispatching.complete_from_terminal(service.desk, act, sender, seq, time)

    # It may have spoken to another process meanwhile: what it is remembered by is read from the store.
    service.ingest.forget(known.terminal_id)
    with service.terminals.register(known.plate) as jobs, service.terminals.connected_by(token, websocket):
        if job := await _job_under_way(service, known.plate):
            jobs.put_nowait(job)
        await serve_terminal(websocket, terminal=known, ingest=service.ingest, jobs=jobs, complete=complete)


async def _job_under_way(service: Service, plate: str) -> dict[str, Any] | None:
    """What the vehicle was sent while its terminal was away, or before it was switched on."""
    async with service.db.read() as session:
        try:
            trip_id = await latest_trip_of(session, plate)
        except NotFound:
            return None
        case = await case_of_trip(session, trip_id)
    trip = case.active_trip
    return job_of(case, trip) if trip and trip.id == trip_id else None


async def _terminal(service: Service, token: str) -> Terminal:
    if not token:
        raise NotSignedIn("no device token came with the request")
    async with service.db.read() as session:
        known = await terminal_by_token(session, token)
    if known is None:
        raise NotSignedIn("no terminal has this token")
    if known.protocol is not Protocol.WEBSOCKET:
        raise NotPermitted(f"this terminal speaks {known.protocol}")
    return known


async def _deny(websocket: WebSocket, error: NearsideError) -> None:
    """Refuse the handshake with a problem document."""
    language = language_of(websocket.headers.get("accept-language", ""))
    await websocket.send_denial_response(problem_of(error, language))


def _bearer(websocket: WebSocket) -> str:
    scheme, _, token = websocket.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
