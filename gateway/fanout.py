"""What the processes of one service tell one another, through Redis.

Truth is in the store; this only makes the others look sooner. Each process gathers what it has committed, a vehicle
once however often it moved, and sends it a few times a second; what the others send is put on the bus and into the
live index here. A process that has lost Redis goes on, reads the positions from the store until Redis is back, and
then reads them once more, so that nothing that was said meanwhile is missed.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog
from redis import asyncio as aioredis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from core.bus import Bus
from core.database import Database
from core.errors import Invalid, StoreUnavailable
from core.eventlog import Logged
from core.identity import identity
from core.pause import pause
from gateway.geokeys import GeoKeys, Row, position_of, row_of
from tracking.history import live_positions
from tracking.live import LiveIndex
from tracking.vocabulary import Crossed, Moved, Turned

FAMILY: Final = "nearside:"
"""Every key and channel of ours begins so."""
SEND_S: Final = 0.1
"""How often what was gathered is sent, in wall-clock seconds."""
LOOK_S: Final = 2.0
"""How often it is seen to that Redis was not emptied, and that this process still hears."""
RECONCILE_S: Final = 30.0
"""How often what is known here is compared with the store: so long may stand what was told, and not heard."""
_DEAF_S: Final = 8.0
WITHOUT_S: Final = 2.0
"""How often positions are read from the store, and Redis is tried again, while it is lost."""
_ANSWER_WITHIN_S: Final = 3.0

RegionOf = Callable[[str], str]
"""The region that a vehicle's positions are told in."""

_log = structlog.stdlib.get_logger(__name__)


