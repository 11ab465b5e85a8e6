"""Where is that? The prefecture of a position, whether it is served, and what is doubtful about it (R12, R22)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from core.atlas import Atlas, DistrictKind, load_atlas
from core.conformal import ground_per_map, project_point
from core.errors import OutsideServiceArea
from core.geo import CHINA_ENVELOPE, BBox, Position
from core.outlines import Outline, OutlineBook
from core.polygons import Numbers
from core.territory import NOT_SERVED, is_landlocked_frontier

NEAR_BORDER_M: Final = 500.0
"""A border this near makes the prefecture doubtful: positions and borders are each off by tens of metres (R22)."""
FAR_FROM_CITY_M: Final = 10_000.0
"""In no city polygon and further from all of them than this: probably a wrong position (R22)."""
SEA_REACH_M: Final = 22_224.0
"""Twelve nautical miles: no bridge goes further from land, and a car beyond is on a ship or a mistake (R12)."""
FRONTIER_SLACK_M: Final = 100.0
"""So little beyond the country's land border is held to be the noise of a position on this side, not abroad."""
FOREIGN_SHORE_M: Final = 8_000.0
"""Where coast and land border meet, a place in no polygon this near to another country is abroad; the outlines of
other countries are that coarse."""

ABROAD_OR_AT_SEA: Final = "a place abroad or on the open sea"
BEYOND_THE_BORDER: Final = "a place beyond the land border"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAnswer:
    """What the map says about a position."""

    outside: str | None = None
    """Why it is not served, in words; None for a place in the service area."""
    city_code: str | None = None
    """Adcode of the prefecture-level unit, or of a county-level unit directly under a province; None where unknown.
    Outside the service area it is that of Hong Kong, Macau or Taiwan, or None."""
    city_name: str | None = None
    """Its Chinese name."""
    district_kind: DistrictKind | None = None
    """A city's district, or a county or county-level city (R16); None where unknown."""
    near_border: bool = False
    """The border to another prefecture, territory or country is so near that `city_code` may be wrong."""
    border_m: float | None = None
    """How far that border is; None where it is not near, or the place is in no polygon."""
    neighbour_code: str | None = None
    """Whose it may be instead; None where no border is near or another country lies beyond."""
    nearest_city_code: str | None = None
    """For a place in no polygon: the nearest prefecture."""
    nearest_city_m: float | None = None
    """For a place in no polygon: how far that prefecture's land is."""

    @property
    def doubts(self) -> tuple[str, ...]:
        """The questions about a served position that do not stop a case (R22), in the words of the public contract."""
        if self.outside is not None:
            return ()
        questions = (
            ("near_border", self.near_border),
            ("no_polygon", self.city_code is None),
            ("far_from_city", self.nearest_city_m is not None and self.nearest_city_m > FAR_FROM_CITY_M),
        )
        return tuple(name for name, holds in questions if holds)


