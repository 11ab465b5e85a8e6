"""Vehicles and their terminals. A transaction that changes any counts up `roster`, so that whoever remembers them looks
again.

Every function takes the session of a transaction that its caller owns.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Conflict, NotFound
from core.eventlog import count_at_last
from core.ids import new_token
from tracking.tables import LivePositionRow, TerminalRow, VehicleRow
from tracking.vocabulary import Protocol, Terminal, Vehicle, VehicleKind

ROSTER = "roster"
"""The counter of `core.eventlog.counted` that moves with every change of a vehicle or a terminal."""

_TRACKED = exists().where(TerminalRow.plate == VehicleRow.plate)


async def add_vehicle(session: AsyncSession, vehicle: Vehicle) -> bool:
    """Add a vehicle; False when it is there already with the same content, `Conflict` with other content (R9).

    Whether it is tracked is not stored: fitting a terminal makes it so.
    """
    row = await session.get(VehicleRow, vehicle.plate)
    if row is not None:
        same = (row.kind, row.dealer, row.on_duty, row.tools) == (
            vehicle.kind,
            vehicle.dealer,
            vehicle.on_duty,
            msgspec.json.encode(vehicle.tools),
        )
        if not same:
            raise Conflict(f"vehicle {vehicle.plate} is recorded with other content", field="plate")
        return False
    session.add(
        VehicleRow(
            plate=vehicle.plate,
            kind=vehicle.kind.value,
            dealer=vehicle.dealer,
            on_duty=vehicle.on_duty,
            tools=msgspec.json.encode(vehicle.tools),
        )
    )
    await session.flush()
    count_at_last(session, ROSTER)
    return True


async def change_vehicle(
    session: AsyncSession,
    plate: str,
    *,
    on_duty: bool | None = None,
    tools: tuple[str, ...] | None = None,
    kind: VehicleKind | None = None,
    dealer: str | None = None,
) -> bool:
    """Change what is given; False when it was so already, `NotFound` for an unknown plate."""
    row = await session.get(VehicleRow, plate, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"no vehicle {plate}", field="plate")
    if on_duty is not None:
        row.on_duty = on_duty
    if tools is not None:
        row.tools = msgspec.json.encode(tools)
    if kind is not None:
        row.kind = kind.value
    if dealer is not None:
        row.dealer = dealer
    if not session.is_modified(row):
        return False
    await session.flush()
    count_at_last(session, ROSTER)
    return True


async def vehicles(session: AsyncSession) -> list[Vehicle]:
    """All vehicles, by plate."""
    rows = await session.execute(select(VehicleRow, _TRACKED).order_by(VehicleRow.plate))
    return [_vehicle(row, tracked) for row, tracked in rows.tuples()]


async def vehicle(session: AsyncSession, plate: str, *, lock: bool = False) -> Vehicle | None:
    """The vehicle with this plate; with `lock` nobody else changes it until the transaction ends."""
    statement = select(VehicleRow, _TRACKED).where(VehicleRow.plate == plate)
    if lock:
        statement = statement.with_for_update(of=VehicleRow).execution_options(populate_existing=True)
    rows = await session.execute(statement)
    found = rows.tuples().first()
    return None if found is None else _vehicle(*found)


async def add_terminal(session: AsyncSession, terminal: Terminal, *, told: bool = True) -> str:
    """Fit a terminal and give its token, which is not kept and cannot be read again.

    With `told` False nobody learns the token, and the same terminal may be added once more to get one.
    `NotFound` when there is no such vehicle, `Conflict` when the identifier is taken.
    """
    if await session.get(VehicleRow, terminal.plate) is None:
        raise NotFound(f"no vehicle {terminal.plate}", field="vehicle")
    token = new_token()
    row = await session.get(TerminalRow, terminal.terminal_id, with_for_update=True, populate_existing=True)
    if row is None:
        row = TerminalRow(terminal_id=terminal.terminal_id, plate=terminal.plate, protocol=terminal.protocol.value)
        session.add(row)
    elif row.told or _terminal(row) != terminal:
        raise Conflict(f"terminal {terminal.terminal_id} is recorded already", field="terminal_id")
    row.token_sha256, row.told = _digest(token), told
    await session.flush()
    count_at_last(session, ROSTER)
    return token


async def terminal(session: AsyncSession, terminal_id: str) -> Terminal | None:
    """The terminal with this identifier."""
    row = await session.get(TerminalRow, terminal_id)
    return None if row is None else _terminal(row)


async def terminals(session: AsyncSession) -> list[tuple[Terminal, datetime | None]]:
    """All terminals by identifier, each with the time of its last fix; None where it has sent none, or another
    terminal of its vehicle has sent a later one.
    """
    statement = select(TerminalRow, LivePositionRow.fix_time).outerjoin(
        LivePositionRow, LivePositionRow.terminal_id == TerminalRow.terminal_id
    )
    rows = await session.execute(statement.order_by(TerminalRow.terminal_id))
    return [(_terminal(row), fix_time) for row, fix_time in rows.tuples()]


async def renew_token(session: AsyncSession, terminal_id: str) -> tuple[Terminal, str]:
    """Give a terminal another token; the one that it had is worth nothing any more. Raises `NotFound`."""
    row = await _terminal_to_change(session, terminal_id)
    token = new_token()
    row.token_sha256, row.told = _digest(token), True
    await session.flush()
    count_at_last(session, ROSTER)
    return _terminal(row), token


async def remove_terminal(session: AsyncSession, terminal_id: str) -> Terminal:
    """Take a terminal out of its vehicle; its fixes stay. Raises `NotFound`."""
    row = await _terminal_to_change(session, terminal_id)
    await session.delete(row)
    await session.flush()
    count_at_last(session, ROSTER)
    return _terminal(row)


async def _terminal_to_change(session: AsyncSession, terminal_id: str) -> TerminalRow:
    row = await session.get(TerminalRow, terminal_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("no such terminal", field="terminal_id")
    return row


async def terminal_by_token(session: AsyncSession, token: str) -> Terminal | None:
    """The terminal that was given this token."""
    rows = await session.execute(select(TerminalRow).where(TerminalRow.token_sha256 == _digest(token)))
    row = rows.scalar_one_or_none()
    return None if row is None else _terminal(row)


async def valid_tokens(session: AsyncSession, tokens: Collection[str]) -> set[str]:
    """Those of the tokens that a terminal has."""
    by_digest = {_digest(token): token for token in tokens}
    known = await session.execute(select(TerminalRow.token_sha256).where(TerminalRow.token_sha256.in_(by_digest)))
    return {by_digest[digest] for digest in known.scalars()}


def _digest(token: str) -> str:
    # The token is 256 random bits: a plain digest is enough, where a password would need argon2.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _vehicle(row: VehicleRow, tracked: bool) -> Vehicle:
    return Vehicle(
        plate=row.plate,
        kind=VehicleKind(row.kind),
        dealer=row.dealer,
        on_duty=row.on_duty,
        tools=msgspec.json.decode(row.tools, type=tuple[str, ...]),
        tracked=tracked,
    )


def _terminal(row: TerminalRow) -> Terminal:
    return Terminal(terminal_id=row.terminal_id, plate=row.plate, protocol=Protocol(row.protocol))
