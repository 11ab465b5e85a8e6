"""Which vehicles are nearest (R1): one contract for this process's index and for Redis, which all processes share."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import needs_servers, redis

from core.geo import Position, distance_m
from gateway.fanout import connect
from gateway.geokeys import GeoKeys, position_of, row_of
from tracking.live import LiveIndex
from tracking.vocabulary import LivePosition, VehicleKind, VehicleState

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
SPACE = "nearside:test:"
HERE = Position(lat=31.23, lon=121.47)

Nearest = Callable[..., Awaitable[list[tuple[str, float]]]]
About = tuple[VehicleKind, VehicleState]


class Fleet:
    """Vehicles told to one of the two."""

    def __init__(self, client: Any = None) -> None:
        self.client = client
        self.live = LiveIndex()

    async def tell(self, shown: LivePosition, about: About, *, turned: bool = True) -> None:
        self.live.set_vehicle(shown.plate, *about)
        self.live.put(shown)
        if self.client is not None:
            pipe = self.client.pipeline(transaction=False)
            GeoKeys(pipe, SPACE).keep([row_of(shown, about)], [shown.plate] if turned else [])
            await pipe.execute()

    async def nearest(self, position: Position, k: int, **asked: Any) -> list[tuple[str, float]]:
        if self.client is not None:
            return await GeoKeys(self.client, SPACE).nearest(position, k, **asked)
        return self.live.nearest(position, k, **asked)


@pytest.fixture(params=["index", pytest.param("redis", marks=needs_servers)])
async def fleet(request: pytest.FixtureRequest) -> AsyncGenerator[Fleet]:
    if request.param == "index":
        yield Fleet()
        return
    client: Any = connect(redis().url)
    await client.flushall()
    yield Fleet(client)
    await client.aclose()


def at(plate: str, lat: float, lon: float, age_s: float = 0) -> LivePosition:
    return LivePosition(plate=plate, position=Position(lat=lat, lon=lon), fix_time=NOW - timedelta(seconds=age_s))


SERVICE_FREE = (VehicleKind.SERVICE, VehicleState.FREE)
SERVICE_BUSY = (VehicleKind.SERVICE, VehicleState.BUSY)
TOW_FREE = (VehicleKind.TOW, VehicleState.FREE)


async def test_kind_state_and_age_choose_and_the_ellipsoid_measures(fleet: Fleet) -> None:
    await fleet.tell(at("A", 31.24, 121.47), SERVICE_FREE)
    await fleet.tell(at("B", 31.231, 121.47), SERVICE_BUSY)
    await fleet.tell(at("C", 31.235, 121.47, age_s=900), SERVICE_FREE)
    await fleet.tell(at("D", 31.232, 121.47), TOW_FREE)
    free = {"kind": VehicleKind.SERVICE, "state": VehicleState.FREE}
    assert [plate for plate, _ in await fleet.nearest(HERE, 9)] == ["B", "D", "C", "A"]
    assert [plate for plate, _ in await fleet.nearest(HERE, 9, **free)] == ["C", "A"]
    ((plate, metres),) = await fleet.nearest(HERE, 1, **free, fresh_after=NOW - timedelta(minutes=5))
    assert (plate, metres) == ("A", pytest.approx(distance_m(HERE, Position(lat=31.24, lon=121.47)), abs=1e-6))


async def test_a_vehicle_that_turns_leaves_its_old_set(fleet: Fleet) -> None:
    await fleet.tell(at("A", 31.24, 121.47), SERVICE_FREE)
    await fleet.tell(at("A", 31.24, 121.47), SERVICE_BUSY)
    assert await fleet.nearest(HERE, 3, state=VehicleState.FREE) == []
    assert [plate for plate, _ in await fleet.nearest(HERE, 3, state=VehicleState.BUSY)] == ["A"]


@needs_servers
async def test_a_position_told_under_a_state_that_has_just_passed_is_not_believed() -> None:
    client: Any = connect(redis().url)
    await client.flushall()
    fleet = Fleet(client)
    await fleet.tell(at("A", 31.24, 121.47), SERVICE_FREE)
    await fleet.tell(at("A", 31.24, 121.47), SERVICE_BUSY, turned=False)  # so it still stands in the old set
    assert await fleet.nearest(HERE, 3, state=VehicleState.FREE) == []
    await client.aclose()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), k=st.integers(1, 12), spread_deg=st.sampled_from([0.01, 1.0, 25.0]))
async def test_both_agree_with_measuring_every_vehicle(fleet: Fleet, seed: int, k: int, spread_deg: float) -> None:
    if fleet.client is not None:
        await fleet.client.flushall()
    fleet.live = LiveIndex()
    rng = np.random.default_rng(seed)
    everyone: dict[str, Position] = {}
    for number in range(60):
        lat, lon = rng.normal(31.0, spread_deg), rng.normal(121.0, spread_deg)
        shown = at(f"P{number}", float(np.clip(lat, -80, 80)), float(np.clip(lon, -179, 179)))
        everyone[shown.plate] = shown.position
        await fleet.tell(shown, SERVICE_FREE if number % 2 else TOW_FREE)
    measured = sorted((distance_m(HERE, position), plate) for plate, position in everyone.items())[:k]
    found = await fleet.nearest(HERE, k)
    assert [plate for plate, _ in found] == [plate for _, plate in measured]
    assert [metres for _, metres in found] == pytest.approx([metres for metres, _ in measured], abs=1e-6)


def test_a_row_says_all_that_a_live_position_does() -> None:
    shown = LivePosition(plate="沪A1", position=HERE, fix_time=NOW, speed_mps=3.5, course_deg=None)
    assert position_of(row_of(shown, None)) == shown
