"""Cities, made up and from real data: complete, seeded, in order."""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from core.datum import Datum, to_wgs84
from core.geo import Position, distance_m
from simulations import madeup, realcity
from simulations.behaviour import Habits
from simulations.city import City
from simulations.fittings import OWN_BRAND
from tracking.vocabulary import VehicleKind


def synthetic(seed: int = 7) -> City:
    return madeup.make(dealers=8, cases=40, day_s=86_400, seed=seed, habits=Habits())


def check_fitted(city: City):
    on_gps = {one.dealer for one in city.vehicles if one.kind is VehicleKind.SERVICE and one.terminal_id}
    assert on_gps == {dealer.code for dealer in city.dealers}
    assert len({one.plate for one in city.vehicles}) == len(city.vehicles)
    assert len({call.ref for call in city.calls}) == len(city.calls)
    assert all(a.at_s <= b.at_s for a, b in pairwise(city.calls))
    assert all(0 <= call.at_s <= 86_400 for call in city.calls)


def test_R9_a_made_up_city_is_complete_and_seeded():
    check_fitted(synthetic())
    assert synthetic() == synthetic()
    assert synthetic(8).calls != synthetic().calls


def test_a_city_says_where_it_comes_from():
    assert "made up" in synthetic().origin


def test_the_real_city_has_130_dealers_17_of_the_own_brand(shared_data: Path):
    city = realcity.load(shared_data, cases=300, day_s=86_400, seed=7, habits=Habits())
    check_fitted(city)
    own = [dealer for dealer in city.dealers if OWN_BRAND in dealer.brands]
    assert (len(city.dealers), len(own), len(city.calls)) == (130, 17, 300)
    assert {dealer.region for dealer in own} == {realcity.OWN_REGION}
    for dealer in city.dealers:
        assert dealer.datum is Datum.BD09
        lat, lon = to_wgs84(dealer.lat, dealer.lon, Datum.BD09)
        assert distance_m(dealer.site, Position(lat=lat, lon=lon)) < 0.01
    assert all(a.time_s < b.time_s for track in city.tracks for a, b in pairwise(track))


def test_the_busiest_window_is_the_densest_there_is(shared_data: Path):
    moments = realcity.read_moments(shared_data / realcity.CASES)
    window = realcity.busiest(moments, 300)
    spans = [moments[start + 299][0] - moments[start][0] for start in range(len(moments) - 299)]
    assert window[-1][0] - window[0][0] == min(spans)
    assert len(window) == 300


def test_a_window_keeps_its_order_and_its_clusters_on_the_day():
    began = datetime.fromisoformat("2018-02-04T08:00:00+08:00")
    place = Position(lat=31.2, lon=121.4)
    window = [(began + timedelta(hours=hours), place) for hours in (0, 1, 1.5, 48)]
    assert [at_s for at_s, _ in realcity.onto_day(window, 86_400)] == [0, 1800, 2700, 86_400]


@pytest.mark.parametrize("count", [0, 1, 4])
def test_more_cases_than_there_are_cannot_be_had(count: int):
    began = datetime.fromisoformat("2018-02-04T08:00:00+08:00")
    moments = [(began, Position(lat=31.2, lon=121.4))] * 3
    with pytest.raises(ValueError, match="can be had"):
        realcity.busiest(moments, count)
