"""Column types that mean the same on every store."""

from datetime import UTC, datetime
from typing import Any, cast

import shapely
from geoalchemy2 import Geography, WKBElement
from sqlalchemy import BigInteger, DateTime, Index, Integer, LargeBinary, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.geo import Position

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit integer that SQLite may number by itself."""


Chars = String().with_variant(String(collation="C"), "postgresql")
"""Text that is compared and sorted by its code points on every store, as Python does."""


def spatial_index(table: str, column: str) -> Index:
    """The GiST index of a `GeoPoint` column, where the store has such: on PostgreSQL."""
    index = Index(f"{table}_{column}_gist", column, postgresql_using="gist")
    return index.ddl_if(dialect="postgresql")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC moment, exact to the microsecond, that sorts and compares as time does.

    On PostgreSQL a timestamp with time zone; on SQLite, which has no type for time, whole microseconds since 1970.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's own type on this store."""
        kind = DateTime(timezone=True) if dialect.name == "postgresql" else BigInteger()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | datetime | None:
        """Refuse a naive time; store the rest in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        if dialect.name == "postgresql":
            return value
        delta = value - _EPOCH
        return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC time."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        seconds, micros = divmod(int(value), 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)


class GeoPoint(TypeDecorator[Position]):
    """A WGS-84 point: `geography(Point,4326)` on PostgreSQL, WKB on the embedded store."""

    impl = Geography
    cache_ok = True

    def __init__(self) -> None:
        # Each table names its own spatial index, so that the migrations and the model speak of the same one.
        super().__init__(geometry_type="POINT", srid=4326, spatial_index=False)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's own type on this store."""
        kind = cast("TypeEngine[Any]", self.impl) if dialect.name == "postgresql" else LargeBinary()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Position | None, dialect: Dialect) -> str | bytes | None:
        """Longitude first, as WKB and WKT have it."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            return f"SRID=4326;POINT({value.lon!r} {value.lat!r})"
        return shapely.to_wkb(shapely.Point(value.lon, value.lat))

    def process_result_value(self, value: Any, dialect: Dialect) -> Position | None:
        """Give back the position."""
        if value is None:
            return None
        wkb = bytes(cast("bytes", value.data)) if isinstance(value, WKBElement) else value  # pyright: ignore[reportUnknownMemberType]
        point = cast("shapely.Point", shapely.from_wkb(wkb))
        return Position(lat=point.y, lon=point.x)