class Places:
    """Answers for positions. The geometry is read at the first question, or by `warm_up`."""

    def __init__(self, *, near_border_m: float = NEAR_BORDER_M) -> None:
        self._near_border_m = near_border_m
        self._outlines = OutlineBook()

    @cached_property
    def _atlas(self) -> Atlas:
        return load_atlas()

    def warm_up(self) -> None:
        """Read the geometry now, so that the first call does not wait for it."""
        _ = self._atlas

    def cities(self) -> Mapping[str, str]:
        """Chinese name of every prefecture-level unit by adcode, those outside the service area too."""
        return self._atlas.city_names

    def city_name(self, code: str) -> str | None:
        """Chinese name of a prefecture-level unit; None for an unknown code."""
        return self._atlas.city_names.get(code)

    def outlines(self, bbox: BBox, tolerance_deg: float) -> list[Outline]:
        """Simplified outlines of the prefectures that meet `bbox`; see `core.outlines`."""
        return [
            Outline(code=code, name=self._atlas.city_names[code], rings=rings)
            for code, rings in self._outlines.meeting(bbox, tolerance_deg)
        ]

    def assess(self, position: Position) -> PlaceAnswer:
        """As `look_up`, but raise `OutsideServiceArea` for a place that is not served (R12)."""
        answer = self.look_up(position)
        if answer.outside is not None:
            raise OutsideServiceArea(f"{answer.outside}: outside the service area", rule="R12", field="location")
        return answer

    def look_up(self, position: Position) -> PlaceAnswer:
        """What the map says about a WGS-84 position; never raises."""
        if not CHINA_ENVELOPE.contains(position):
            return PlaceAnswer(outside=ABROAD_OR_AT_SEA)
        atlas = self._atlas
        x, y = project_point(position.lat, position.lon)
        scale = ground_per_map(position.lat)
        reach = self._near_border_m / scale
        close = atlas.land.around(x, y, reach)
        home = atlas.land.covering(close, x, y)
        if len(home) == 0:
            return self._in_no_polygon(x, y, scale)
        code = str(atlas.owners[home[0]])
        if code in NOT_SERVED:
            return PlaceAnswer(outside=NOT_SERVED[code], city_code=code, city_name=atlas.city_names[code])
        border_m, neighbour_code = self._border(close, code, x, y, scale)
        return PlaceAnswer(
            city_code=code,
            city_name=atlas.city_names[code],
            district_kind=atlas.kinds[int(home[0])],
            near_border=border_m is not None,
            border_m=border_m,
            neighbour_code=neighbour_code,
        )

    def _border(self, close: Numbers, code: str, x: float, y: float, scale: float) -> tuple[float | None, str | None]:
        """How far the nearest border is that is no coast, if near, and who is beyond."""
        atlas = self._atlas
        others = close[atlas.owners[close] != code]
        if len(others):
            away_m = atlas.land.distances(others, x, y) * scale
            nearest = int(np.argmin(away_m))
            if away_m[nearest] <= self._near_border_m:
                return float(away_m[nearest]), str(atlas.owners[others[nearest]])
        if is_landlocked_frontier(code) or self._foreign_shore(x, y, scale):
            gap_m = atlas.land.gap(close, x, y, self._near_border_m / scale) * scale
            if gap_m <= self._near_border_m:
                return gap_m, None
        return None, None

    def _in_no_polygon(self, x: float, y: float, scale: float) -> PlaceAnswer:
        """At sea, abroad, or on the wrong side of a border by the noise of a position."""
        atlas = self._atlas
        around = atlas.land.around(x, y, SEA_REACH_M / scale)
        away_m = atlas.land.distances(around, x, y) * scale
        served = atlas.served[around]
        city_m = float(np.min(away_m, where=served, initial=math.inf))
        if city_m > SEA_REACH_M:
            return PlaceAnswer(outside=ABROAD_OR_AT_SEA)
        nearest = int(np.argmin(away_m))
        code = str(atlas.owners[around[nearest]])
        if not served[nearest]:
            return PlaceAnswer(outside=NOT_SERVED[code], city_code=code, city_name=atlas.city_names[code])
        at_frontier = is_landlocked_frontier(code) or self._foreign_shore(x, y, scale)
        if at_frontier and city_m > FRONTIER_SLACK_M:
            return PlaceAnswer(outside=BEYOND_THE_BORDER)
        several = len(np.unique(atlas.owners[around[away_m <= self._near_border_m]])) > 1
        return PlaceAnswer(near_border=at_frontier or several, nearest_city_code=code, nearest_city_m=city_m)

    def _foreign_shore(self, x: float, y: float, scale: float) -> bool:
        foreign = self._atlas.foreign
        near = foreign.around(x, y, FOREIGN_SHORE_M / scale)
        return bool(len(near)) and float(foreign.distances(near, x, y).min()) * scale <= FOREIGN_SHORE_M


def load_places(*, near_border_m: float = NEAR_BORDER_M) -> Places:
    """The places of the registry package's map. Cheap: the geometry is read when first needed."""
    return Places(near_border_m=near_border_m)
