"""The feed's benchmark, small: it measures what it says, in the one form that every benchmark prints."""

import json

import pytest

from simulations.bench_feed import main

SMALL = ["--screens", "2", "--dealers", "10", "--terminals", "40", "--fixes-per-s", "80", "--seconds", "1"]


@pytest.mark.slow
@pytest.mark.own_store
def test_the_feed_is_measured_from_terminal_to_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["bench"], said["machine"]["screens"]) == ("feed", 2)
    results = {one["name"]: one for one in said["results"]}
    assert results["sent_to_screen_p99"]["count"] > 0
    assert results["screens_cpu_per_message"]["ratios"]["bare"] >= 0


def test_a_store_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--database", "oracle:///none"]) == 1
    assert "bench feed:" in capsys.readouterr().err
