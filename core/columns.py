"""Column types that mean the same on every store."""

from datetime import UTC, datetime
from typing import Any, cast

import shapely
from sqlalchemy import BigInteger, Integer, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from core.geo import Position

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit integer that SQLite may number by itself."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC moment, kept as whole microseconds since 1970 so that it sorts and compares exactly."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a naive time; store the rest in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        delta = value - _EPOCH
        return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC time."""
        if value is None:
            return None
        seconds, micros = divmod(int(value), 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)


class GeoPoint(TypeDecorator[Position]):
    """A WGS-84 point, kept as WKB on the embedded store."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Position | None, dialect: Dialect) -> bytes | None:
        """Longitude first, as WKB has it."""
        return None if value is None else shapely.to_wkb(shapely.Point(value.lon, value.lat))

    def process_result_value(self, value: Any, dialect: Dialect) -> Position | None:
        """Give back the position."""
        if value is None:
            return None
        point = cast("shapely.Point", shapely.from_wkb(value))
        return Position(lat=point.y, lon=point.x)