class News(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What one process tells of the log and of vehicles that changed what they do. `sender` is the process."""

    sender: str
    seq: int = 0
    crossed: bool = False
    turned: list[str] = []


class Sightings(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Where vehicles of one region are now."""

    sender: str
    rows: list[Row]


_ENCODER = msgspec.msgpack.Encoder()
_NEWS = msgspec.msgpack.Decoder(News)
_SIGHTINGS = msgspec.msgpack.Decoder(Sightings)


def connect(url: str) -> "aioredis.Redis":
    """A client that says soon when nobody answers. Raises `Invalid` for what is no URL."""
    made: Any = aioredis.Redis
    try:
        return made.from_url(
            url, socket_timeout=_ANSWER_WITHIN_S, socket_connect_timeout=_ANSWER_WITHIN_S, health_check_interval=5
        )
    except ValueError as error:
        raise Invalid("Redis's URL is redis://HOST:PORT/NUMBER, rediss:// or unix://FILE", field="redis") from error


class Fanout:
    """One process's end of it. Without `run` nothing is sent or heard."""

    def __init__(
        self,
        *,
        url: str,
        db: Database,
        bus: Bus,
        live: LiveIndex,
        region_of: RegionOf,
        reload_fleet: Callable[[], Awaitable[object]],
        reload_states: Callable[[Iterable[str]], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._client: Any = connect(url)
        self._db, self._bus, self._live, self._now = db, bus, live, now
        self._region_of = region_of
        self._reload_fleet, self._reload_states = reload_fleet, reload_states
        self._sender = secrets.token_hex(4)
        self._logged, self._crossed = bus.listen(Logged, own=True), bus.listen(Crossed, own=True)
        self._moved, self._turned = bus.listen(Moved, own=True), bus.listen(Turned, own=True)
        self._seq, self._has_crossed = 0, False
        self._plates: dict[str, bool] = {}
        """Vehicles to tell of; True where they also changed what they do."""
        self._space = ""
        self._heard_itself_s = 0.0
        self._lost_at: datetime | None = now()
        self.geo: GeoKeys | None = None
        """Redis's own live positions, once Redis was reached."""

    @property
    def lost(self) -> str:
        """Since when Redis is lost; empty while it is there."""
        return "" if self._lost_at is None else f"lost since {self._lost_at.isoformat(timespec='seconds')}"

    async def run(self, stop: asyncio.Event) -> None:
        """Send and hear until told to stop, across every loss of Redis."""
        await self._learn_space(stop)
        while not stop.is_set():
            try:
                await self._together(stop)
            except* (RedisError, OSError) as errors:
                self._say_lost(errors)
            await self._without(stop)

    async def part(self) -> None:
        """Tell the last of what was committed here. Call it when nothing more will be."""
        self._gather()
        if self._space:
            with suppress(RedisError, OSError):  # then the others find it in the store
                async with asyncio.timeout(_ANSWER_WITHIN_S):
                    await self._tell()
        await self._client.aclose()

    async def _learn_space(self, stop: asyncio.Event) -> None:
        while not self._space and not stop.is_set():
            try:
                async with self._db.read() as session:
                    self._space = f"{FAMILY}{await identity(session)}:"
            except StoreUnavailable:
                await pause(stop, WITHOUT_S)
        self.geo = GeoKeys(self._client, self._space)

    async def _together(self, stop: asyncio.Event) -> None:
        """While Redis is there: hear first, then read what was missed, then send."""
        async with self._client.pubsub() as ear:
            await ear.psubscribe(f"{self._space}*")
            if await ear.get_message(timeout=_ANSWER_WITHIN_S) is None:
                raise RedisTimeoutError("no answer to the subscription")
            while await self._catch_up(whole=True) is None:
                await pause(stop, WITHOUT_S)
                if stop.is_set():
                    return
            self._say_found()
            self._heard_itself_s = _steady_s()
            async with asyncio.TaskGroup() as talk:
                talk.create_task(self._hear(ear, stop))
                talk.create_task(self._send(stop))
                talk.create_task(self._reconcile(stop))

    async def _without(self, stop: asyncio.Event) -> None:
        """One look at the store instead, and a pause."""
        if stop.is_set():
            return
        self._gather()
        await self._catch_up(whole=False)
        await pause(stop, WITHOUT_S)

    async def _hear(self, ear: Any, stop: asyncio.Event) -> None:
        while not stop.is_set():
            message = await ear.get_message(ignore_subscribe_messages=True, timeout=1.0)
            if message is not None:
                await self._take(message["channel"], message["data"])

    async def _take(self, channel: bytes, data: bytes) -> None:
        try:
            if channel.startswith(f"{self._space}moved:".encode()):
                self._see(_SIGHTINGS.decode(data))
            elif channel == f"{self._space}news".encode():
                await self._learn(_NEWS.decode(data))
        except msgspec.DecodeError as error:
            _log.warning("fanout_unreadable", channel=channel.decode(errors="replace"), reason=str(error))

    def _see(self, told: Sightings) -> None:
        if told.sender == self._sender:
            return
        for row in told.rows:
            self._live.put(position_of(row))

    async def _learn(self, news: News) -> None:
        if news.sender == self._sender:
            self._heard_itself_s = _steady_s()
            return
        if news.turned:
            with suppress(StoreUnavailable):  # the fleet is read anew when the store is back
                await self._reload_states(news.turned)
        if news.seq:
            self._bus.pass_on(Logged(seq=news.seq))
        if news.crossed:
            self._bus.pass_on(Crossed())

    async def _send(self, stop: asyncio.Event) -> None:
        look_in_s = 0.0
        while not stop.is_set():
            filled = ""
            if look_in_s <= 0:
                filled = await self._look()
                look_in_s = LOOK_S
            self._gather()
            await self._tell()
            if filled:
                await self._client.set(filled, self._sender)
            await pause(stop, SEND_S)
            look_in_s -= SEND_S

    async def _look(self) -> str:
        """Redis may be new, or have been emptied: then it is filled from what is known here, and the key that says so
        is given, to be set when that is done. It names the server's run, since an older copy may have come back.
        """
        if _steady_s() - self._heard_itself_s > _DEAF_S:
            raise RedisTimeoutError("nothing is heard any more")
        await self._client.publish(f"{self._space}news", _ENCODER.encode(News(sender=self._sender)))
        run = (await self._client.info("server"))["run_id"]
        filled = f"{self._space}filled:{run}"
        if await self._client.exists(filled):
            return ""
        self._plates.update(dict.fromkeys((shown.plate for shown in self._live.all()), True))
        _log.info("redis_filled", vehicles=len(self._plates))
        return filled

    async def _reconcile(self, stop: asyncio.Event) -> None:
        """A message may be lost with the process that was about to send it: the store has what it said."""
        while True:
            await pause(stop, RECONCILE_S)
            if stop.is_set():
                return
            before = {plate: self._live.about(plate) for plate in self._live.plates()}
            moved = await self._catch_up(whole=True)
            turned = [plate for plate, about in before.items() if self._live.about(plate) != about]
            self._plates.update(dict.fromkeys(moved or (), False))
            self._plates.update(dict.fromkeys(turned, True))

    def _gather(self) -> None:
        """Take what was said on this process's bus into the little that is to be sent of it."""
        while not self._logged.empty():
            self._seq = max(self._seq, self._logged.get_nowait().seq)
        while not self._crossed.empty():
            self._crossed.get_nowait()
            self._has_crossed = True
        while not self._moved.empty():
            for plate in self._moved.get_nowait().plates:
                self._plates.setdefault(plate, False)
        while not self._turned.empty():
            self._plates.update(dict.fromkeys(self._turned.get_nowait().plates, True))

    async def _tell(self) -> None:
        if not (self._seq or self._has_crossed or self._plates):
            return
        seq, crossed, plates = self._seq, self._has_crossed, self._plates
        self._seq, self._has_crossed, self._plates = 0, False, {}
        try:
            await self._write(seq, crossed, plates)
        except (RedisError, OSError):
            # Said again when Redis is back; what has come since stands over it.
            self._seq, self._has_crossed = max(seq, self._seq), crossed or self._has_crossed
            self._plates = {**plates, **self._plates}
            raise

    async def _write(self, seq: int, crossed: bool, plates: Mapping[str, bool]) -> None:
        turned = [plate for plate, has_turned in plates.items() if has_turned]
        regions: dict[str, list[Row]] = {}
        for plate in plates:
            shown = self._live.get(plate)
            if shown is not None:
                regions.setdefault(self._region_of(plate), []).append(row_of(shown, self._live.about(plate)))
        pipe = self._client.pipeline(transaction=False)
        if seq or crossed or turned:
            news = News(sender=self._sender, seq=seq, crossed=crossed, turned=turned)
            pipe.publish(f"{self._space}news", _ENCODER.encode(news))
        for region, rows in regions.items():
            told = Sightings(sender=self._sender, rows=rows)
            pipe.publish(f"{self._space}moved:{region}", _ENCODER.encode(told))
        GeoKeys(pipe, self._space).keep([row for rows in regions.values() for row in rows], turned)
        await pipe.execute()

    async def _catch_up(self, *, whole: bool) -> list[str] | None:
        """Read where every vehicle is, and with `whole` what it does; the plates that moved, None without the store."""
        moved: list[str] = []
        try:
            async with self._db.read() as session:
                found = await live_positions(session)
            for shown in found:
                known = self._live.get(shown.plate)
                if known is None or shown.fix_time > known.fix_time:
                    self._live.put(shown)
                    moved.append(shown.plate)
            if whole:
                await self._reload_fleet()
        except StoreUnavailable:
            return None
        self._bus.pass_on(Logged(seq=0))
        self._bus.pass_on(Crossed())
        return moved

    def _say_lost(self, errors: BaseExceptionGroup[Exception]) -> None:
        if self._lost_at is None:
            self._lost_at = self._now()
            _log.warning("redis_lost", reason=type(errors.exceptions[0]).__name__)

    def _say_found(self) -> None:
        if self._lost_at is not None:
            _log.info("redis_found", lost_s=round((self._now() - self._lost_at).total_seconds(), 1))
            self._lost_at = None


def _steady_s() -> float:
    return asyncio.get_running_loop().time()
