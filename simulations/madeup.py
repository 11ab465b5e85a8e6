"""A made-up city around Shanghai's centre: for those without the real data, for the tests and the demonstration."""

import math
import random

from core.datum import Datum
from core.geo import Position
from simulations.behaviour import Habits, dice
from simulations.city import City, CityDealer
from simulations.fittings import OWN_BRAND, calls, person, phone, vehicles
from simulations.fleet import Point, drive, moved
from tracking.vocabulary import VehicleKind

CENTRE = Position(lat=31.231, lon=121.471)
RADIUS_M = 14_000
DISTRICTS = ("黄浦", "徐汇", "长宁", "静安", "普陀", "虹口", "杨浦", "闵行", "宝山", "浦东", "嘉定", "松江")
FIRMS = ("青禾", "远帆", "沐阳", "嘉程", "明川")
ROADS = ("梧桐一路", "望江路", "东岸大道", "春申里路", "丰泽路", "云台北路", "锦绣新街", "临港二路")


def make(*, dealers: int, cases: int, day_s: float, seed: int, habits: Habits) -> City:
    """Dealers in a ring of districts, calls in the rhythm of a city's day. The names exist nowhere."""
    rng = dice(seed, "city")
    places = tuple(_dealer(number, dealers, seed) for number in range(dealers))
    times = sorted(_time_of_day(rng) * day_s for _ in range(cases))
    moments = [(at_s, somewhere(rng)) for at_s in times]
    addresses = [address(rng) for _ in range(max(1, cases))]
    return City(
        origin=f"made up: {dealers} dealers and {cases} calls around the centre of Shanghai, seed {seed}",
        dealers=places,
        vehicles=vehicles(places, seed),
        calls=calls(moments, seed, habits, addresses=addresses),
        tracks=tuple(_errand_run(rng) for _ in range(2 * dealers)),
    )


def somewhere(rng: random.Random) -> Position:
    """A place in the city, denser towards the centre."""
    far_m, angle = RADIUS_M * rng.random(), rng.uniform(0, math.tau)
    lat, lon = moved(CENTRE.lat, CENTRE.lon, far_m * math.cos(angle), far_m * math.sin(angle))
    return Position(lat=round(lat, 6), lon=round(lon, 6))


def address(rng: random.Random) -> str:
    """An address that exists nowhere."""
    return f"{rng.choice(ROADS)}{rng.randrange(1, 900)}号"


def _errand_run(rng: random.Random) -> tuple[Point, ...]:
    out = drive(somewhere(rng), somewhere(rng), 0.0, VehicleKind.SERVICE, rng)
    return out.points


def _dealer(number: int, count: int, seed: int) -> CityDealer:
    rng = dice(seed, "dealer", number)
    angle = number * 2.399963  # the golden angle spreads them evenly
    far_m = RADIUS_M * math.sqrt((number + 0.5) / count) * 0.9
    lat, lon = moved(CENTRE.lat, CENTRE.lon, far_m * math.cos(angle), far_m * math.sin(angle))
    site = Position(lat=round(lat, 6), lon=round(lon, 6))
    district = DISTRICTS[number % len(DISTRICTS)]
    return CityDealer(
        code=f"D{number + 1:02d}",
        name=f"{district}{FIRMS[number % len(FIRMS)]}汽车服务中心",
        lat=site.lat,
        lon=site.lon,
        datum=Datum.WGS84,
        site=site,
        phone=f"021-5550{number:04d}",
        specialist=person(rng),
        specialist_phone=phone(rng),
        brands=(OWN_BRAND,) if number % 3 == 0 else (),
        region="浦东" if lon > CENTRE.lon else "浦西",
    )


def _time_of_day(rng: random.Random) -> float:
    """A share of the day: a low night, a peak in the morning and a higher one in the afternoon."""
    hour = rng.choices((rng.uniform(0, 24), rng.gauss(9, 2), rng.gauss(17, 2.5)), weights=(0.4, 0.22, 0.38))[0]
    return hour % 24 / 24
