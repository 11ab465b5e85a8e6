"""Distances against geopy's geodesic, bearings, boxes, and the faults of a position that need no map (R22)."""

import math

import numpy as np
import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid, InvalidPosition
from core.geo import BBox, Position, at_most_m, bearing_deg, check_position, distance_m, distances_m, parse_bbox

positions = st.builds(
    Position,
    lat=st.floats(min_value=-90, max_value=90),
    lon=st.floats(min_value=-180, max_value=180),
)


def _geopy_m(a: Position, b: Position) -> float:
    return geodesic((a.lat, a.lon), (b.lat, b.lon)).meters


@given(positions, positions)
def test_distance_is_the_ellipsoid_s_geodesic(a: Position, b: Position) -> None:
    assert distance_m(a, b) == pytest.approx(_geopy_m(a, b), abs=1e-3)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (Position(lat=0.0, lon=0.0), Position(lat=0.5, lon=179.7)),  # nearly antipodal
        (Position(lat=-30.0, lon=-58.5), Position(lat=29.9999, lon=121.4)),
        (Position(lat=89.9999, lon=10.0), Position(lat=89.9998, lon=-170.0)),  # across the pole
        (Position(lat=78.2, lon=15.6), Position(lat=78.3, lon=15.7)),
        (Position(lat=31.23, lon=179.99), Position(lat=31.23, lon=-179.99)),  # across the 180th meridian
    ],
)
def test_distance_where_simple_formulas_fail(a: Position, b: Position) -> None:
    assert distance_m(a, b) == pytest.approx(_geopy_m(a, b), abs=1e-3)
    assert distance_m(b, a) == pytest.approx(distance_m(a, b), abs=1e-6)


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[Position, Position]:
    """Two positions that are a few degrees or a few millimetres apart, in any direction, the poles included."""
    here, scale = draw(positions), draw(st.sampled_from([1e-7, 1e-4, 1e-2, 1.0]))
    lat, lon = (draw(st.floats(-1, 1)) * scale for _ in range(2))
    return here, Position(lat=max(-90.0, min(90.0, here.lat + lat)), lon=max(-180.0, min(180.0, here.lon + lon)))


@given(neighbours() | st.tuples(positions, positions))
def test_no_distance_is_above_its_cheap_bound(pair: tuple[Position, Position]) -> None:
    # The geodesic itself is computed to some nanometres.
    assert distance_m(*pair) <= at_most_m(*pair) + 1e-7


def test_the_cheap_bound_is_near_enough_to_decide() -> None:
    here, there = Position(lat=31.23, lon=121.47), Position(lat=31.2305, lon=121.4705)
    assert at_most_m(here, there) < 1.2 * distance_m(here, there)


@given(positions, st.lists(positions, max_size=8))
def test_many_distances_are_the_single_ones(origin: Position, others: list[Position]) -> None:
    lats, lons = np.array([p.lat for p in others], dtype=float), np.array([p.lon for p in others], dtype=float)
    assert distances_m(origin, lats, lons).tolist() == [distance_m(origin, other) for other in others]


def test_bearing_is_clockwise_from_north() -> None:
    here = Position(lat=31.0, lon=121.0)
    assert bearing_deg(here, Position(lat=32.0, lon=121.0)) == pytest.approx(0.0)
    assert bearing_deg(here, Position(lat=31.0, lon=121.001)) == pytest.approx(90.0, abs=0.01)
    assert bearing_deg(here, Position(lat=30.0, lon=121.0)) == pytest.approx(180.0)
    assert bearing_deg(here, Position(lat=31.0, lon=120.999)) == pytest.approx(270.0, abs=0.01)


@given(positions, positions)
def test_bearing_stays_below_a_full_turn(a: Position, b: Position) -> None:
    assert 0.0 <= bearing_deg(a, b) < 360.0


def test_bbox_is_read_and_contains_its_edges() -> None:
    box = parse_bbox("121.0, 31,122.5,32")
    assert box == BBox(west=121.0, south=31.0, east=122.5, north=32.0)
    assert box.contains(Position(lat=31.0, lon=122.5))
    assert not box.contains(Position(lat=30.999, lon=122.0))
    assert not box.contains(Position(lat=math.nan, lon=122.0))


@pytest.mark.parametrize(
    "text",
    ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,31,122,32", "121,31,inf,32", "122,31,121,32", "121,32,122,31",
     "121,31,121,32", "-181,31,122,32", "121,-91,122,32", "121,31,122,91"],
)  # fmt: skip
def test_bbox_refuses(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_bbox(text)
    assert refused.value.field == "bbox"


@pytest.mark.parametrize(
    ("lat", "lon", "why"),
    [
        (math.nan, 121.0, "not a number"),
        (31.0, math.inf, "not a number"),
        (0.0, 0.0, "(0, 0)"),
        (0.0009, -0.0009, "(0, 0)"),
        (121.47, 31.23, "swapped"),
        (87.6, 43.8, "swapped"),  # a legal place in the Arctic, but plainly Urumqi
        (95.0, 200.0, "out of range"),
        (-90.5, 10.0, "out of range"),
        (31.0, 180.5, "out of range"),
    ],
)
def test_R22_says_what_is_wrong_with_a_position(lat: float, lon: float, why: str) -> None:
    with pytest.raises(InvalidPosition) as refused:
        check_position(lat, lon)
    assert why in refused.value.detail
    assert refused.value.rule == "R22"


@pytest.mark.parametrize(
    ("lat", "lon"), [(31.23, 121.47), (53.5, 122.3), (39.5, 73.6), (0.0, 100.0), (37.77, -122.42), (0.0, 0.5)]
)
def test_R22_leaves_positions_alone_even_abroad(lat: float, lon: float) -> None:
    check_position(lat, lon)
