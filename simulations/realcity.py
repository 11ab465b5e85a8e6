"""The rehearsed city from real data: Shanghai's dealers of 2017, recorded rides, a shifted stream of incidents."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from core.datum import Datum, to_wgs84
from core.geo import Position
from simulations.behaviour import Habits, dice
from simulations.city import City, CityDealer
from simulations.fittings import OWN_BRAND, calls, person, phone, vehicles
from simulations.fleet import Point

DEALERS = Path("dealers", "shanghai_4s_2017_bd09_gcj02.csv")
CASES = Path("incidents", "shanghai_cases_shifted_from_calgary.csv.gz")
PINGS = Path("gps", "shanghai_pings_dev.csv.gz")
OWN_REGION, OTHER_REGION = "华东·上海通用", "华东·其他品牌"

Moment = tuple[datetime, Position]


def load(folder: Path, *, cases: int, day_s: float, seed: int, habits: Habits) -> City:
    """A city of all 130 dealers and of the busiest real window that holds `cases` calls, laid onto `day_s` seconds.

    Raises FileNotFoundError where the folder lacks a file, ValueError where it has too few cases.
    """
    dealers = read_dealers(folder / DEALERS, seed)
    window = busiest(read_moments(folder / CASES), cases)
    span = window[-1][0] - window[0][0]
    origin = (
        f"{len(dealers)} dealers of Shanghai 2017 ({sum(OWN_BRAND in dealer.brands for dealer in dealers)} "
        f"{OWN_BRAND}); the densest real window of {cases} consecutive incidents, {window[0][0]:%Y-%m-%d %H:%M} to "
        f"{window[-1][0]:%Y-%m-%d %H:%M} ({span / timedelta(days=1):.1f} days), every gap shortened by the same "
        f"factor {span.total_seconds() / day_s:.1f} onto {day_s / 3600:g} h: order, places and clustering as "
        "recorded, time of day not; faults and cars made up"
    )
    return City(
        origin=origin,
        dealers=dealers,
        vehicles=vehicles(dealers, seed),
        calls=calls(onto_day(window, day_s), seed, habits),
        tracks=read_tracks(folder / PINGS),
    )


def read_dealers(file: Path, seed: int) -> tuple[CityDealer, ...]:
    """The dealers, at their Baidu position; the own brand's make a sales region of their own (R23)."""
    with file.open(encoding="utf-8", newline="") as lines:
        return tuple(_dealer(row, seed) for row in csv.DictReader(lines))


def _dealer(row: dict[str, str], seed: int) -> CityDealer:
    lat, lon = float(row["lat_bd09"]), float(row["lon_bd09"])
    site_lat, site_lon = to_wgs84(lat, lon, Datum.BD09)
    brands = tuple(row["brands"].split("|"))
    code = f"SH{row['id']}"
    rng = dice(seed, "dealer", code)
    return CityDealer(
        code=code,
        name=row["name"],
        lat=lat,
        lon=lon,
        datum=Datum.BD09,
        site=Position(lat=site_lat, lon=site_lon),
        phone=row["tel"],
        specialist=person(rng),
        specialist_phone=phone(rng),
        brands=brands,
        region=OWN_REGION if OWN_BRAND in brands else OTHER_REGION,
    )


def read_moments(file: Path) -> list[Moment]:
    """When and where the incidents were, in order."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        return [
            (
                datetime.fromisoformat(row["opened_local"]),
                Position(lat=float(row["lat_wgs84"]), lon=float(row["lon_wgs84"])),
            )
            for row in csv.DictReader(lines)
        ]


def busiest(moments: Sequence[Moment], count: int) -> Sequence[Moment]:
    """The `count` consecutive incidents that lie closest together in time."""
    if not 2 <= count <= len(moments):
        raise ValueError(f"from 2 to {len(moments)} cases can be had, not {count}")
    starts = range(len(moments) - count + 1)
    best = min(starts, key=lambda start: moments[start + count - 1][0] - moments[start][0])
    return moments[best : best + count]


def onto_day(window: Sequence[Moment], day_s: float) -> list[tuple[float, Position]]:
    """The window's span mapped evenly onto a day of `day_s` seconds."""
    first = window[0][0]
    factor = day_s / (window[-1][0] - first).total_seconds()
    return [((at - first).total_seconds() * factor, scene) for at, scene in window]


def read_tracks(file: Path) -> tuple[tuple[Point, ...], ...]:
    """Recorded rides with their real errors and gaps; times count from each ride's first fix."""
    tracks: dict[str, list[Point]] = defaultdict(list)
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            points = tracks[row["track"]]
            time_s = int(row["time_ms"]) / 1000
            if not points or time_s > points[-1].time_s:
                points.append(
                    Point(
                        time_s=time_s,
                        lat=float(row["lat"]),
                        lon=float(row["lon"]),
                        accuracy_m=float(row["accuracy_m"]),
                    )
                )
    return tuple(tuple(points) for points in tracks.values() if len(points) > 1)
