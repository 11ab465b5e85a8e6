"""The clock that several processes share goes by the store, not by the machine."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import StoreClock


def test_a_step_of_the_machines_clock_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StoreClock()
    before = clock.now()
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + 3600)
    assert clock.now() - before < timedelta(minutes=1)


def test_it_goes_by_what_the_store_tells_but_not_by_the_way_there() -> None:
    clock = StoreClock()
    asked_s = clock.steady_s()
    an_hour_on = datetime.now(UTC) + timedelta(hours=1)
    assert clock.follow(an_hour_on, asked_s, asked_s) == pytest.approx(3600, abs=1)
    assert clock.now() - an_hour_on < timedelta(minutes=1)
    # An answer that took ten seconds says no better than to five.
    assert clock.follow(clock.now() + timedelta(seconds=4), clock.steady_s() - 5, clock.steady_s() + 5) == 0
    assert clock.now() - an_hour_on < timedelta(minutes=1)
