from dataclasses import replace

import pytest
from sqlalchemy import select
from tracking_build import vehicle

from core.database import Database
from core.errors import Conflict, NotFound
from core.eventlog import counted
from tracking import queries
from tracking.tables import TerminalRow
from tracking.vocabulary import Protocol, Terminal, VehicleKind

TERMINAL = Terminal(terminal_id="T1", plate="P1", protocol=Protocol.WEBSOCKET)


async def roster_version(db: Database) -> int:
    async with db.read() as session:
        return await counted(session, queries.ROSTER)


async def test_a_vehicle_is_added_once_and_contradictions_change_nothing(db: Database) -> None:
    async with db.write() as session:
        assert await queries.add_vehicle(session, vehicle())
    async with db.write() as session:
        assert not await queries.add_vehicle(session, vehicle())
    with pytest.raises(Conflict):
        async with db.write() as session:
            await queries.add_vehicle(session, replace(vehicle(), dealer="D2"))
    async with db.read() as session:
        assert await queries.vehicles(session) == [vehicle()]
        assert await queries.vehicle(session, "P2") is None
    assert await roster_version(db) == 1


async def test_changes_are_kept_and_counted_only_when_they_change_something(db: Database) -> None:
    async with db.write() as session:
        await queries.add_vehicle(session, vehicle())
    async with db.write() as session:
        assert await queries.change_vehicle(session, "P1", on_duty=False, tools=("winch",))
    async with db.write() as session:  # counted at its end, once
        assert await queries.change_vehicle(session, "P1", kind=VehicleKind.TOW)
        assert await queries.change_vehicle(session, "P1", dealer="D2")
    async with db.write() as session:
        assert not await queries.change_vehicle(session, "P1", on_duty=False, dealer="D2")
        with pytest.raises(NotFound):
            await queries.change_vehicle(session, "P2", on_duty=False)
    async with db.read() as session:
        changed = replace(vehicle(), on_duty=False, tools=("winch",), kind=VehicleKind.TOW, dealer="D2")
        assert await queries.vehicle(session, "P1") == changed
    assert await roster_version(db) == 3


async def test_R3_fitting_a_terminal_makes_a_vehicle_tracked_and_its_token_is_not_kept(db: Database) -> None:
    async with db.write() as session:
        with pytest.raises(NotFound):
            await queries.add_terminal(session, TERMINAL)
        await queries.add_vehicle(session, vehicle())
    async with db.write() as session:
        token = await queries.add_terminal(session, TERMINAL)
        with pytest.raises(Conflict):
            await queries.add_terminal(session, TERMINAL)
        assert not await queries.add_vehicle(session, vehicle())  # tracked or not is no contradiction
    async with db.read() as session:
        assert await queries.vehicle(session, "P1") == replace(vehicle(), tracked=True)
        assert await queries.terminal_by_token(session, token) == TERMINAL
        assert await queries.terminal(session, "T1") == TERMINAL
        for wrong in ("", "T1", token[:-1], token + "x", "\ud800"):
            assert await queries.terminal_by_token(session, wrong) is None
        kept = (await session.execute(select(TerminalRow.token_sha256))).scalar_one()
    assert token not in kept
    assert len(kept) == 64
    assert await roster_version(db) == 2
