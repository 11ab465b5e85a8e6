"""The benchmark of offers, on a network small enough to look at its form only."""

import json
from pathlib import Path

import pytest

from simulations.bench_decide import main

SMALL = ("--dealers", "20", "--vehicles", "60", "--terminals", "10", "--fixes-per-s", "50", "--offers", "5")


@pytest.mark.slow
@pytest.mark.own_store
def test_it_prints_one_object_with_ratios_against_peers_of_the_same_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--database", f"sqlite:///{tmp_path / 'bench.db'}", "--json", *SMALL]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["bench"] == "decide"
    results = {one["name"]: one for one in printed["results"]}
    for name in ("answered", "seen", "answered_unloaded", "seen_unloaded"):
        assert results[name]["unit"] == "ms"
        assert 0 < results[name]["value"] <= results[name]["p99_ms"] <= results[name]["max_ms"]
        assert results[name]["ratios"]["bare_ranking"] > 0
    assert set(results["seen"]["ratios"]) == {"unloaded", "bare_ranking", "open_case"}
    assert results["fixes_meanwhile"]["value"] > 0


def test_a_store_that_cannot_be_used_is_said_and_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--database", f"oracle:///{tmp_path / 'x'}", *SMALL]) == 1
    assert "bench decide:" in capsys.readouterr().err
