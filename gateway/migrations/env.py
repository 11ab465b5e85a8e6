"""What Alembic runs for each command: on the connection that `gateway.schema` hands it, else on the settings' store."""

from typing import Any

from alembic import context
from sqlalchemy import Connection

from core.settings import Settings
from core.storeurl import read_url
from gateway.schema import connected
from gateway.tables import METADATA

_PARTITION = "position_fix_"
_FOREIGN = frozenset({"spatial_ref_sys"})


def _ours(thing: Any, name: str | None, kind: str, reflected: bool, _compared: Any) -> bool:
    """Leave out PostGIS's table, the partitions, which come and go by themselves, and what the other store has."""
    if kind == "table":
        return not reflected or (name not in _FOREIGN and not str(name).startswith(_PARTITION))
    if kind == "index" and not reflected and (only := thing.dialect_options) is not None:
        on_postgresql = context.get_bind().dialect.name == "postgresql"
        return on_postgresql or not only["postgresql"].get("using")
    return True


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=METADATA, include_object=_ours, render_as_batch=False)
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with connected(read_url(Settings().database)) as own:
        _run(own)
