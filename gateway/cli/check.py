"""`nearside migrate` and `nearside check`: the schema, and whether all is fit."""

from collections.abc import Awaitable, Callable

import typer
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from core.bus import Bus
from core.clock import WallClock
from core.database import Database
from core.errors import NearsideError, StoreUnavailable
from core.geo import Position
from core.places import load_places
from core.settings import Settings
from gateway.bootstrap import clock_of
from gateway.cli.say import out, run
from gateway.cli.serve import prepare

_SANE_YEARS = range(2015, 2100)
_PEOPLES_SQUARE = Position(lat=31.2304, lon=121.4737)


def migrate(settings: Settings) -> None:
    """Bring the database's schema up to date. Safe to repeat.

    Example: `nearside migrate --database sqlite:///nearside.db`
    """
    run(prepare(settings), database=settings.database)
    out.print(f"the schema of {settings.database} is up to date", markup=False)


def check(settings: Settings) -> None:
    """Say whether store, bus, tiles, map, clock and settings are fit. Exit code 1 where one is not.

    Example: `nearside check`
    """
    wrong = run(_check(settings), database=settings.database)
    table = Table("part", "state")
    for part, state, good in wrong:
        table.add_row(part, state, style="" if good else "red")
    out.print(table)
    if not all(good for _, _, good in wrong):
        raise typer.Exit(1)


async def _check(settings: Settings) -> list[tuple[str, str, bool]]:
    parts: dict[str, Callable[[Settings], Awaitable[str]]] = {
        "settings": _settings,
        "store": _store,
        "bus": _bus,
        "tiles": _tiles,
        "map": _map,
        "clock": _clock,
    }
    found: list[tuple[str, str, bool]] = []
    for name, look in parts.items():
        try:
            found.append((name, await look(settings), True))
        except (NearsideError, DatabaseError, OSError) as error:
            found.append((name, str(error).splitlines()[0], False))
    return found


async def _settings(settings: Settings) -> str:
    changed = sorted(settings.model_fields_set)
    return f"given: {', '.join(changed)}" if changed else "all at their defaults"


async def _store(settings: Settings) -> str:
    db = Database(settings.database)
    if not db.path.exists():
        raise StoreUnavailable(f"{db.path} does not exist; `nearside migrate` creates it")
    try:
        async with db.write() as session:
            tables = (await session.execute(text("SELECT count(*) FROM sqlite_master WHERE type = 'table'"))).scalar()
            await session.execute(text("SELECT count(*) FROM rescue_case"))
    finally:
        await db.close()
    return f"{db.path}: {tables} tables, writable"


async def _bus(_settings: Settings) -> str:
    bus = Bus()
    listener = bus.listen(str)
    bus.publish("heard")
    return f"in this process: {listener.get_nowait()}"


async def _tiles(_settings: Settings) -> str:
    return "none configured: distances are geodesic, travel times estimates"


async def _map(_settings: Settings) -> str:
    answer = load_places().assess(_PEOPLES_SQUARE)
    if not answer.city_name:
        raise StoreUnavailable("the boundaries do not know Shanghai")
    return f"boundaries at hand ({answer.city_name})"


async def _clock(settings: Settings) -> str:
    now = clock_of(settings).now()
    if now.year not in _SANE_YEARS or WallClock().now().year not in _SANE_YEARS:
        raise StoreUnavailable(f"an absurd time: {now.isoformat()}")
    speed = f", {settings.clock_speed:g} times as fast as the wall's" if settings.clock_speed != 1 else ""
    return f"{now.isoformat(timespec='seconds')}{speed}"
