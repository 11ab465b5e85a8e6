"""Whether what a service stands on is fit for it: named, and with the remedy, before anything is half started."""

import asyncio
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst
from redis import asyncio as aioredis
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.clock import WallClock
from core.database import Database
from core.errors import Invalid, StoreUnavailable
from core.roads import UnusableRoads, read_roads
from core.settings import Settings
from core.storeurl import is_embedded, read_url
from gateway import schema
from gateway.basemap import check_tiles
from gateway.bootstrap import open_store
from gateway.fanout import FAMILY, connect
from gateway.paper import FONTS

CLOCK_APART_S: Final = 2.0
"""A machine whose clock differs by more from the store's is worth a word."""
_LOOKED_AT: Final = 1_000
"""So many of a Redis's keys are looked at to see whose it is."""
_OLDEST_REDIS: Final = (6, 2)
"""The first with GEOSEARCH."""


class Unfit(StoreUnavailable):
    """A part that the service stands on cannot be used as it is; the detail names it and the remedy."""


class Lacking(StoreUnavailable):
    """A part is absent that the service starts and runs without, but does less well; the detail names the remedy."""


async def check_all(settings: Settings) -> None:
    """Raise `Unfit` or `Invalid` for the first part that keeps a service from starting with these settings."""
    check_processes(settings)
    check_tiles(settings)
    await look_at_store(settings)
    await look_at_redis(settings)
    await look_at_roads(settings)


def check_processes(settings: Settings) -> None:
    """Several processes need a store and a Redis that they can share. Raises `Invalid`."""
    if settings.workers == 1:
        return
    if is_embedded(read_url(settings.database)):
        raise Invalid("the embedded store serves one process; name a PostgreSQL by --database", field="workers")
    if not settings.redis:
        raise Invalid("several processes tell each other through Redis; name it by --redis", field="workers")


async def look_at_store(settings: Settings) -> str:
    """What the store is. Raises `Unfit`, or `Invalid` for a URL that names none."""
    db = open_store(settings)
    try:
        return await (_look_at_file(db) if db.embedded else _look_at_postgresql(db))
    finally:
        await db.close()


async def look_at_redis(settings: Settings) -> str:
    """What Redis is. Raises `Unfit`, or `Invalid` for a URL that names none."""
    if not settings.redis:
        return "none configured: one process, its bus within"
    client = connect(settings.redis)
    try:
        return await _look_at_redis(client)
    except AuthenticationError as error:
        raise Unfit(f"Redis does not let us in ({error}): correct the name and password in --redis") from error
    except (RedisConnectionError, RedisTimeoutError, OSError) as error:
        raise Unfit(f"Redis cannot be reached ({_line(error)}): start it, or correct --redis") from error
    except RedisError as error:
        raise Unfit(f"what answers at --redis is no usable Redis ({_line(error)}): correct --redis") from error
    finally:
        await client.aclose()


async def look_at_roads(settings: Settings) -> str:
    """What roads are drawn. Raises `Unfit` where the file cannot be used."""
    if not settings.roads:
        return "no roads"
    try:
        roads = await asyncio.to_thread(read_roads, Path(settings.roads))
    except UnusableRoads as error:
        raise Unfit(str(error)) from error
    return f"{len(roads):,} roads"


def look_at_fonts(families: Collection[str]) -> str:
    """Which of `families` sets the rescue record. Raises `Lacking` where none of them is known to hold Chinese."""
    for name in FONTS:
        if name in families:
            return f"rescue records are set in {name}"
    raise Lacking(
        "no Chinese font: rescue records may lack their Chinese words; install one (Debian: fonts-noto-cjk) "
        f"or any of {', '.join(FONTS)}"
    )


def font_families() -> Collection[str]:
    """The families that the layout of records finds on this machine, by the same search as it makes itself."""
    return typst.Fonts().families()


async def clock_apart_s(settings: Settings) -> float | None:
    """By how many seconds the machine's clock is ahead of the store's; None where the store has no clock of its own."""
    db = open_store(settings)
    if db.embedded:
        return None
    try:
        async with db.read() as session:
            told: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return (WallClock().now() - told).total_seconds()
    finally:
        await db.close()


