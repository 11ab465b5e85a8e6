"""Travel time where no road network is configured: geodesic distance with a speed model; the answer says `estimate`."""

ESTIMATE = "estimate"

_DETOUR = 1.35
"""Road length for each metre of the straight line."""
_CITY_M, _CITY_MPS = 10_000.0, 25 / 3.6
_COUNTRY_MPS = 60 / 3.6
_TURN_OUT_S = 120.0
"""Crew to vehicle, vehicle to road."""


def reach_m(time_s: float) -> float:
    """How far, as the crow flies, a vehicle comes in `time_s`: the inverse of `estimate_s`, 0 before it turns out."""
    driving_s = max(0.0, time_s - _TURN_OUT_S)
    city_s = min(driving_s, _CITY_M / _CITY_MPS)
    return (city_s * _CITY_MPS + (driving_s - city_s) * _COUNTRY_MPS) / _DETOUR


def estimate_s(distance_m: float) -> float:
    """Seconds to drive `distance_m` as the crow flies: city speed for the first 10 km, faster beyond. Never falls."""
    road_m = distance_m * _DETOUR
    city_m = min(road_m, _CITY_M)
    return _TURN_OUT_S + city_m / _CITY_MPS + (road_m - city_m) / _COUNTRY_MPS
