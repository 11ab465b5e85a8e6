"""The standings kept beside the log: live update and recomputation agree, figures drill down to their cases (K7)."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from histories import DEALERS, histories
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_build import T0, Told, minutes, repaired
from sqlalchemy import select, text
from stores import new_store

from core.database import Database
from core.errors import Invalid
from core.eventlog import append, count_up, last_seq
from dispatch import store
from dispatch.evolve import evolve
from scoring import projection
from scoring.kpi import standings
from scoring.projection import POSITION, catch_up, recompute
from scoring.queries import cases_behind, scores
from scoring.score import dealer_score, tally
from scoring.tables import CaseStanding
from scoring.vocabulary import WEIGHTS, Counted, DealerScore, Kpi, Reason


async def keep(
    db: Database, told: Told, upto: int | None = None, *, done: dict[str, store.Stored] | None = None
) -> None:
    """Store the case's first events, or those up to `upto` that `done` does not have yet."""
    known = {} if done is None else done
    for event in told.events[_length(known, told) : upto]:
        async with db.write() as session:
            stored = known.get(told.case_id)
            if stored is None:
                stored = store.Stored(case=evolve(None, event, told.case_id), version=0)
                stored.logged.append(("system", store.log_entry(stored.case, event, T0)))
                before = None
            else:
                before = stored.case
                store.happen(stored, (event,), actor="system", at=T0)
            await store.save(session, stored, before=before)
            await append(session, [(told.case_id, "system", entry) for _, entry in stored.logged])
            stored.logged.clear()
            known[told.case_id] = stored


def _length(known: dict[str, store.Stored], told: Told) -> int:
    stored = known.get(told.case_id)
    return stored.version if stored else 0


async def rows(db: Database) -> list[tuple[Any, ...]]:
    table = CaseStanding.__table__
    async with db.read() as session:
        found = await session.execute(select(table).order_by(table.c.case_id, table.c.dealer))
        return [tuple(row) for row in found]


async def all_scores(db: Database, **within: Any) -> list[DealerScore]:
    await catch_up(db)
    async with db.read() as session:
        return await scores(session, weights=WEIGHTS, **within)


def from_rules(told: Sequence[Told]) -> list[DealerScore]:
    """The same scores without a store."""
    found = [standings(one.case) for one in told]
    dealers = sorted({dealer for one in found for dealer in one})
    return [dealer_score(dealer, tally(one[dealer] for one in found if dealer in one), WEIGHTS) for dealer in dealers]


@settings(max_examples=12)
@given(data=st.data())
def test_live_update_equals_recomputation_at_every_moment(data: st.DataObject) -> None:
    told = [data.draw(histories(case_id=f"c{number}")) for number in range(3)]

    async def run(folder: str) -> None:
        db = Database(new_store(Path(folder)))
        try:
            await live(db)
        finally:
            await db.close()

    async def live(db: Database) -> None:
        done: dict[str, store.Stored] = {}
        while unfinished := [one for one in told if _length(done, one) < len(one.events)]:
            one = data.draw(st.sampled_from(unfinished))
            here = _length(done, one)
            await keep(db, one, data.draw(st.integers(here + 1, len(one.events))), done=done)
            if data.draw(st.booleans()):
                reached = await asyncio.gather(catch_up(db), catch_up(db))
                kept = await rows(db)
                assert reached == [await recompute(db)] * 2
                assert await rows(db) == kept
        assert await all_scores(db) == from_rules(told)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(folder))


async def test_recomputing_forgets_what_the_log_does_not_say_and_tells_how_far_it_is(db: Database) -> None:
    for number in range(3):
        await keep(db, repaired(f"c{number}").surveyed(80 + number))
    before = await all_scores(db)
    async with db.write() as session:
        await session.execute(text("UPDATE case_standing SET completion = 'excluded', dealer = 'D9'"))
        await count_up(session, POSITION, 1000)
    progress: list[tuple[int, int]] = []
    last = await recompute(db, lambda done, total: progress.append((done, total)))
    async with db.read() as session:
        assert last == await last_seq(session)
    assert progress[-1] == (last, last)
    assert await all_scores(db) == before


