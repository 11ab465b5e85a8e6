"""How long the nearest vehicles take to find, against the bare k-d tree and against looking at all of them.

    python -m simulations.bench_nearest --json

Each ratio says how many times as long this takes as the bare tree, or how many times faster it is than brute
force; peers run on the same points in the same call. Times are microseconds of this thread on a processor.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import thread_time

import numpy as np
from numpy.typing import NDArray

from core.geo import Position, distances_m
from simulations.bench import Result, machine, report, table
from tracking.kdtree import KdTree
from tracking.live import LiveIndex
from tracking.vocabulary import LivePosition, VehicleKind, VehicleState

CITIES = 60
CITY_SPREAD_DEG = 0.15
MOVES_PER_QUERY = 20
SECONDS_PER_MOVE = 10
SPEED_DEG = 12 * SECONDS_PER_MOVE / 111_000
NEAREST = 10
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def fleet(count: int, rng: random.Random) -> list[LivePosition]:
    """Vehicles around cities, as a national network has them."""
    cities = [(rng.uniform(22, 46), rng.uniform(88, 122)) for _ in range(CITIES)]
    shown: list[LivePosition] = []
    for number in range(count):
        lat, lon = rng.choice(cities)
        place = Position(lat=rng.gauss(lat, CITY_SPREAD_DEG), lon=rng.gauss(lon, CITY_SPREAD_DEG))
        shown.append(LivePosition(plate=f"沪A{number:06}", position=place, fix_time=START))
    return shown


def measure(vehicles: int, queries: int) -> list[Result]:
    """All figures for a fleet of this size."""
    rng = random.Random(20_261_102)
    shown = fleet(vehicles, rng)
    index = LiveIndex()
    began = thread_time()
    for one in shown:
        index.put(one)
    put_us = (thread_time() - began) / vehicles * 1e6
    for one in shown:
        kind = VehicleKind.TOW if rng.random() < 0.2 else VehicleKind.SERVICE
        index.set_vehicle(one.plate, kind, rng.choice(list(VehicleState)))
    places = [_beside(rng.choice(shown).position, rng) for _ in range(queries)]
    index.nearest(places[0], 1)  # builds the tree

    lats = np.array([one.position.lat for one in shown])
    lons = np.array([one.position.lon for one in shown])
    points = _unit_vectors(lats, lons)
    tree = KdTree(points)
    origins = _unit_vectors(np.array([place.lat for place in places]), np.array([place.lon for place in places]))
    bare_us = _each_us(lambda number: tree.nearest(origins[number], NEAREST), queries)
    few = max(20, queries // 50)
    brute_us = _each_us(lambda number: _brute(points, origins[number], places[number], lats, lons), few)
    peers = {"bare_kdtree": bare_us, "brute_numpy": brute_us}

    def asked(number: int) -> object:
        return index.nearest(places[number], NEAREST)

    def asked_for_free_tow(number: int) -> object:
        return index.nearest(places[number], NEAREST, kind=VehicleKind.TOW, state=VehicleState.FREE)

    still_us = _each_us(asked, queries)
    filtered_us = _each_us(asked_for_free_tow, queries)
    moves = _moves(shown, queries * MOVES_PER_QUERY, rng)
    moving_us, together_us = _while_moving(index, moves, asked, queries)
    return [
        Result(name="nearest_still", value=still_us, unit="us/query", ratios=_ratios(still_us, peers)),
        Result(name="nearest_free_tow", value=filtered_us, unit="us/query", ratios=_ratios(filtered_us, peers)),
        Result(name="nearest_moving", value=moving_us, unit="us/query", ratios=_ratios(moving_us, peers)),
        Result(name=f"query_and_{MOVES_PER_QUERY}_moves", value=together_us, unit="us"),
        Result(name="first_put", value=put_us, unit="us/vehicle"),
        Result(name="bare_kdtree", value=bare_us, unit="us/query"),
        Result(name="brute_numpy", value=brute_us, unit="us/query"),
    ]


def _while_moving(
    index: LiveIndex, moves: Sequence[LivePosition], ask: Callable[[int], object], queries: int
) -> tuple[float, float]:
    """Microseconds of a query alone, new trees included, and of a query with the moves before it."""
    asking = 0.0
    began = thread_time()
    for number in range(queries):
        for one in moves[number * MOVES_PER_QUERY : (number + 1) * MOVES_PER_QUERY]:
            index.put(one)
        asked = thread_time()
        ask(number)
        asking += thread_time() - asked
    return asking / queries * 1e6, (thread_time() - began) / queries * 1e6


def _moves(shown: Sequence[LivePosition], count: int, rng: random.Random) -> list[LivePosition]:
    now = {one.plate: one for one in shown}
    moves: list[LivePosition] = []
    for _ in range(count):
        one = now[rng.choice(shown).plate]
        place = one.position
        moved = replace(
            one,
            position=Position(
                lat=place.lat + rng.uniform(-SPEED_DEG, SPEED_DEG), lon=place.lon + rng.uniform(-SPEED_DEG, SPEED_DEG)
            ),
            fix_time=one.fix_time + timedelta(seconds=SECONDS_PER_MOVE),
        )
        now[one.plate] = moved
        moves.append(moved)
    return moves


def _brute(
    points: NDArray[np.float64],
    origin: NDArray[np.float64],
    place: Position,
    lats: NDArray[np.float64],
    lons: NDArray[np.float64],
) -> object:
    """The nearest by chord among all, ordered by geodesic distance."""
    near = np.argpartition(-(points @ origin), NEAREST)[:NEAREST]
    return np.sort(distances_m(place, lats[near], lons[near]))


def _each_us(ask: Callable[[int], object], count: int) -> float:
    began = thread_time()
    for number in range(count):
        ask(number)
    return (thread_time() - began) / count * 1e6


def _ratios(value_us: float, peers: dict[str, float]) -> dict[str, float]:
    return {
        "bare_kdtree": value_us / peers["bare_kdtree"],
        "brute_numpy": peers["brute_numpy"] / value_us,
    }


def _beside(place: Position, rng: random.Random) -> Position:
    return Position(lat=place.lat + rng.gauss(0, 0.02), lon=place.lon + rng.gauss(0, 0.02))


def _unit_vectors(lats: NDArray[np.float64], lons: NDArray[np.float64]) -> NDArray[np.float64]:
    lat, lon = np.radians(lats), np.radians(lons)
    return np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), axis=1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m simulations.bench_nearest", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--vehicles", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=5_000)
    options = parser.parse_args(arguments)
    results = measure(options.vehicles, options.queries)
    print(report("nearest", machine(numpy=np.__version__), results) if options.json else table(results))


if __name__ == "__main__":
    main()
