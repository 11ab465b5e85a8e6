"""`nearside migrate` and `nearside check`: the schema, and whether all is fit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.exc import DatabaseError

from core.clock import WallClock
from core.errors import NearsideError, StoreUnavailable
from core.geo import Position
from core.places import load_places
from core.settings import Settings
from core.storeurl import read_url, shown
from gateway import fitness, schema
from gateway.basemap import check_tiles
from gateway.bootstrap import clock_of
from gateway.cli.say import first_line, out, run

_FIT, _LACKING, _UNFIT = "", "yellow", "red"
_SANE_YEARS = range(2015, 2100)
_PEOPLES_SQUARE = Position(lat=31.2304, lon=121.4737)


def migrate(
    settings: Settings,
    to: Annotated[str, typer.Option(help="the revision to go to, up or down; base is an empty store")] = "head",
) -> None:
    """Bring the database's schema up to date. Safe to repeat, and to run while the service runs.

    Examples: `nearside migrate --database sqlite:///nearside.db` ·
    `nearside migrate --database postgresql://nearside@localhost/nearside`
    """

    async def work() -> schema.Standing:
        return await asyncio.to_thread(schema.migrate, read_url(settings.database), to)

    found = run(work(), database=settings.database)
    where = "empty" if found.at is None else f"at revision {found.at}"
    fits = "up to date" if found.fits else f"{where} (the newest is {found.head})"
    out.print(f"the schema of {shown(settings.database)} is {fits}", markup=False)


def check(settings: Settings) -> None:
    """Say whether store, Redis, tiles, map, fonts, clock and settings are fit, and what to do where not.

    What keeps a service from running ends it with exit code 1; what is merely lacking is a warning.

    Example: `nearside check`
    """
    found = run(_check(settings), database=settings.database)
    table = Table("part", "state")
    for part, state, style in found:
        table.add_row(part, state, style=style)
    out.print(table)
    if any(style == _UNFIT for _, _, style in found):
        raise typer.Exit(1)


async def _check(settings: Settings) -> list[tuple[str, str, str]]:
    """Each part, what is said of it, and the style of the line: how bad it is."""
    parts: dict[str, Callable[[Settings], Awaitable[str]]] = {
        "settings": _settings,
        "store": fitness.look_at_store,
        "redis": fitness.look_at_redis,
        "tiles": _tiles,
        "map": _map,
        "base map": _base_map,
        "fonts": _fonts,
        "clock": _clock,
    }
    found: list[tuple[str, str, str]] = []
    for name, look in parts.items():
        try:
            found.append((name, await look(settings), _FIT))
        except fitness.Lacking as error:
            found.append((name, first_line(error), _LACKING))
        except (NearsideError, DatabaseError, OSError) as error:
            found.append((name, first_line(error), _UNFIT))
    return found


async def _settings(settings: Settings) -> str:
    fitness.check_processes(settings)
    changed = sorted(settings.model_fields_set)
    return f"given: {', '.join(changed)}" if changed else "all at their defaults"


async def _tiles(_settings: Settings) -> str:
    return "none configured: distances are geodesic, travel times estimates"


async def _map(_settings: Settings) -> str:
    answer = load_places().assess(_PEOPLES_SQUARE)
    if not answer.city_name:
        raise StoreUnavailable("the boundaries do not know Shanghai")
    return f"boundaries at hand ({answer.city_name})"


async def _base_map(settings: Settings) -> str:
    return f"outlines, {await fitness.look_at_roads(settings)}, {check_tiles(settings)}"


async def _fonts(_settings: Settings) -> str:
    return fitness.look_at_fonts(await asyncio.to_thread(fitness.font_families))


async def _clock(settings: Settings) -> str:
    now = clock_of(settings, WallClock()).now()
    if now.year not in _SANE_YEARS or WallClock().now().year not in _SANE_YEARS:
        raise StoreUnavailable(f"an absurd time: {now.isoformat()}")
    speed = f", {settings.clock_speed:g} times as fast as the wall's" if settings.clock_speed != 1 else ""
    told = f"{now.isoformat(timespec='seconds')}{speed}"
    try:
        apart_s = await fitness.clock_apart_s(settings)
    except NearsideError:
        return told  # the store's own line says why it cannot be asked
    if apart_s is not None and abs(apart_s) > fitness.CLOCK_APART_S:
        raise StoreUnavailable(
            f"{told}: {apart_s:+.1f} s from the store's clock, which the service goes by; set this machine's by NTP"
        )
    return told