async def test_catching_up_takes_a_long_log_in_short_steps(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "BATCH", 10)
    told = [repaired(f"c{number:03}", DEALERS[number % 3]) for number in range(25)]
    async with db.write() as session:
        for one in told:
            stored = store.Stored(case=one.case, version=0)
            await store.save(session, stored, before=None)
            case, entries = None, []
            for event in one.events:
                case = evolve(case, event, one.case_id)
                entries.append(store.log_entry(case, event, T0))
            await append(session, [(one.case_id, "system", entry) for entry in entries])
    assert await all_scores(db) == from_rules(told)
    live = await rows(db)
    await recompute(db)
    assert await rows(db) == live


async def test_scores_are_of_cases_opened_within_the_span(db: Database) -> None:
    for day in range(3):
        await keep(db, repaired(f"c{day}", opened_at=T0 + timedelta(days=day)))
    spans = ({}, {"start": T0 + timedelta(days=1)}, {"end": T0 + timedelta(days=1)})
    assert [sum(one.cases for one in await all_scores(db, **span)) for span in spans] == [3, 2, 1]


async def test_K6_a_dealer_asked_for_by_name_is_there_without_a_case(db: Database) -> None:
    await keep(db, repaired("c1", "D1"))
    (found,) = await all_scores(db, dealer="D2")
    assert (found.dealer, found.cases, found.score, found.provisional) == ("D2", 0, None, True)
    assert [one.dealer for one in await all_scores(db)] == ["D1"]


async def test_K7_every_figure_drills_down_to_its_cases(db: Database) -> None:
    await keep(db, repaired("c1").surveyed(0))
    await keep(db, repaired("c2", arrive=50))
    await keep(db, Told("c3").declined("D1").failed(9))
    await keep(db, Told("c4").withdrawn("D1").accepted("D2", 5))
    (score, *_) = await all_scores(db)
    async with db.read() as session:
        for kpi in Kpi:
            behind, cursor = await cases_behind(session, "D1", kpi)
            assert ([one.case_id for one in behind], cursor) == (["c4", "c3", "c2", "c1"], "")
            hits = sum(one.counted is Counted.NUMERATOR for one in behind)
            in_it = sum(one.counted is not Counted.EXCLUDED for one in behind)
            percent = sum(one.satisfaction_percent or 0 for one in behind)
            expected = score.kpis[kpi]
            numerator = percent if kpi is Kpi.SATISFACTION else hits
            assert (numerator, in_it) == (expected.numerator, expected.denominator)
        completion, _ = await cases_behind(session, "D1", "completion")
        assert [one.reason for one in completion] == [
            Reason.WITHDRAWN,
            Reason.DECLINED,
            Reason.COMPLETED,
            Reason.COMPLETED,
        ]
        assert len((await cases_behind(session, "D1"))[0]) == 4 * 5


async def test_K7_the_cases_come_by_page_newest_first(db: Database) -> None:
    moments = [minutes(0), minutes(1), minutes(1), minutes(1, seconds=0.000001), minutes(3)]
    for number, opened_at in enumerate(moments):
        await keep(db, repaired(f"c{number}", opened_at=opened_at))
    await catch_up(db)
    seen: list[str] = []
    cursor = ""
    async with db.read() as session:
        while True:
            behind, cursor = await cases_behind(session, "D1", "arrival", cursor=cursor, limit=2)
            seen.extend(one.case_id for one in behind)
            if not cursor:
                break
    assert seen == ["c4", "c3", "c2", "c1", "c0"]


@pytest.mark.parametrize(
    ("kpi", "cursor", "field"), [("speed", "", "kpi"), ("", "next", "cursor"), ("", "9" * 40, "cursor")]
)
async def test_an_unknown_kpi_or_cursor_is_refused(db: Database, kpi: str, cursor: str, field: str) -> None:
    async with db.read() as session:
        with pytest.raises(Invalid) as caught:
            await cases_behind(session, "D1", kpi, cursor=cursor)
    assert caught.value.field == field
