"""GCJ-02 and BD-09: against published pairs, against another implementation's values, there and back."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datum import Datum, from_wgs84, to_wgs84
from core.geo import Position, distance_m

shifted = st.sampled_from([Datum.GCJ02, Datum.BD09])
latitudes = st.floats(min_value=3.4, max_value=53.6)
longitudes = st.floats(min_value=73.4, max_value=135.1)


def _at(lat_lon: tuple[float, float]) -> Position:
    return Position(lat=lat_lon[0], lon=lat_lon[1])


@given(latitudes, longitudes, shifted)
def test_there_and_back_is_under_a_millimetre_everywhere_in_china(lat: float, lon: float, datum: Datum) -> None:
    back = to_wgs84(*from_wgs84(lat, lon, datum), datum)
    assert distance_m(Position(lat=lat, lon=lon), _at(back)) < 1e-3


@given(latitudes, longitudes, shifted)
def test_back_and_there_is_under_a_millimetre_everywhere_in_china(lat: float, lon: float, datum: Datum) -> None:
    again = from_wgs84(*to_wgs84(lat, lon, datum), datum)
    assert distance_m(Position(lat=lat, lon=lon), _at(again)) < 1e-3


# From the geocoordinates-rs package, 0.14.2, to eight decimals (a millimetre).
@pytest.mark.parametrize(
    ("wgs84", "gcj02", "bd09"),
    [
        ((39.9087, 116.3975), (39.9101035, 116.40374357), (39.91644275, 116.41011659)),
        ((31.2304, 121.4737), (31.22845774, 121.47822306), (31.23431059, 121.48478147)),
        ((43.825, 87.6168), (43.82620574, 87.61964992), (43.83235009, 87.62609964)),
        ((18.2528, 109.5119), (18.25109479, 109.51598429), (18.25687655, 109.52253179)),
        ((53.48, 122.37), (53.48206012, 122.37755949), (53.48819435, 122.38398086)),
        ((29.65, 91.10), (29.64730033, 91.10156828), (29.65341942, 91.10803737)),
    ],
)
def test_values_of_another_implementation(
    wgs84: tuple[float, float], gcj02: tuple[float, float], bd09: tuple[float, float]
) -> None:
    assert from_wgs84(*wgs84, Datum.GCJ02) == pytest.approx(gcj02, abs=1e-8)
    assert from_wgs84(*wgs84, Datum.BD09) == pytest.approx(bd09, abs=1e-8)
    assert distance_m(_at(to_wgs84(*gcj02, Datum.GCJ02)), _at(wgs84)) < 2e-3
    assert distance_m(_at(to_wgs84(*bd09, Datum.BD09)), _at(wgs84)) < 2e-3


def test_the_published_pairs_name_the_same_place(shared_data: Path) -> None:
    with (shared_data / "dealers" / "shanghai_4s_2017_bd09_gcj02.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 130
    for row in rows:
        from_bd09 = to_wgs84(float(row["lat_bd09"]), float(row["lon_bd09"]), Datum.BD09)
        from_gcj02 = to_wgs84(float(row["lat_gcj02"]), float(row["lon_gcj02"]), Datum.GCJ02)
        assert distance_m(_at(from_bd09), _at(from_gcj02)) < 0.2, row["id"]


@pytest.mark.parametrize("datum", list(Datum))
@pytest.mark.parametrize("lat_lon", [(0.0, 0.0), (121.47, 31.23), (37.77, -122.42), (float("nan"), 121.0)])
def test_outside_china_nothing_is_shifted_so_R22_still_sees_it(datum: Datum, lat_lon: tuple[float, float]) -> None:
    assert str(to_wgs84(*lat_lon, datum)) == str(from_wgs84(*lat_lon, datum)) == str(lat_lon)


def test_wgs84_is_left_alone() -> None:
    assert to_wgs84(31.23, 121.47, Datum.WGS84) == from_wgs84(31.23, 121.47, Datum.WGS84) == (31.23, 121.47)
