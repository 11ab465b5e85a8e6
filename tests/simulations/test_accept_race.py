"""Two specialists accept the same offer at the same moment: exactly one trip (the thousand rounds are a command)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from stores import in_environment, new_service

from simulations.race import race
from simulations.service import Server

pytestmark = pytest.mark.slow


async def test_R1_exactly_one_of_two_accepts_wins_each_time(tmp_path: Path):
    now = datetime.now(UTC)
    service = new_service(tmp_path)
    server = Server(
        tmp_path, service["database"], starts_at=now, wall_start=now, speed=1, settings=in_environment(service)
    )
    outcome = await race(server, 50)
    assert outcome.holds, outcome
