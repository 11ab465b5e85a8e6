"""The map on which borders are measured: nearby distances are those of the ground, in every direction."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from core.conformal import ground_per_map, project, project_point

_ELLIPSOID = Geod(ellps="WGS84")


@given(
    lat=st.floats(min_value=3.0, max_value=54.0),
    lon=st.floats(min_value=73.0, max_value=136.0),
    direction_deg=st.floats(min_value=0.0, max_value=360.0),
)
def test_half_a_kilometre_of_ground_is_found_on_the_map(lat: float, lon: float, direction_deg: float) -> None:
    far_lon, far_lat, _ = _ELLIPSOID.fwd(lon, lat, direction_deg, 500.0)
    on_map = math.dist(project_point(lat, lon), project_point(far_lat, far_lon))
    assert on_map * ground_per_map(lat) == pytest.approx(500.0, abs=0.1)


def test_many_points_are_projected_as_single_ones() -> None:
    lonlat = np.array([[121.47, 31.23], [87.6, 43.8], [100.0, 0.0]])
    singly = [project_point(lat, lon) for lon, lat in lonlat.tolist()]
    assert project(lonlat) == pytest.approx(np.array(singly), abs=1e-6)
