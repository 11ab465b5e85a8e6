"""After the day: was everything that was acknowledged kept, once and in order? Asked through the doors alone."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dispatch.vocabulary import ENDED
from simulations.checks import Check, check
from simulations.doors import Client
from simulations.feed import Feed, differences
from simulations.ledger import Acked, FixBook, Ledger

ANSWERS = ("offer_accepted", "offer_declined", "offer_expired", "offer_withdrawn")
ONCE_PER_CASE = ("case_opened", "case_completed", "case_closed", "case_cancelled", "case_failed", "survey_answered")
AT_ONCE = 8
SAME_TIME_TRIES = 20

Timelines = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the service says at the end of the day."""

    cases: Sequence[Mapping[str, Any]]
    timelines: Timelines
    scores: Sequence[Mapping[str, Any]]


async def ask(client: Client) -> Told:
    """Read every case and its timeline, and the scores."""
    cases = await client.pages("/cases", limit=200)
    timelines = await _each(client, [case["id"] for case in cases], "/cases/{}/timeline", limit=1000)
    return Told(cases=cases, timelines=timelines, scores=await client.get("/scores"))


def verify(told: Told, ledger: Ledger, calls: int) -> list[Check]:
    """The checks on cases and their timelines."""
    events = sum(len(timeline) for timeline in told.timelines.values())
    return [
        check("cases in = cases out", f"{calls} calls, {len(told.cases)} cases", _in_out(told, ledger, calls)),
        check("every case has ended, legally", _statuses(told), _ended(told)),
        check(
            "every acknowledged command is in the timeline",
            f"{len(ledger.commands)} commands",
            (command for acked in ledger.commands for command in _missing(told.timelines, acked)),
        ),
        check("the log's numbers have no gap and no repeat", f"{events} events", _numbers(told.timelines)),
        check("each deadline and answer at most once", _expiries(told.timelines), _twice(told.timelines)),
        check("no answer that no client should get", f"{ledger.requests} requests", ledger.faults),
    ]


async def verify_fixes(client: Client, ledger: Ledger, began: datetime, ended: datetime) -> Check:
    """Every acknowledged fix is in its vehicle's trail."""
    span = {"from": (began - timedelta(hours=1)).isoformat(), "to": (ended + timedelta(hours=1)).isoformat()}
    books = {book.plate: book for book in ledger.fixes.values()}
    trails = await _each(client, list(books), "/vehicles/{}/trail", limit=5000, **span)
    acked = sum(len(book.acked()) for book in books.values())
    lost = (finding for plate, book in books.items() for finding in _lost(book, trails[plate]))
    return check("every acknowledged fix is in the trail", f"{acked} fixes of {len(books)} terminals", lost)


async def verify_screens(screens: Sequence[Feed], client: Client) -> Check:
    """The screens missed nothing, saw nothing twice, and show what a fresh snapshot shows."""
    findings = [f"screen {number}: {gap}" for number, screen in enumerate(screens) for gap in screen.gaps]
    findings += [
        f"screen {number}: {screen.repeats} events came twice"
        for number, screen in enumerate(screens)
        if screen.repeats
    ]
    for number, screen in enumerate(screens):
        findings += [f"screen {number}: {difference}" for difference in await against_fresh(screen, client)]
    resumed = sum(screen.resumes for screen in screens)
    scope = f"{len(screens)} screens, {sum(screen.events for screen in screens)} events, {resumed} resumes"
    return check("screens without gap or repeat, equal to a fresh one", scope, findings)


def verify_dealers(feeds: Sequence[Feed]) -> Check:
    """The dealers' feeds, which see only their own cases, never repeat an event."""
    findings = (f"feed {number}: {feed.repeats} events twice" for number, feed in enumerate(feeds) if feed.repeats)
    scope = f"{len(feeds)} feeds, {sum(feed.events for feed in feeds)} events"
    return check("dealers' feeds without repeat", scope, findings)


async def against_fresh(screen: Feed, client: Client) -> list[str]:
    """Where a screen differs from a fresh one of `client`.

    A fresh snapshot may be of a moment later or earlier: look again until both stand at the same event.
    """
    found: list[str] = []
    for _ in range(SAME_TIME_TRIES):
        fresh = Feed(client)
        watching = asyncio.create_task(fresh.run())
        await fresh.seen.wait()
        watching.cancel()
        found = differences(screen.board, fresh.board)
        if not found:
            return []
        await asyncio.sleep(0.25)
    return found


