"""Straight lines through the earth, and how much longer the way over the ground can be: a cheap look before geodesics.

Where a curve of the ellipsoid bends, its radius of curvature is nowhere less than b²/a nor more than a²/b. By
Blaschke's rolling theorem the ellipsoid therefore holds a ball of the smaller radius r, and lies in a ball of the
larger R, that touches it at any of its points. For the square u(s) of the chord at length s of a geodesic this gives
2 - u/r² ≤ u'' ≤ 2 - u/R², and so, compared with the circles for which either is an equation,

    2R asin(chord/2R) ≤ geodesic ≤ 2r asin(chord/2r).

At 1,500 km the two are 69 m apart. The upper bound holds for less than half a turn of the smaller circle, which two
places on one continent never are apart.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AXIS_M: Final = 6_378_137.0
_FLATTENING: Final = 1 / 298.257223563
ECCENTRICITY_2: Final = _FLATTENING * (2 - _FLATTENING)
TIGHTEST_M: Final = AXIS_M * (1 - ECCENTRICITY_2)
"""The smallest radius of curvature on the ellipsoid: along the meridian, at the equator."""
_FLATTEST_M: Final = AXIS_M / (1 - _FLATTENING)
"""The largest: at the poles."""


def ecef_m(lats: Floats, lons: Floats) -> Floats:
    """Earth-centred metres of points on the ellipsoid: three rows."""
    lat, lon = np.radians(lats), np.radians(lons)
    sine, cosine = np.sin(lat), np.cos(lat)
    normal = AXIS_M / np.sqrt(1 - ECCENTRICITY_2 * sine * sine)
    across = normal * cosine
    return np.stack((across * np.cos(lon), across * np.sin(lon), normal * (1 - ECCENTRICITY_2) * sine))


def chords_m(origin: Floats, points: Floats) -> Floats:
    """The chords from one point in earth-centred metres to many."""
    apart = points - origin
    return np.sqrt(np.einsum("ij,ij->j", apart, apart))


def shortest_m(chords: Floats) -> Floats:
    """No geodesic over such a chord is shorter."""
    return 2 * _FLATTEST_M * np.arcsin(chords / (2 * _FLATTEST_M))


def longest_m(chords: Floats) -> Floats:
    """No geodesic over such a chord is longer; infinite where the bound does not reach."""
    half = chords / (2 * TIGHTEST_M)
    return np.where(half < 1, 2 * TIGHTEST_M * np.arcsin(np.minimum(half, 1)), np.inf)
