"""Signing in and out."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.auth import COOKIE
from gateway.http.door import AnyDoor, encoded, read_answer, service_of, token_of
from gateway.http.requests import Credentials
from gateway.http.views import SessionView, WhoView
from gateway.problems import documented

router = APIRouter(tags=["session"])


@router.post(
    "/session",
    summary="Sign in",
    response_model=SessionView,
    responses=documented(400, 422, 429, 503),
)
async def sign_in(body: Credentials, request: Request) -> Response:
    """Open a session: a token for `Authorization: Bearer`, and the same in a cookie for pages of this origin.

    Failed attempts are limited by name and client; successful ones are not.
    """
    service = service_of(request)
    client = request.client.host if request.client else ""
    session = await service.sign_in.sign_in(body.username, body.password, client)
    request.state.role = session.user.role.value
    view = SessionView(
        token=session.token,
        role=session.user.role,
        expires_at=session.expires_at,
        dealer=session.user.dealer or None,
        username=session.user.name,
    )
    answer = Response(encoded(view), media_type="application/json")
    answer.set_cookie(
        COOKIE,
        session.token,
        max_age=int(service.settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.get("/session", summary="Who is signed in", response_model=WhoView, responses=documented(503))
async def who(door: AnyDoor) -> Response:
    """Whom the token speaks for, and until when."""
    session = door.session
    return read_answer(
        WhoView(
            username=session.user.name,
            role=session.user.role,
            expires_at=session.expires_at,
            dealer=session.user.dealer or None,
        )
    )


@router.delete("/session", summary="Sign out", status_code=204, responses=documented(503))
async def sign_out(door: AnyDoor, request: Request) -> Response:
    """End the session whose token this request carries."""
    await door.service.sign_in.sign_out(token_of(request))
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer
