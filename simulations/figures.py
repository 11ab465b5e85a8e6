"""The measured figures of a rehearsal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from simulations.ledger import Ledger
from simulations.verify import Timelines, Told

KPIS = ("completion", "satisfaction", "arrival", "drive_away", "first_success")


def request_figures(ledger: Ledger, wall_s: float) -> dict[str, Any]:
    """How requests were answered until now, in milliseconds of the wall: taken before the checks ask in bulk."""
    return {
        "answered": ledger.requests,
        "per_wall_s": round(ledger.requests / wall_s, 1),
        **{kind: _latency(took) for kind, took in ledger.latencies_ms.items()},
        "sent_again": ledger.retries,
        "replayed": ledger.replayed,
        "refused": dict(ledger.refusals),
    }


def figures(
    told: Told, ledger: Ledger, requests: Mapping[str, Any], *, wall_s: float, rehearsed_s: float
) -> dict[str, Any]:
    """Plain JSON values; times are minutes of the rehearsed clock. `requests` are those of `request_figures`."""
    books = ledger.fixes.values()
    nacks = Counter(code for book in books for code in book.refused.values())
    sent = sum(len(book.sent) for book in books)
    return {
        "wall_s": round(wall_s, 1),
        "rehearsed_hours": round(rehearsed_s / 3600, 2),
        "cases": _outcomes(told.cases),
        "fixes": {
            "sent": sent,
            "acked": sum(len(book.acked()) for book in books),
            "nacked": dict(nacks),
            "sent_again": sum(book.resent for book in books),
            "connections": sum(book.connects for book in books),
            "per_wall_s": round(sent / wall_s, 1),
        },
        "offers": _offers(told.timelines),
        "rescues": _rescues(told.cases),
        "requests": requests,
        "kills": {"count": len(ledger.restarts), "ready_again_s": [round(took, 2) for took in ledger.restarts]},
        "network": _network(told.scores),
    }


def _outcomes(cases: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {"total": len(cases), **Counter(str(case["status"]) for case in cases)}


def _offers(timelines: Timelines) -> dict[str, Any]:
    counts = Counter(event["kind"] for timeline in timelines.values() for event in timeline)
    accepted, declined, expired = (counts[f"offer_{answer}"] for answer in ("accepted", "declined", "expired"))
    answered = accepted + declined + expired
    return {
        "made": counts["offer_made"],
        "accepted": accepted,
        "declined": declined,
        "expired": expired,
        "withdrawn": counts["offer_withdrawn"],
        "accept_rate": round(accepted / answered, 3) if answered else None,
        "unassigned": counts["case_unassigned"],
        "given_back": counts["trip_given_back"],
        "second_dispatches": counts["second_dispatch_decided"],
        "promises_missed": counts["promise_missed"],
        "arrivals_amended": counts["arrival_amended"],
        "unsigned": counts["unsigned_confirmed"],
    }


def _rescues(cases: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    arrived = [
        (datetime.fromisoformat(trip["arrived_at"]) - datetime.fromisoformat(case["opened_at"]), trip["arrival_source"])
        for case in cases
        for trip in case["trips"][:1]
        if trip["arrived_at"]
    ]
    minutes = [took / timedelta(minutes=1) for took, _ in arrived]
    return {
        "arrived": len(arrived),
        "measured_by_gps": sum(source == "gps" for _, source in arrived),
        "call_to_arrival_mean_minutes": round(fmean(minutes), 1) if minutes else None,
        "call_to_arrival_p90_minutes": _percentile(sorted(minutes), 0.9),
    }


def _network(scores: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    pooled: dict[str, Any] = {}
    for kpi in KPIS:
        parts = [score["kpis"][kpi] for score in scores]
        below = sum(part["denominator"] for part in parts)
        above = sum(part["numerator"] for part in parts)
        pooled[kpi] = {"value": round(above / below, 4) if below else None, "cases": below}
    return {"dealers": len(scores), "kpis": pooled}


def _latency(took_ms: Sequence[float]) -> dict[str, Any]:
    ordered = sorted(took_ms)
    return {
        "p50_ms": _percentile(ordered, 0.5),
        "p99_ms": _percentile(ordered, 0.99),
        "max_ms": _percentile(ordered, 1.0),
    }


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else None