async def _each(client: Client, names: Sequence[str], path: str, **params: Any) -> dict[str, list[Any]]:
    turn = asyncio.Semaphore(AT_ONCE)
    found: dict[str, list[Any]] = {}

    async def one(name: str) -> None:
        async with turn:
            found[name] = await client.pages(path.format(name), **params)

    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(one(name))
    return found


def _in_out(told: Told, ledger: Ledger, calls: int) -> Iterator[str]:
    by_ref = Counter(case["note"] for case in told.cases if case["note"])
    by_id = {case["id"]: case for case in told.cases}
    if len(ledger.calls) != calls:
        yield f"{calls} motorists called, {len(ledger.calls)} cases were acknowledged"
    if len(told.cases) != calls:
        yield f"{calls} motorists called, {len(told.cases)} cases are there"
    yield from (f"{ref}: {count} cases" for ref, count in by_ref.items() if count != 1)
    for ref, case_id in ledger.calls.items():
        if case_id not in by_id:
            yield f"{ref}: acknowledged as {case_id}, which is not there"
        elif by_id[case_id]["note"] != ref:
            yield f"{ref}: acknowledged as {case_id}, which is another's"


def _statuses(told: Told) -> str:
    counts = Counter(case["status"] for case in told.cases)
    return ", ".join(f"{status} {count}" for status, count in sorted(counts.items()))


def _ended(told: Told) -> Iterator[str]:
    legal = {status.value for status in ENDED}
    return (f"{case['number']} is {case['status']}" for case in told.cases if case["status"] not in legal)


def _missing(timelines: Timelines, acked: Acked) -> Iterator[str]:
    kinds = acked.kind.split("|")
    timeline = timelines.get(acked.case_id, ())
    if not any(event["kind"] in kinds and acked.match.items() <= event["data"].items() for event in timeline):
        yield f"{acked.kind} {dict(acked.match)} of case {acked.case_id}"


def _numbers(timelines: Timelines) -> Iterator[str]:
    seqs = sorted(event["seq"] for timeline in timelines.values() for event in timeline)
    expected = range(1, len(seqs) + 1)
    return (f"{number} is missing or twice" for seq, number in zip(seqs, expected, strict=True) if seq != number)


def _expiries(timelines: Timelines) -> str:
    counts = Counter(event["kind"] for timeline in timelines.values() for event in timeline)
    fired = f"{counts['offer_expired']} offers expired, {counts['promise_missed']} promises missed"
    return f"{counts['offer_made']} offers; {fired}, {counts['case_closed'] - counts['survey_answered']} closed by time"


def _twice(timelines: Timelines) -> Iterator[str]:
    for case_id, timeline in timelines.items():
        answers = Counter(event["data"]["offer_id"] for event in timeline if event["kind"] in ANSWERS)
        made = [event["data"] for event in timeline if event["kind"] == "offer_made"]
        yield from (f"offer {offer}: {count} answers" for offer, count in answers.items() if count != 1)
        yield from (f"offer {one['offer_id']}: no answer" for one in made if one["offer_id"] not in answers)
        kinds = Counter(event["kind"] for event in timeline)
        yield from (f"case {case_id}: {kinds[kind]} {kind}" for kind in ONCE_PER_CASE if kinds[kind] > 1)
        missed = Counter(
            (event["data"]["trip_id"], event["data"]["promised_at"])
            for event in timeline
            if event["kind"] == "promise_missed"
        )
        yield from (
            f"trip {trip}: its promise was missed {count} times" for (trip, _), count in missed.items() if count > 1
        )
        yield from _early(timeline, made)


def _early(timeline: Sequence[Mapping[str, Any]], made: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    due = {one["offer_id"]: datetime.fromisoformat(one["expires_at"]) for one in made}
    for event in timeline:
        if event["kind"] == "offer_expired" and datetime.fromisoformat(event["at"]) < due[event["data"]["offer_id"]]:
            yield f"offer {event['data']['offer_id']} expired before its time"


def _lost(book: FixBook, trail: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    kept = {datetime.fromisoformat(point["fix_time"]) for point in trail}
    return (f"{book.plate} seq {seq} at {time.isoformat()}" for seq, time in book.acked().items() if time not in kept)
