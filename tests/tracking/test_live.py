import random
from datetime import timedelta

import pytest
from geopy.distance import geodesic, great_circle
from hypothesis import given, settings
from hypothesis import strategies as st
from tracking_build import NOW

from core.geo import BBox, Position
from tracking import live as live_module
from tracking.live import LiveIndex
from tracking.vocabulary import LivePosition, VehicleKind, VehicleState

Shown = dict[str, LivePosition]


def shown(plate: str, lat: float, lon: float, second: float = 0) -> LivePosition:
    return LivePosition(plate=plate, position=Position(lat=lat, lon=lon), fix_time=NOW + timedelta(seconds=second))


def distance(vehicle: LivePosition, position: Position) -> float:
    return geodesic((position.lat, position.lon), (vehicle.position.lat, vehicle.position.lon)).m


def assert_nearest(found: list[tuple[str, float]], vehicles: Shown, position: Position, k: int) -> None:
    """Compared by distance: two implementations may order vehicles a hair apart either way."""
    assert len({plate for plate, _ in found}) == len(found)
    assert [metres for _, metres in found] == pytest.approx(
        sorted(distance(one, position) for one in vehicles.values())[:k], abs=1e-5
    )
    for plate, metres in found:
        assert metres == pytest.approx(distance(vehicles[plate], position), abs=1e-5)


