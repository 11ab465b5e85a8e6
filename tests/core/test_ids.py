"""Identifiers and secrets."""

import re
from datetime import UTC, datetime, timedelta

from core.ids import new_id, new_token

NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_id(NOW + timedelta(milliseconds=after_ms)) for after_ms in range(200)]
    assert made == sorted(made)
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in made)


def test_a_token_is_a_word_that_no_address_and_no_command_line_reads_as_more() -> None:
    made = {new_token() for _ in range(2_000)}
    assert len(made) == 2_000
    assert all(re.fullmatch("[0-9A-Za-z_][0-9A-Za-z_-]{42}", one) for one in made)
