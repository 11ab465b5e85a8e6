"""The application: every route, one front door, one life span."""

import os
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from core.places import Places
from core.settings import Settings
from gateway import heap, problems
from gateway.bootstrap import Service, build
from gateway.front import Front
from gateway.http import (
    admin,
    basemap,
    cases,
    dealers,
    deskside,
    health,
    history,
    jobs,
    motorist,
    network,
    offers,
    outlines,
    reference,
    replay,
    reports,
    scores,
    session,
    sockets,
    trips,
    vehicles,
)
from gateway.logs import set_up_logs
from gateway.web.page import router as page

VERSION = "0.1.0"
_ABOUT = """Roadside-rescue dispatch: the nearest able dealer goes, and its score moves by rules that all can check.

Sign in at `POST /api/v1/session`, then send `Authorization: Bearer TOKEN`. Errors are problem documents with a
stable `code`; nothing is half done when one is returned. A write with an `Idempotency-Key` that is sent twice is
done once. Lists are arrays; the next page's cursor is in `X-Next-Cursor`. Times are RFC 3339, positions WGS-84,
distances metres, durations seconds. A numbered rule, such as R1, is one of the domain's rules.
"""


def end_process(_task: str) -> None:
    """Ask this process to stop in order: whoever watches it starts it again, whole."""
    os.kill(os.getpid(), signal.SIGTERM)


def create_app(
    settings: Settings,
    *,
    on_failure: Callable[[str], None] = end_process,
    places: Places | None = None,
    opened: Callable[[], None] | None = None,
) -> FastAPI:
    """The application for these settings. Nothing connects before its life span begins.

    `opened` is called when all is loaded and nobody is served yet.
    """
    service = build(settings, on_failure=on_failure, places=places)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncGenerator[None]:
        try:
            await service.open()
            if opened:
                opened()
            yield
        finally:
            await service.close()

    app = FastAPI(
        title="Nearside",
        version=VERSION,
        description=_ABOUT,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_tags=[
            {"name": "session", "description": "Signing in and out"},
            {"name": "cases", "description": "From the call to the closing"},
            {"name": "offers", "description": "The specialist's answer (R1, R3)"},
            {"name": "trips", "description": "From the acceptance to the completion (R4-R7)"},
            {"name": "network", "description": "Dealers, vehicles, terminals (R9-R11)"},
            {"name": "desk", "description": "What stands beside the case: callers, places, alarms, tasks, the shift"},
            {"name": "dealer", "description": "A dealer's jobs, photographs, people"},
            {"name": "motorist", "description": "By a link, without signing in"},
            {"name": "history", "description": "Who passed where; where much was"},
            {"name": "scores", "description": "The five KPIs and the score (K1-K12)"},
            {"name": "reference", "description": "The fault table and all words"},
            {"name": "administration", "description": "Rules, people who sign in, the record of changes"},
            {"name": "operation", "description": "Alive, fit, figures"},
        ],
    )
    app.state.service = service
    problems.install(app)
    app.add_middleware(Front, metrics=service.metrics)
    api = APIRouter(prefix="/api/v1")
    # History first: `/vehicles/passed` is not a vehicle's plate.
    for part in (
        session,
        cases,
        offers,
        trips,
        dealers,
        deskside,
        history,
        motorist,
        jobs,
        vehicles,
        network,
        scores,
        replay,
        reports,
        reference,
        admin,
        outlines,
        basemap,
        sockets,
    ):
        api.include_router(part.router)
    api.include_router(health.router, include_in_schema=False)
    app.include_router(api)
    app.include_router(health.router)
    app.include_router(page)
    return app


def app_of_a_worker() -> FastAPI:
    """The application of one of several processes, which reads the settings from its environment."""
    settings = Settings()
    set_up_logs(settings.log_level)
    return create_app(settings, opened=heap.settle)


def service_of(app: FastAPI) -> Service:
    """The parts behind an application."""
    service: Service = app.state.service
    return service
