"""How a store is named: `sqlite:///FILE`, or `postgresql://USER@HOST/DATABASE`."""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from core.errors import Invalid

_POSTGRESQL = frozenset({"postgresql", "postgresql+psycopg", "postgres"})


def read_url(text: str) -> URL:
    """The store's URL, with the driver that is used here. Raises `Invalid` for what names no store."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise Invalid(_HINT, field="database") from error
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        return url
    if url.drivername in _POSTGRESQL and url.database:
        return url.set(drivername="postgresql+psycopg")
    raise Invalid(_HINT, field="database")


def is_embedded(url: URL) -> bool:
    """Whether the store is a file of this process's own."""
    return url.get_backend_name() == "sqlite"


def shown(text: str) -> str:
    """A store's URL as people and logs may see it: without its password. What names no store is not repeated."""
    try:
        return read_url(text).render_as_string(hide_password=True)
    except Invalid:
        return "named in the settings"


_HINT = "a store's URL is sqlite:///FILE or postgresql://USER@HOST/DATABASE"
