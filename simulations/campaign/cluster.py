"""What a campaign is held on: a private PostgreSQL that waits for its disk, a private Redis, and gateway processes."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import Signals

from core.storeurl import read_url
from gateway.schema import migrate
from simulations.doors import Door
from simulations.ledger import Ledger
from simulations.private import NoServer, PrivatePostgres, PrivateRedis
from simulations.service import Server

DATABASE = "nearside"
STORE = ("track_commit_timestamp=on", "shared_buffers=128MB", "min_wal_size=32MB", "max_wal_size=512MB")
"""The moment of each commit is kept by PostgreSQL itself: a witness that no gateway's clock can mislead."""
ORPHANS_GONE_S = 20.0
"""So long a killed PostgreSQL's children may take to see that it is gone; until then it does not start anew."""
READY_WITHIN_S = 120.0


class Cluster:
    """The servers and the processes. `settings` are the gateways', `peculiar` the environment of single ones."""

    def __init__(
        self,
        folder: Path,
        *,
        data: Path,
        gateways: int,
        settings: Mapping[str, str],
        peculiar: Mapping[int, Mapping[str, str]],
    ) -> None:
        self.folder = folder
        self.ledger = Ledger()
        self.postgres = PrivatePostgres(folder / "postgresql", data=data, durable=True, settings=STORE)
        self.redis = PrivateRedis(folder / "redis")
        self.database = self.postgres.url(DATABASE)
        self._down: set[int] = set()
        common = {"NEARSIDE_REDIS": self.redis.url, **settings}
        self.gateways = [self._gateway(number, {**common, **peculiar.get(number, {})}) for number in range(gateways)]
        self.doors = [Door(gateway.url, self.ledger, patience_s=0) for gateway in self.gateways]

    def _gateway(self, number: int, settings: Mapping[str, str]) -> Server:
        folder = self.folder / f"gateway-{number}"
        folder.mkdir()
        return Server(folder, self.database, settings=settings)

    async def open(self) -> None:
        """Start everything on an empty store. Raises `NoServer` or `NotServing`."""
        await asyncio.to_thread(self._prepare)
        for gateway in self.gateways:
            gateway.start()
        await self.until_ready()

    def _prepare(self) -> None:
        self.postgres.start()
        self.postgres.create(DATABASE)
        self.redis.start()
        migrate(read_url(self.database))

    async def stop_gateways(self) -> Sequence[str]:
        """Ask every gateway to end; give what did not end in order."""
        wrong: list[str] = []
        for number, gateway in enumerate(self.gateways):
            code = await gateway.stop()
            if code not in (0, -15):
                wrong.append(f"gateway {number} ended with exit code {code}: {gateway.last_words()[-400:]}")
        return wrong

    async def close(self) -> None:
        """Stop everything."""
        await self.stop_gateways()
        for door in self.doors:
            await door.close()
        await asyncio.to_thread(self.redis.stop)
        await asyncio.to_thread(self.postgres.stop)

    async def until_ready(self) -> None:
        """Wait until every process says that it is fit to serve. Raises `NotServing`."""
        async with asyncio.timeout(READY_WITHIN_S):
            for gateway, door in zip(self.gateways, self.doors, strict=True):
                await gateway.until_ready(door)

    def kill(self, number: int) -> None:
        """`kill -9` of one gateway, which stays down until `revive`."""
        self._down.add(number)
        self.gateways[number].kill()

    def revive(self, number: int) -> None:
        """Start a gateway that was killed."""
        self.gateways[number].start()
        self._down.discard(number)

    def fallen(self) -> Mapping[int, str]:
        """The gateways that ended by themselves, with their last words."""
        return {
            number: gateway.last_words()[-800:]
            for number, gateway in enumerate(self.gateways)
            if gateway.pid is None and number not in self._down
        }

    async def stop_store(self, how: Signals) -> None:
        """End PostgreSQL."""
        await asyncio.to_thread(self.postgres.stop, how)

    async def start_store(self) -> None:
        """Start PostgreSQL, on what it left on the disk. Raises `NoServer`."""
        began = time.monotonic()
        while True:
            try:
                await asyncio.to_thread(self.postgres.start)
            except NoServer:
                if time.monotonic() - began > ORPHANS_GONE_S:
                    raise
                await asyncio.sleep(0.5)
            else:
                return

    async def stop_redis(self) -> None:
        """End Redis."""
        await asyncio.to_thread(self.redis.stop)

    async def start_redis(self) -> None:
        """Start Redis, empty."""
        await asyncio.to_thread(self.redis.start)