async def _look_at_file(db: Database) -> str:
    file = Path(db.url.database or "")
    if not await asyncio.to_thread(file.exists):
        raise Unfit(f"{file} does not exist: `nearside migrate` makes it")
    found = await _standing(db)
    if found.at is None:
        raise Unfit(f"{file} has no schema: run `nearside migrate`")
    _fits(found)
    return f"{file} at revision {found.at}"


async def _look_at_postgresql(db: Database) -> str:
    try:
        async with db.read() as session:
            row = (await session.execute(_ABOUT)).mappings().one()
    except StoreUnavailable as error:
        raise _unreachable(error, db) from error
    if row["postgis"] is None:
        available = "as a superuser run CREATE EXTENSION postgis in it, or let `nearside migrate` do so"
        missing = "install PostGIS for this server (Debian: postgresql-15-postgis-3), then run `nearside migrate`"
        raise Unfit(
            f"the database {db.url.database} lacks the extension postgis: {available if row['offered'] else missing}"
        )
    if row["read_only"]:
        raise Unfit("the server takes no writes (a standby, or read only by its settings): name the primary")
    found = await _standing(db)
    _fits(found)
    return f"{db.name}: PostgreSQL {row['version']}, PostGIS {row['postgis']}, at revision {found.at}"


_ABOUT: Final = text(
    "SELECT current_setting('server_version') AS version,"
    " (SELECT extversion FROM pg_extension WHERE extname = 'postgis') AS postgis,"
    " EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgis') AS offered,"
    " pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS read_only"
)


async def _standing(db: Database) -> schema.Standing:
    try:
        return await schema.standing(db)
    except DBAPIError as error:
        raise Unfit(f"{db.name} cannot be used: {_line(error.orig or error)}") from error


def _fits(found: schema.Standing) -> None:
    if not found.fits:
        raise Unfit(schema.misfit(found))


def _unreachable(error: StoreUnavailable, db: Database) -> Unfit:
    """The server's words, with what to do about them."""
    cause: Any = error.__cause__
    said = str(getattr(cause, "orig", None) or cause)
    url = db.url
    remedies: Mapping[str, str] = {
        "password authentication failed": f"the password of {url.username} is wrong: correct it in --database",
        "no password supplied": f"{url.username} needs a password: put it into --database",
        "translate host name": f"the host {url.host} is unknown: correct it in --database",
        "Name or service not known": f"the host {url.host} is unknown: correct it in --database",
        "does not exist": f"create it on the server (createdb {url.database}), or correct --database",
        "Connection refused": "nothing answers there: start PostgreSQL, or correct host and port in --database",
        "No such file or directory": "nothing answers there: start PostgreSQL, or correct the socket's folder",
        "timeout": "the host does not answer in time: see to the network, or correct --database",
        "too many": "raise the server's max_connections, or lower --database-connections",
    }
    remedy = next((remedy for words, remedy in remedies.items() if words in said), "see the server's log")
    first = said.splitlines()[0] if said else "no answer"
    return Unfit(f"the store {db.name} cannot be reached ({first}): {remedy}")


async def _look_at_redis(client: "aioredis.Redis") -> str:
    told: Any = client
    about = await told.info("server")
    version = str(about["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST_REDIS:
        raise Unfit(f"Redis {version} is too old: it needs {'.'.join(map(str, _OLDEST_REDIS))} or newer")
    strangers: list[str] = []
    seen = 0
    async for key in told.scan_iter(count=_LOOKED_AT):
        seen += 1
        if not key.startswith(FAMILY.encode()):
            strangers.append(key.decode(errors="replace"))
        if seen >= _LOOKED_AT:
            break
    if strangers:
        raise Unfit(
            f"this Redis holds another application's keys (such as {strangers[0][:40]!r}): give Nearside a Redis, "
            "or a database number, of its own"
        )
    probe = f"{FAMILY}probe:{secrets.token_hex(4)}"
    try:
        await told.set(probe, 1, ex=5)
        await told.delete(probe)
    except ResponseError as error:
        raise Unfit(f"Redis takes no writes ({_line(error)}): name its primary, or give it memory") from error
    return f"Redis {version}, {seen}{'+' if seen >= _LOOKED_AT else ''} keys, all ours"


def _line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
