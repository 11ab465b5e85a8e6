"""Prefectures, the service area and the doubts about a position (R12, R16, R22)."""

import csv
import gzip
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from core.boundaries import read_polygons
from core.errors import OutsideServiceArea
from core.geo import BBox, Position, parse_bbox
from core.places import NEAR_BORDER_M, Places, load_places


@pytest.fixture(scope="module")
def places() -> Places:
    return load_places()


def _at(lat: float, lon: float) -> Position:
    return Position(lat=lat, lon=lon)


@pytest.mark.parametrize(
    ("name", "lat", "lon", "code", "kind"),
    [
        ("上海市", 31.2304, 121.4737, "310000", "district"),
        ("北京市", 39.9087, 116.3975, "110000", "district"),
        ("济南市", 36.65, 117.12, "370100", "district"),
        ("东莞市", 23.02, 113.75, "441900", "district"),  # has no districts at all
        ("珠海市", 22.27, 113.576, "440400", "district"),
        ("深圳市", 22.543, 114.057, "440300", "district"),
        ("厦门市", 24.48, 118.09, "350200", "district"),
        ("苏州市", 31.29, 121.10, "320500", "county"),  # Kunshan, a county-level city
        ("济源市", 35.07, 112.60, "419001", "county"),  # directly under its province
        ("神农架林区", 31.74, 110.68, "429021", "county"),  # a county in spite of its name
        ("锡林郭勒盟", 43.65, 111.97, "152500", "county"),  # Erenhot
        ("丹东市", 40.125, 124.39, "210600", "district"),
        ("黑河市", 50.245, 127.50, "231100", "district"),
        ("喀什地区", 37.77, 75.23, "653100", "county"),
    ],
)
def test_R16_a_place_has_its_prefecture_and_is_district_or_county(
    places: Places, name: str, lat: float, lon: float, code: str, kind: str
) -> None:
    answer = places.assess(_at(lat, lon))
    assert (answer.city_code, answer.city_name, answer.district_kind) == (code, name, kind)
    assert places.city_name(code) == name


@pytest.mark.parametrize(
    ("lat", "lon", "who"),
    [
        (22.280, 114.160, "Hong Kong"),
        (22.505, 114.130, "Hong Kong"),  # Sheung Shui, 3 km from Shenzhen
        (22.190, 113.545, "Macau"),
        (22.128, 113.545, "Macau"),  # the university on Hengqin, filed under Zhuhai
        (25.040, 121.560, "Taiwan"),
        (23.570, 119.580, "Taiwan"),  # Penghu
        (24.440, 118.330, "Taiwan"),  # Kinmen, filed under Quanzhou
        (24.430, 118.240, "Taiwan"),  # Lesser Kinmen, 5 km from Xiamen
        (24.400, 118.280, "Taiwan"),  # the water between the two
        (26.155, 119.930, "Taiwan"),  # Matsu: Nangan, filed under Lianjiang
        (26.225, 119.990, "Taiwan"),  # Matsu: Beigan
        (25.957, 119.975, "Taiwan"),  # Matsu: Juguang, filed under Changle
        (26.367, 120.490, "Taiwan"),  # Matsu: Dongyin
        (26.100, 119.950, "Taiwan"),  # the water south of Nangan
        (24.990, 119.450, "Taiwan"),  # Wuqiu, filed under Putian
    ],
)
def test_R12_hong_kong_macau_and_taiwan_are_not_served(places: Places, lat: float, lon: float, who: str) -> None:
    with pytest.raises(OutsideServiceArea) as refused:
        places.assess(_at(lat, lon))
    assert who in refused.value.detail
    assert refused.value.rule == "R12"


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        (40.100, 124.400),  # Sinuiju, across the river from Dandong
        (50.270, 127.530),  # Blagoveshchensk, across from Heihe
        (43.120, 131.900),  # Vladivostok
        (42.950, 129.865),  # Namyang, across from Tumen
        (43.730, 111.900),  # Zamyn-Uud
        (22.485, 103.975),  # Lao Cai
        (21.527, 107.967),  # Mong Cai, where the land border meets the sea
        (21.654, 107.479),  # Vietnam behind Fangchenggang's hills
        (23.980, 97.900),  # Muse
        (41.250, 77.900),  # Kyrgyzstan, where outlines of the world disagree by 20 km
        (21.030, 105.850),  # Hanoi
        (37.570, 126.980),  # Seoul
        (28.000, 125.000),  # the East China Sea
        (38.500, 119.000),  # the middle of the Bohai Sea, 40 km from land
        (37.770, -122.420),
        (-33.900, 151.200),
        (math.nan, math.nan),
    ],
)
def test_R12_abroad_and_the_open_sea_are_not_served(places: Places, lat: float, lon: float) -> None:
    assert places.look_up(_at(lat, lon)).city_code is None
    with pytest.raises(OutsideServiceArea):
        places.assess(_at(lat, lon))


