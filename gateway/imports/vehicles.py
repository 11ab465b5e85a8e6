"""Vehicles from a table, with the terminals fitted in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from core.errors import Conflict, Invalid, NearsideError, NotFound
from dispatch import queries
from dispatch.desk import Act, Desk
from gateway.http.fields import official_plate
from gateway.http.requests import TerminalIn, VehicleIn
from gateway.imports.batches import Batch, keep_all
from gateway.imports.dealers import invalid
from gateway.imports.report import Progress, Report
from gateway.imports.text import Row, read_table
from tracking import queries as tracking
from tracking.vocabulary import Protocol, Terminal, Vehicle, VehicleState

COLUMNS = ("plate", "kind", "dealer", "on_duty", "terminal_id", "protocol")

_YES = frozenset({"true", "1", "yes", "y", "是", "在岗", ""})
_NO = frozenset({"false", "0", "no", "n", "否"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    vehicle: Vehicle
    terminal: Terminal | None


@dataclass(slots=True, kw_only=True)
class Imported:
    """The report, and the new terminals' tokens by terminal, which are secrets."""

    report: Report
    tokens: Mapping[str, str]


Tell = Callable[[Mapping[str, str]], None]
"""Brings tokens, by terminal, where their reader finds them whatever happens next."""


async def import_vehicles(
    desk: Desk, raw: bytes, actor: str, progress: Progress, *, tell: Tell | None = None
) -> Imported:
    """Keep the good rows of a table of vehicles. Raises `MissingColumns` or `Stopped`.

    `tell` is called with new tokens before their terminals are committed: a token that nobody could read any more
    would be lost for good, while one of a terminal that was not kept opens nothing. A terminal may be told of again,
    then its later token counts. Without `tell` nobody reads them, and `POST /terminals` gives each terminal its token.
    """
    rows = read_table(raw, COLUMNS)
    done = Batch[int]()

    def told(batch: Batch[int]) -> None:
        if tell and batch.tokens:
            tell(batch.tokens)

    keep = partial(_keep, tell is not None)
    await keep_all(desk, rows, actor, progress, into=done, keep=keep, before_commit=told)
    return Imported(report=done.report, tokens=done.tokens)


async def _keep(told: bool, act: Act, row: Row, batch: Batch[int]) -> None:
    report = batch.report
    try:
        read = _read(row)
        new = await _store(act, read, batch.tokens, told=told)
    except NearsideError as error:
        report.reject(row.line, error)
        return
    report.count(new=new)
    plate = read.vehicle.plate
    if not official_plate(plate):
        report.find(row.line, "unofficial_plate", "the plate has not the official form")
    if (first := batch.first.setdefault(plate, row.line)) != row.line:
        report.find(row.line, "duplicate_plate", f"the same vehicle as in line {first}")


async def _store(act: Act, read: _Read, tokens: dict[str, str], *, told: bool) -> bool:
    """Everything is judged before anything is written, so that a refused row leaves no trace in the transaction."""
    vehicle, terminal = read.vehicle, read.terminal
    if await queries.dealer(act.session, vehicle.dealer) is None:
        raise NotFound("no such dealer", field="dealer")
    fitted = await tracking.terminal(act.session, terminal.terminal_id) if terminal else None
    if fitted is not None and fitted != terminal:
        raise Conflict("this terminal is recorded otherwise", field="terminal_id")
    new = await tracking.add_vehicle(act.session, vehicle)
    if new:
        idle = VehicleState.FREE if vehicle.on_duty else VehicleState.OFF_DUTY
        act.vehicle_states[vehicle.plate] = (vehicle.kind, idle)
    if terminal is not None and fitted is None:
        tokens[terminal.terminal_id] = await tracking.add_terminal(act.session, terminal, told=told)
        return True
    return new


def _read(row: Row) -> _Read:
    if row.fault:
        raise Invalid(row.fault)
    try:
        body = VehicleIn.model_validate(
            {
                "plate": row["plate"],
                "kind": row["kind"].lower(),
                "dealer": row["dealer"],
                "on_duty": _flag(row, "on_duty"),
                "tools": [tool.strip() for tool in row["tools"].split("|") if tool.strip()],
            }
        )
        terminal = (
            TerminalIn.model_validate(
                {
                    "terminal_id": row["terminal_id"],
                    "vehicle": row["plate"],
                    "protocol": (row["protocol"] or Protocol.WEBSOCKET.value).lower(),
                }
            )
            if row["terminal_id"]
            else None
        )
    except ValidationError as error:
        raise invalid(error) from error
    return _Read(
        vehicle=Vehicle(
            plate=body.plate, kind=body.kind, dealer=body.dealer, on_duty=body.on_duty, tools=tuple(body.tools)
        ),
        terminal=Terminal(terminal_id=terminal.terminal_id, plate=terminal.vehicle, protocol=terminal.protocol)
        if terminal
        else None,
    )


def _flag(row: Row, column: str) -> bool:
    value = row[column].lower()
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise Invalid("neither true nor false", field=column)
