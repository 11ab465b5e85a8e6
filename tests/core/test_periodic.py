"""Work that comes round: once when it is due, in its own transaction, and due still where it failed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from stores import new_store

from core.database import Database
from core.eventlog import count_up, counted
from core.periodic import Periodic, do_due, every

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(new_store(tmp_path))
    yield made
    await made.close()


async def test_work_is_done_when_it_is_due_and_not_before(db: Database) -> None:
    done: list[str] = []

    async def work(session: Any, now: datetime) -> None:
        await count_up(session, "worked")
        done.append(f"worked at {now:%d %H}")

    async def upkeep(now: datetime) -> None:
        async with db.read() as session:  # the row has moved, and what was done with it is committed
            done.append(f"kept at {now:%d %H} after {await counted(session, 'worked')}")

    both = Periodic(name="both", schedule=every(DAY), work=work, upkeep=upkeep, at_once=True)
    later = Periodic(name="later", schedule=every(DAY), work=work)
    assert await do_due(db, NOW, [both, later]) == ["both"]
    assert await do_due(db, NOW + DAY / 2, [both, later]) == []
    assert await do_due(db, NOW + DAY, [both, later]) == ["both", "later"]
    both_days = ["worked at 25 04", "kept at 25 04 after 1", "worked at 26 04", "kept at 26 04 after 2"]
    assert done == [*both_days, "worked at 26 04"]


async def test_work_that_failed_has_changed_nothing_and_is_due_still(db: Database) -> None:
    tries: list[datetime] = []

    async def fails_once(session: Any, now: datetime) -> None:
        await session.execute(text("INSERT INTO counter (name, value) VALUES ('half', 1)"))
        tries.append(now)
        if len(tries) == 1:
            raise ZeroDivisionError

    frail = Periodic(name="frail", schedule=every(DAY), work=fails_once, at_once=True)
    with pytest.raises(ZeroDivisionError):
        await do_due(db, NOW, [frail])
    async with db.read() as session:
        assert await counted(session, "half") == 0
    assert await do_due(db, NOW, [frail]) == ["frail"]
    assert await do_due(db, NOW, [frail]) == []