@pytest.fixture(autouse=True)
def small_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees are built early, so that few vehicles show both ways of looking."""
    monkeypatch.setattr(live_module, "_MOVED_AT_LEAST", 8)


REGIONS = {
    "city": (31.0, 121.0, 0.4),
    "country": (20.0, 80.0, 30.0),
    "world": (-90.0, -180.0, 180.0),
}


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(REGIONS)),
    st.integers(1, 120),
    st.integers(1, 15),
    st.randoms(use_true_random=False),
)
def test_R1_nearest_is_what_geodesics_to_all_say_while_vehicles_move_come_and_go(
    region: str, count: int, k: int, rng: random.Random
) -> None:
    south, west, size = REGIONS[region]

    def somewhere() -> tuple[float, float]:
        return min(90, south + rng.random() * size), min(180, west + rng.random() * size * (2 if size > 90 else 1))

    index, vehicles = LiveIndex(), Shown()
    for step in range(4):
        for _ in range(count):
            one = shown(f"P{rng.randrange(count)}", *somewhere(), second=step)
            vehicles[one.plate] = one
            assert index.put(one)
        for plate in rng.sample(sorted(vehicles), k=len(vehicles) // 8):
            del vehicles[plate]
            index.remove(plate)
        assert len(index) == len(vehicles)
        lat, lon = somewhere()
        here = Position(lat=lat, lon=lon)
        assert_nearest(index.nearest(here, k), vehicles, here, k)


@given(
    st.integers(1, 60),
    st.sampled_from([None, *VehicleKind]),
    st.sampled_from([None, *VehicleState]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_R1_only_those_asked_for_are_found(
    count: int, kind: VehicleKind | None, state: VehicleState | None, fresh: bool, rng: random.Random
) -> None:
    index, vehicles = LiveIndex(), Shown()
    for n in range(count):
        plate = f"P{n}"
        is_, does = rng.choice(list(VehicleKind)), rng.choice(list(VehicleState))
        one = shown(plate, 31 + rng.random(), 121 + rng.random(), second=rng.choice([-600, 0]))
        before = rng.random() < 0.5
        if before:
            index.set_vehicle(plate, is_, does)
        index.put(one)
        if not before:
            index.set_vehicle(plate, is_, does)
        if kind in (None, is_) and state in (None, does) and (not fresh or one.fix_time >= NOW):
            vehicles[plate] = one
    index.put(shown("unknown", 31.5, 121.5, second=-600 if fresh else 0))
    if kind is None and state is None and not fresh:
        vehicles["unknown"] = shown("unknown", 31.5, 121.5)
    here = Position(lat=31.5, lon=121.5)
    fresh_after = NOW if fresh else None
    assert_nearest(index.nearest(here, 5, kind=kind, state=state, fresh_after=fresh_after), vehicles, here, 5)
    for plate in rng.sample([f"P{n}" for n in range(count)], k=count // 4):  # and when they change
        is_, does = rng.choice(list(VehicleKind)), rng.choice(list(VehicleState))
        index.set_vehicle(plate, is_, does)
        one = index.get(plate)
        assert one is not None
        vehicles.pop(plate, None)
        if kind in (None, is_) and state in (None, does) and (not fresh or one.fix_time >= NOW):
            vehicles[plate] = one
    assert_nearest(index.nearest(here, 5, kind=kind, state=state, fresh_after=fresh_after), vehicles, here, 5)


def test_ties_are_ordered_by_plate_however_many_there_are() -> None:
    index = LiveIndex()
    plates = [f"P{n:03}" for n in range(200)]
    random.Random(5).shuffle(plates)
    for plate in plates:
        index.put(shown(plate, 31.2, 121.4))
    index.put(shown("near", 31.2001, 121.4))
    here = Position(lat=31.2001, lon=121.4)
    assert [plate for plate, _ in index.nearest(here, 4)] == ["near", "P000", "P001", "P002"]
    assert [plate for plate, _ in index.nearest(here, 500)] == ["near", *sorted(plates)]
    assert index.nearest(here, 0) == []
    assert LiveIndex().nearest(here, 3) == []


def test_a_sphere_would_choose_another() -> None:
    index, vehicles = LiveIndex(), {"north": shown("north", 32.0, 121.0), "east": shown("east", 31.0, 122.1632)}
    for one in vehicles.values():
        index.put(one)
    assert great_circle((31, 121), (31, 122.1632)).m < great_circle((31, 121), (32, 121)).m
    found = index.nearest(Position(lat=31.0, lon=121.0), 2)
    assert [plate for plate, _ in found] == ["north", "east"]
    assert_nearest(found, vehicles, Position(lat=31.0, lon=121.0), 2)


def test_the_way_over_the_ground_decides_where_the_chord_through_the_earth_is_shorter() -> None:
    """From the equator, the ground curves down faster to the north than to the east."""
    index, vehicles = LiveIndex(), {"north": shown("north", 18.08192, 110.0), "east": shown("east", 0.0, 127.9663)}
    for one in vehicles.values():
        index.put(one)
    here = Position(lat=0.0, lon=110.0)
    north, east = (distance(vehicles[plate], here) for plate in ("north", "east"))
    assert east < north < east + 80
    assert [plate for plate, _ in index.nearest(here, 1)] == ["east"]


def test_a_vehicle_is_never_shown_back_in_time() -> None:
    index = LiveIndex()
    assert index.put(shown("P1", 31.2, 121.4, second=10))
    assert not index.put(shown("P1", 31.3, 121.4, second=9))
    assert index.get("P1") == shown("P1", 31.2, 121.4, second=10)
    assert index.put(shown("P1", 31.3, 121.4, second=10))
    assert index.version == 2


def test_changes_are_told_once_each_newest_last() -> None:
    index = LiveIndex()
    for second, plate in enumerate(["P1", "P2", "P3", "P1"]):
        index.put(shown(plate, 31.2, 121.4, second=second))
    version, changed = index.changed_since(0)
    assert (version, [one.plate for one in changed]) == (4, ["P2", "P3", "P1"])
    assert [one.plate for one in index.changed_since(2)[1]] == ["P3", "P1"]
    assert index.changed_since(4) == (4, [])
    index.remove("P3")
    assert [one.plate for one in index.changed_since(2)[1]] == ["P1"]


def test_a_box_holds_what_is_in_it_and_on_its_edges() -> None:
    index = LiveIndex()
    for plate, lat, lon in (("in", 31.2, 121.4), ("edge", 31.0, 121.0), ("out", 30.9, 121.4), ("gone", 31.2, 121.3)):
        index.put(shown(plate, lat, lon))
    index.remove("gone")
    box = BBox(west=121.0, south=31.0, east=122.0, north=32.0)
    assert {one.plate for one in index.in_bbox(box)} == {"in", "edge"}
    assert {one.plate for one in index.all()} == {"in", "edge", "out"}


def test_R1_R22_fresh_positions_are_told_of_the_plates_asked_for_and_of_no_other() -> None:
    index, box = LiveIndex(), BBox(west=121.0, south=31.0, east=122.0, north=32.0)
    plates = ("edge", "outside", "old", "just fresh", "never seen", "gone")
    index.set_vehicle("never seen", VehicleKind.TOW, VehicleState.FREE)
    for plate, lat, second in (
        ("gone", 31.1, 0),
        ("edge", 31.0, 0),
        ("outside", 30.999, 0),
        ("old", 31.2, -0.000001),
        ("just fresh", 31.3, 0),
        ("not asked for", 31.4, 0),
    ):
        index.put(shown(plate, lat, 121.0, second=second))

    def fresh() -> dict[str, tuple[float, float]]:
        lats, lons = index.fresh(plates, NOW, box)
        told = zip(plates, lats.tolist(), lons.tolist(), strict=True)
        return {plate: (lat, lon) for plate, lat, lon in told if lat == lat and lon == lon}

    assert fresh() == {"gone": (31.1, 121.0), "edge": (31.0, 121.0), "just fresh": (31.3, 121.0)}
    index.remove("gone")
    assert fresh() == {"edge": (31.0, 121.0), "just fresh": (31.3, 121.0)}
    index.put(shown("never seen", 31.5, 121.0))
    index.put(shown("edge", 31.6, 121.5))
    assert fresh() == {"edge": (31.6, 121.5), "just fresh": (31.3, 121.0), "never seen": (31.5, 121.0)}
    assert [array.tolist() for array in index.fresh((), NOW, box)] == [[], []]
