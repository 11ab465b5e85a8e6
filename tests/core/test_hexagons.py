"""The H3 grid: every place lies in its hexagon, whichever is looked at."""

from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon

from core.geo import Position, distance_m
from core.hexagons import RESOLUTIONS, centre, hexagon_of, outline

in_china = st.builds(Position, lat=st.floats(18, 53), lon=st.floats(74, 134))


@given(in_china, st.sampled_from(RESOLUTIONS))
def test_a_place_lies_in_its_hexagon_which_lies_about_its_centre(place: Position, resolution: int) -> None:
    hexagon = hexagon_of(place, resolution)
    corners = outline(hexagon)
    assert 6 <= len(corners) <= 10
    # Edges are arcs of great circles, which degrees draw a little too straight: at resolution 3 by some 100 m.
    drawn = Polygon([(corner.lon, corner.lat) for corner in corners])
    assert drawn.buffer(0.02 if resolution < 5 else 0.001).covers(Point(place.lon, place.lat))
    assert distance_m(place, centre(hexagon)) <= 1.02 * max(distance_m(centre(hexagon), one) for one in corners)
    assert hexagon_of(centre(hexagon), resolution) == hexagon


def test_a_finer_grid_has_smaller_hexagons() -> None:
    here = Position(lat=31.2304, lon=121.4737)
    edges_m = [distance_m(*outline(hexagon_of(here, resolution))[:2]) for resolution in RESOLUTIONS]
    assert edges_m == sorted(edges_m, reverse=True)
    assert 350 < edges_m[-1] < 700
