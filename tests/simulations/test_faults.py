"""A short campaign on real servers: what was acknowledged is there after a kill, a restart, an emptied Redis."""

import json

import pytest

from simulations import faults
from simulations.campaign.pulse import Pulse
from simulations.private import installed

SHORT = ("--times", "1", "--seconds", "2", "--fixes", "100", "--cases", "1", "--dealers", "6", "--screens", "1")


@pytest.mark.slow
@pytest.mark.own_store
@pytest.mark.skipif(not installed(), reason="postgresql-15-postgis-3 and redis-server are not installed")
def test_what_is_acknowledged_survives_a_kill_a_restart_and_an_emptied_redis(capsys: pytest.CaptureFixture[str]):
    names = ("kill", "restart", "redis-emptied")
    code = faults.main([*SHORT, *(part for name in names for part in ("--only", name)), "--json"])
    told = json.loads(capsys.readouterr().out)
    speaks_against = [(one["fault"], one["lost"], one["others"]) for one in told["rounds"] if not one["holds"]]
    assert (code, speaks_against, told["ends"]) == (0, [], [])
    assert [one["fault"] for one in told["rounds"]] == list(names)
    assert all(one["fixes"] > 100 and one["commands"] > 5 for one in told["rounds"])
    assert sum(one["races"] for one in told["rounds"]) > 3


def test_a_stall_is_the_longest_wait_between_two_answers_even_one_that_still_lasts():
    now = 0.0
    pulse = Pulse(lambda: now)
    pulse.start()
    for now in (1.0, 4.0, 4.5):  # noqa: B007  (the pulse reads it)
        pulse.beat(10)
    assert (pulse.count, pulse.longest_s) == (30, 3.0)
    now = 9.5
    assert pulse.longest_s == 5.0
    pulse.stop()
    now = 100.0
    assert pulse.longest_s == 5.0
    pulse.start()
    assert (pulse.count, pulse.longest_s) == (0, 0.0)
