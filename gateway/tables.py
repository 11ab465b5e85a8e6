"""The one model, whole: every room's tables."""

from types import ModuleType
from typing import Final

from core import eventlog, identity, periodic
from core.database import Base
from dispatch import tables as dispatching
from gateway import accounts, alarmwatch, idempotency, links, people, photos, rulebook, shift
from scoring import tables as scoring
from scoring import weekly
from tracking import tables as tracking

ROOMS: Final[tuple[ModuleType, ...]] = (
    eventlog,
    identity,
    periodic,
    tracking,
    dispatching,
    scoring,
    weekly,
    accounts,
    idempotency,
    alarmwatch,
    links,
    people,
    photos,
    rulebook,
    shift,
)
"""The modules that tables are declared in; a table of any other is not in the store."""

METADATA: Final = Base.metadata
