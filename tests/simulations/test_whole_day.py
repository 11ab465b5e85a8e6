"""A short day, end to end: a real server, killed once in mid-day, and everything that a rehearsal checks."""

import json
from pathlib import Path

import pytest
from stores import in_environment, new_service

from simulations import replay

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kills", [1])
def test_a_short_day_with_a_kill_holds(
    kills: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    for name, value in in_environment(service := new_service(tmp_path)).items():
        monkeypatch.setenv(name, value)
    database = service["database"]
    day = ["--cases", "25", "--hours", "2", "--dealers", "8", "--speed", "600", "--seed", "7"]
    code = replay.main([*day, "--kills", str(kills), "--database", database, "--json"])
    report = json.loads(capsys.readouterr().out)
    failing = [one for one in report["checks"] if not one["holds"]]
    assert (code, failing) == (0, [])
    assert report["figures"]["cases"]["total"] == 25
    assert report["figures"]["kills"]["count"] == kills
    assert report["figures"]["fixes"]["acked"] > 500