@pytest.mark.parametrize(
    ("lat", "lon", "nearest"),
    [
        (30.700, 122.020, "330900"),  # Donghai bridge
        (36.170, 120.270, "370200"),  # Jiaozhou Bay bridge
        (22.275, 113.800, "440400"),  # Hong Kong–Zhuhai–Macau bridge, west of Hong Kong's waters
        (22.282, 113.830, "440400"),
        (30.080, 121.900, "330900"),  # Zhoushan's bridges
        (23.470, 117.020, "440500"),  # Nan'ao bridge
        (30.550, 121.100, "330400"),  # Hangzhou Bay
    ],
)
def test_R22_a_sea_bridge_in_no_polygon_is_served(places: Places, lat: float, lon: float, nearest: str) -> None:
    answer = places.assess(_at(lat, lon))
    assert (answer.city_code, answer.district_kind, answer.nearest_city_code) == (None, None, nearest)
    assert answer.doubts == ("no_polygon",)


def test_R22_hangzhou_bay_bridge_is_served(places: Places) -> None:
    for lat in np.linspace(30.32, 30.62, 61):  # the map draws parts of it, and leaves out others
        assert set(places.assess(_at(float(lat), 121.12)).doubts) <= {"no_polygon", "near_border"}


def test_R22_far_from_every_city_is_a_doubt_of_its_own(places: Places) -> None:
    answer = places.assess(_at(38.8, 118.6))  # the Bohai Sea, 13 km off
    assert answer.doubts == ("no_polygon", "far_from_city")
    assert answer.nearest_city_m == pytest.approx(13_406, abs=50)


@pytest.mark.parametrize(
    ("lat", "lon", "code", "neighbour"),
    [
        (31.292, 121.084, "310000", "320500"),  # Huaqiao: Shanghai and Kunshan
        (22.532, 114.115, "440300", "810000"),  # Luohu: Shenzhen and Hong Kong
        (40.118, 124.392, "210600", None),  # Dandong's bank of the Yalu
    ],
)
def test_R22_near_a_border_is_questioned(
    places: Places, lat: float, lon: float, code: str, neighbour: str | None
) -> None:
    answer = places.assess(_at(lat, lon))
    assert (answer.city_code, answer.neighbour_code, answer.doubts) == (code, neighbour, ("near_border",))
    assert answer.border_m is not None
    assert 0 <= answer.border_m <= NEAR_BORDER_M


@pytest.mark.parametrize(("lat", "lon"), [(36.055, 120.330), (38.900, 121.600), (22.500, 113.920)])
def test_R22_the_coast_is_no_border(places: Places, lat: float, lon: float) -> None:
    assert places.assess(_at(lat, lon)).doubts == ()


def test_R22_a_few_metres_beyond_the_land_border_are_noise_not_abroad(places: Places) -> None:
    answer = places.assess(_at(48.3472, 85.703))  # 10 m beyond the outline of Altay
    assert (answer.city_code, answer.nearest_city_code) == (None, "654300")
    assert answer.doubts == ("near_border", "no_polygon")


def test_how_near_is_near_can_be_set() -> None:
    wide = load_places(near_border_m=3_000.0).look_up(_at(31.292, 121.10))
    assert wide.near_border
    assert wide.border_m is not None
    assert NEAR_BORDER_M < wide.border_m <= 3_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCities:
    """The shared boundary file, simplified to 50 m."""

    codes: list[str]
    shapes: Any


@pytest.fixture(scope="module")
def shared_cities(shared_data: Path) -> SharedCities:
    with gzip.open(shared_data / "boundaries" / "cn_city_wgs84_50m.geojson.gz") as file:
        features = json.load(file)["features"]
    return SharedCities(
        codes=[str(feature["properties"]["adcode"]) for feature in features],
        shapes=np.array([shapely.geometry.shape(feature["geometry"]) for feature in features]),
    )


