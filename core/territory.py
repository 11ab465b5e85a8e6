"""Who administers a piece of the map, and which borders are land borders (R12, R22).

The boundary file draws the whole country. The service area leaves out Hong Kong, Macau and Taiwan, and what they
administer although the file puts it under a mainland prefecture: the Kinmen, Matsu and Wuqiu islands, Dongding,
Pratas, Itu Aba, and the campus of the University of Macau on Hengqin.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core.geo import BBox, Position

TAIWAN: Final = "710000"
HONG_KONG: Final = "810000"
MACAU: Final = "820000"

NOT_SERVED: Final[Mapping[str, str]] = MappingProxyType(
    {TAIWAN: "Taiwan (with Kinmen and Matsu)", HONG_KONG: "Hong Kong", MACAU: "Macau"}
)
"""Adcode and name of what R12 leaves out."""

_DISTRICTS_ADMINISTERED_BY: Final = {
    "350527": TAIWAN,  # Kinmen, filed under Quanzhou
    "440499": MACAU,  # the university's campus, filed under Zhuhai
}
_ISLANDS_OF_TAIWAN: Final = (
    BBox(west=119.90, south=25.93, east=120.55, north=26.305),  # Matsu: Nangan, Beigan, Juguang
    BBox(west=120.15, south=26.305, east=120.55, north=26.42),  # Matsu: Liang, Dongyin
    BBox(west=119.42, south=24.96, east=119.50, north=25.01),  # Wuqiu
    BBox(west=118.20, south=24.14, east=118.26, north=24.18),  # Dongding
    BBox(west=116.60, south=20.50, east=117.00, north=20.90),  # Pratas
    BBox(west=114.34, south=10.36, east=114.40, north=10.40),  # Itu Aba
)

_FRONTIER_WITHOUT_COAST: Final = (
    "15",  # Inner Mongolia
    "22",  # Jilin
    "23",  # Heilongjiang
    "53",  # Yunnan
    "54",  # Tibet
    "62",  # Gansu
    "65",  # Xinjiang
    "4510",  # Baise
    "4514",  # Chongzuo
)
FRONTIER_ON_THE_COAST: Final = ("210600", "450600")
"""Dandong and Fangchenggang: beyond their edge may be the sea or another country."""


def administered_by(city_code: str, district_code: str, spot: Position) -> str:
    """The prefecture, or the territory of `NOT_SERVED`, to which a polygon of a district belongs.

    `spot` is any point of the polygon: a district's islands may belong elsewhere than its mainland.
    """
    if any(islands.contains(spot) for islands in _ISLANDS_OF_TAIWAN):
        return TAIWAN
    return _DISTRICTS_ADMINISTERED_BY.get(district_code, city_code)


def is_landlocked_frontier(city_code: str) -> bool:
    """Whether beyond this prefecture's outer edge there is only another country, never the sea."""
    return city_code.startswith(_FRONTIER_WITHOUT_COAST)
