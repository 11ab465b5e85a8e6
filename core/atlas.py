"""The map that `core.places` asks: the country's land by district, and other countries where they meet its coast."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.boundaries import COUNTRIES, DISTRICTS, District, read_districts, read_polygons
from core.conformal import project, project_point
from core.geo import Position
from core.polygons import PolygonSet
from core.territory import FRONTIER_ON_THE_COAST, NOT_SERVED, administered_by

DistrictKind = Literal["district", "county"]

_BEIJING: Final = Position(lat=39.9, lon=116.4)
_FOREIGN_MARGIN: Final = 50_000.0
"""How far round the coastal frontier prefectures other countries are kept, in metres of the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Atlas:
    """Polygons on the map of `core.conformal`, and whose they are."""

    land: PolygonSet
    """Every polygon of every district. They cover the country without gap or overlap, up to the waterline."""
    owners: NDArray[np.str_]
    """For each polygon of `land` the adcode of the prefecture or territory that administers it."""
    served: NDArray[np.bool_]
    """For each polygon of `land` whether it is in the service area (R12)."""
    kinds: tuple[DistrictKind | None, ...]
    """For each polygon of `land` what its district is (R16)."""
    city_names: Mapping[str, str]
    """Chinese name of every prefecture-level unit by adcode."""
    foreign: PolygonSet
    """Other countries near those stretches of coast where a land border ends."""


def load_atlas() -> Atlas:
    """Read the map from the registry package."""
    districts = read_districts()
    polygons = read_polygons(DISTRICTS)
    of_polygon = [districts[int(number)] for number in polygons.owners()]
    owners = np.array(
        [
            administered_by(district.city_code, district.code, Position(lat=lat, lon=lon))
            for district, (lon, lat) in zip(of_polygon, polygons.first_points().tolist(), strict=True)
        ]
    )
    land = PolygonSet.from_arrays(project(polygons.lonlat), polygons.rings, polygons.polygons)
    return Atlas(
        land=land,
        owners=owners,
        served=~np.isin(owners, list(NOT_SERVED)),
        kinds=tuple(kind_of(district) for district in of_polygon),
        city_names=MappingProxyType({district.city_code: district.city_name for district in districts}),
        foreign=_load_foreign(land, owners),
    )


def kind_of(district: District) -> DistrictKind | None:
    """A city's district, or a county or county-level city (R16); None in Hong Kong, Macau and Taiwan."""
    if district.city_code in NOT_SERVED:
        return None
    if district.code == district.city_code and district.code.endswith("00"):
        return "district"  # a prefecture-level city that has no districts, as Dongguan
    urban = district.name.endswith("区") and not district.name.endswith(("林区", "特区"))
    return "district" if urban else "county"


def _load_foreign(land: PolygonSet, owners: NDArray[np.str_]) -> PolygonSet:
    countries = read_polygons(COUNTRIES)
    countries.lonlat[:, 1].clip(-85.0, 85.0, out=countries.lonlat[:, 1])  # the map has no poles
    world = PolygonSet.from_arrays(project(countries.lonlat), countries.rings, countries.polygons)
    country_of = countries.owners()
    everything = np.arange(len(country_of))
    china = country_of[world.covering(everything, *project_point(_BEIJING.lat, _BEIJING.lon))]
    abroad = np.flatnonzero(~np.isin(country_of, china))
    frontiers = [land.bounds(np.flatnonzero(owners == code)) for code in FRONTIER_ON_THE_COAST]
    return world.clipped(abroad, frontiers, _FOREIGN_MARGIN)
