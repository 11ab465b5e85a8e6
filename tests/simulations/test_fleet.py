"""Motion: from start to end, without jumps, at the speeds of a city."""

import math
import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.geo import Position, distance_m
from simulations.fleet import Course, Path, Point, along, delayed, drive, expected_s, moved, parked, patrol
from tracking.vocabulary import VehicleKind

HOME = Position(lat=31.23, lon=121.47)
offsets = st.floats(-15_000, 15_000)
kinds = st.sampled_from(VehicleKind)


def place(north_m: float, east_m: float) -> Position:
    lat, lon = moved(HOME.lat, HOME.lon, north_m, east_m)
    return Position(lat=lat, lon=lon)


def here(point: Point) -> Position:
    return Position(lat=point.lat, lon=point.lon)


@given(north_m=offsets, east_m=offsets, kind=kinds, seed=st.integers())
def test_a_drive_leads_from_start_to_end_at_a_citys_speed(north_m: float, east_m: float, kind: VehicleKind, seed: int):
    end = place(north_m, east_m)
    way = drive(HOME, end, 1000.0, kind, random.Random(seed))
    assert (here(way.points[0]), way.end, way.points[0].time_s) == (HOME, end, 1000.0)
    assert all(a.time_s < b.time_s for a, b in pairwise(way.points))
    straight_m = distance_m(HOME, end)
    rounding_m = 1e-6  # degrees in binary tell no less
    assert straight_m * 0.98 - rounding_m <= way.length_m <= straight_m * 1.5 + 50
    samples = [here(way.at(1000.0 + 10 * n)) for n in range(math.ceil((way.ends_s - 1000) / 10) + 1)]
    assert all(distance_m(a, b) <= 10 * 20 for a, b in pairwise(samples))


@given(north_m=offsets, east_m=offsets, seed=st.integers(0, 50))
def test_the_expected_time_is_of_the_order_of_the_real_one(north_m: float, east_m: float, seed: int):
    end = place(north_m, east_m)
    took_s = drive(HOME, end, 0.0, VehicleKind.SERVICE, random.Random(seed)).ends_s
    assert took_s < 3 * expected_s(HOME, end, VehicleKind.SERVICE) + 600


def test_the_same_seed_drives_the_same_way():
    ways = [drive(HOME, place(3000, -2000), 0.0, VehicleKind.TOW, random.Random(5)) for _ in range(2)]
    assert ways[0] == ways[1]
    assert ways[0].read(200.0, random.Random(1)) == ways[1].read(200.0, random.Random(1))


def test_a_delay_is_lost_halfway_and_the_way_stays_the_same():
    way = drive(HOME, place(4000, 4000), 0.0, VehicleKind.SERVICE, random.Random(3))
    late = delayed(way, 900.0)
    assert (late.end, late.ends_s) == (way.end, way.ends_s + 900)
    assert late.length_m == way.length_m
    assert all(a.time_s <= b.time_s for a, b in pairwise(late.points))


def test_a_recorded_track_is_told_as_it_was_errors_and_all():
    track = [Point(time_s=10.0 * n, lat=31.2 + n / 1000, lon=121.4, accuracy_m=5.0 * n + 1) for n in range(5)]
    ride = along(track, 500.0)
    reading = ride.read(525.0, random.Random(0))
    assert (reading.lat, reading.lon, reading.accuracy_m) == (track[2].lat, track[2].lon, track[2].accuracy_m)


def test_a_patrol_goes_out_and_comes_home_without_a_jump():
    track = along([Point(time_s=0, lat=31.25, lon=121.5), Point(time_s=300, lat=31.26, lon=121.5)], 0.0).points
    course = patrol(HOME, track, 1000.0, VehicleKind.SERVICE, random.Random(4))
    spots = [course.where(1000.0 + 5 * n) for n in range(math.ceil((course.ends_s - 1000) / 5) + 2)]
    assert spots[0] == HOME == spots[-1]
    assert all(distance_m(a, b) <= 5 * 20 for a, b in pairwise(spots))


def test_a_parked_vehicle_stays_but_its_receiver_wanders_a_little():
    course = Course((parked(HOME, 0.0),))
    rng = random.Random(9)
    readings = [course.current(t).read(t, rng) for t in range(0, 6000, 60)]
    far_m = [distance_m(HOME, Position(lat=one.lat, lon=one.lon)) for one in readings]
    assert 0 < max(far_m) < 150
    assert {one.speed_mps for one in readings} == {0.0}
    assert course.where(1e6) == HOME
    assert isinstance(course.current(5), Path)