def test_away_from_borders_the_shared_boundaries_agree(places: Places, shared_cities: SharedCities) -> None:
    rng = np.random.default_rng(20261122)
    lonlat = np.column_stack([rng.uniform(73.5, 135.0, 6_000), rng.uniform(18.0, 53.5, 6_000)])
    points, owners = shapely.STRtree(shared_cities.shapes).query(shapely.points(lonlat), predicate="within")
    compared = 0
    for (lon, lat), owner in zip(lonlat[points].tolist(), owners, strict=True):
        answer = places.look_up(_at(lat, lon))
        if not answer.near_border:
            assert answer.city_code == shared_cities.codes[owner], (lat, lon)
            compared += 1
    assert compared > 2_000


def _metres_to_another(shared_cities: SharedCities, lat: float, lon: float) -> tuple[float, bool]:
    """Brute force in a plane laid on the point: metres to the nearest other city, and whether any has the point."""
    here = shapely.Point(lon, lat)
    close = shared_cities.shapes[shapely.distance(shared_cities.shapes, here) < 0.03]
    metres = np.array([111_320.0 * math.cos(math.radians(lat)), 110_900.0 + 9.0 * (lat - 25.0)])
    others = close[~shapely.contains(close, here)]
    flat = shapely.transform(others, lambda lonlat: (lonlat - [lon, lat]) * metres)
    away = shapely.distance(flat, shapely.Point(0.0, 0.0))
    return float(away.min(initial=math.inf)), len(others) < len(close)


def test_R22_border_distances_are_those_of_brute_force(places: Places, shared_cities: SharedCities) -> None:
    rng = np.random.default_rng(7)
    inland = [code for code in shared_cities.codes if code[:2] in ("14", "34", "36", "41", "42", "43", "51", "61")]
    near, far = 0, 0
    for code in rng.choice(inland, 60):
        outline = shapely.get_coordinates(shared_cities.shapes[shared_cities.codes.index(code)])
        lon, lat = (outline[rng.integers(len(outline))] + rng.normal(0.0, 0.005, 2)).tolist()
        answer = places.look_up(_at(lat, lon))
        expected_m, inside = _metres_to_another(shared_cities, lat, lon)
        assert inside or expected_m < 60.0
        if answer.border_m is None:
            assert expected_m > NEAR_BORDER_M - 60.0, (lat, lon)
            far += 1
        else:
            assert answer.border_m == pytest.approx(expected_m, abs=60.0), (lat, lon)
            near += 1
    assert near > 15
    assert far > 5


def test_codes_and_names_are_those_of_the_shared_table(places: Places, shared_data: Path) -> None:
    with (shared_data / "boundaries" / "cn_city_amap.csv").open(encoding="utf-8-sig") as file:
        assert dict(places.cities()) == {row["city_adcode"]: row["city_name"] for row in csv.DictReader(file)}


def test_an_unknown_code_has_no_name(places: Places) -> None:
    assert places.city_name("999999") is None


def test_outlines_are_closed_rings_of_what_meets_the_box(places: Places) -> None:
    box = parse_bbox("121.2,31.0,121.8,31.4")
    coarse, fine = places.outlines(box, 0.02), places.outlines(box, 0.0)
    assert {outline.code for outline in coarse} == {outline.code for outline in fine} >= {"310000", "320500"}
    assert next(outline.name for outline in coarse if outline.code == "310000") == "上海市"
    for outline in coarse:
        for ring in outline.rings:
            assert ring[0] == ring[-1]
            assert all(BBox(west=73, south=3, east=136, north=54).contains(_at(lat, lon)) for lon, lat in ring)
    assert sum(len(ring) for outline in coarse for ring in outline.rings) * 5 < sum(
        len(ring) for outline in fine for ring in outline.rings
    )


def test_neighbours_keep_one_common_border_however_coarse(places: Places) -> None:
    by_code = {outline.code: outline for outline in places.outlines(parse_bbox("121,31,121.2,31.4"), 0.02)}
    shanghai, suzhou = (
        {tuple(point) for ring in by_code[code].rings for point in ring} for code in ("310000", "320500")
    )
    assert len(shanghai & suzhou) > 3


def test_a_file_that_holds_no_polygons_is_refused() -> None:
    with pytest.raises(ValueError, match="expected polygons"):
        read_polygons("china/cn_line")
