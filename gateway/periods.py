"""Spans of time as people name them: times with their offset, or dates in China Standard Time."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from core.clock import CHINA_STANDARD_TIME

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LOST_PLUS = re.compile(r" (\d\d:\d\d)$")


def moment_of(text: str, parse: Callable[[str], datetime], *, end: bool = False) -> datetime:
    """The moment that `text` names, in UTC; a date as an `end` is inclusive: the first moment of the next day.

    Raises `ValueError`. An unescaped `+` reaches us as a space, and is taken back.
    """
    plain = text.strip()
    if _DATE.fullmatch(plain):
        try:
            day = date.fromisoformat(plain) + timedelta(days=1 if end else 0)
        except (ValueError, OverflowError) as error:
            raise ValueError("no such date") from error
        try:
            return datetime.combine(day, time(), CHINA_STANDARD_TIME).astimezone(UTC)
        except OverflowError as error:
            raise ValueError("no such date") from error
    return parse(_LOST_PLUS.sub(r"+\1", plain))
