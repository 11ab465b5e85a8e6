"""Alive, fit to serve, and figures. Open to all: they hold no personal data."""

import msgspec
from fastapi import APIRouter, Request
from sqlalchemy import func, select
from starlette.responses import Response

from core.eventlog import last_seq
from dispatch.tables import CaseRow
from dispatch.vocabulary import FINAL, CaseStatus
from gateway.bootstrap import Service
from gateway.http.door import service_of
from gateway.http.views import HealthView, ReadyView
from gateway.metrics import CONTENT_TYPE

router = APIRouter(tags=["operation"])


@router.get("/healthz", summary="Alive", response_model=HealthView)
async def healthz() -> HealthView:
    """The process answers."""
    return HealthView()


@router.get("/readyz", summary="Fit to serve", response_model=ReadyView, responses={503: {"model": ReadyView}})
async def readyz(request: Request) -> Response:
    """The store answers, every background task is at work, the clock is sane.

    `degraded` is fit to serve as well: without Redis pings and cases are taken, and the other processes see them later.
    """
    service = service_of(request)
    wrong, without = await service.unfit(), service.degraded()
    parts = ("store", "tasks", "ingest", "clock", *(("redis",) if service.fanout else ()))
    checks = {name: wrong.get(name) or without.get(name, "ok") for name in parts}
    status = "not_ready" if wrong else "degraded" if without else "ready"
    body = {"status": status, "checks": checks}
    return Response(msgspec.json.encode(body), 503 if wrong else 200, media_type="application/json")


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
async def metrics(request: Request) -> Response:
    """Requests, fixes, the event log's number, screens, cases."""
    service = service_of(request)
    await _look(service)
    return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE})


async def _look(service: Service) -> None:
    figures = service.metrics
    counted = (
        select(CaseRow.status, func.count())
        .where(CaseRow.status.not_in([status.value for status in FINAL]))
        .group_by(CaseRow.status)
    )
    async with service.db.read() as session:
        figures.event_seq.set(await last_seq(session))
        by_status = {str(row[0]): int(row[1]) for row in (await session.execute(counted)).all()}
    for status in CaseStatus:
        if status not in FINAL:
            figures.open_cases.labels(status.value).set(by_status.get(status.value, 0))
    counts = service.ingest.counts
    for verdict in ("stored", "repeated", "refused"):
        figures.fixes.labels(verdict).set(getattr(counts, verdict))
    figures.sockets.labels("live").set(service.hub.screens)
    figures.sockets.labels("terminals").set(service.terminals.connected)
    figures.vehicles_live.set(len(service.live))
    figures.tasks_alive.set(service.background.alive)
