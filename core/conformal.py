"""The ellipsoidal Mercator map, on which borders are measured.

It keeps angles, so that round any point the map is the ground times one number: the nearest edge on the map is the
nearest on the ground. Plain degrees do not have this: at 50° north a degree of longitude is two thirds of a degree
of latitude, and the nearest edge in degrees may be the wrong one. Good for tens of kilometres; for the distance
between two places use `core.geo`.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SEMI_MAJOR_M: Final = 6_378_137.0
_ECCENTRICITY: Final = 0.081_819_190_842_621_49


def project(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map coordinates, in metres along the equator, of rows of longitude and latitude in degrees."""
    sine = np.sin(np.radians(lonlat[:, 1]))
    out = np.empty_like(lonlat)
    out[:, 0] = np.radians(lonlat[:, 0])
    out[:, 1] = np.arctanh(sine) - _ECCENTRICITY * np.arctanh(_ECCENTRICITY * sine)
    out *= _SEMI_MAJOR_M
    return out


def project_point(lat: float, lon: float) -> tuple[float, float]:
    """Map coordinates (x, y) of one position; not for the poles, which the map does not have."""
    sine = math.sin(math.radians(lat))
    y = math.atanh(sine) - _ECCENTRICITY * math.atanh(_ECCENTRICITY * sine)
    return _SEMI_MAJOR_M * math.radians(lon), _SEMI_MAJOR_M * y


def ground_per_map(lat: float) -> float:
    """How many metres of ground one metre of the map is at this latitude: 1 at the equator, less elsewhere."""
    sine = math.sin(math.radians(lat))
    return math.cos(math.radians(lat)) / math.sqrt(1.0 - (_ECCENTRICITY * sine) ** 2)
