"""The rules that an administrator may change while the service runs.

What the settings say stands until it is changed here. A change is kept by dotted name (`promise.near_m`,
`faults.battery`) and told by moving a counter, which every process follows: a decision reads no rules from the store.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, cast

import msgspec
from sqlalchemy import Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import Chars
from core.database import Base, Database
from core.errors import StoreUnavailable
from core.eventlog import count_up, counted
from core.pause import pause
from core.settings import Settings
from core.upsert import upsert
from dispatch.faults import Fault
from dispatch.promise import PromiseRules
from dispatch.queries import record_change
from dispatch.rules import DispatchRules, check_dispatch_rules, dispatch_rules
from scoring.rules import ScoringRules, check_scoring_rules, scoring_rules
from scoring.vocabulary import Kpi

RULES: Final = "rules"
"""The counter that moves with every change."""
LOOK_S: Final = 1.0
"""So late may another process take a change up, in wall-clock seconds."""
TARGETS: Final = (*(kpi.value for kpi in Kpi), "acceptance")
FAULT: Final = "faults."

_PLAIN = ("offer_timeout_s", "auto_close_s", "keep_brands_apart")


class RuleRow(Base):
    """One figure, or one row of the fault table, that an administrator has set; `value` is JSON."""

    __tablename__ = "rule"
    name: Mapped[str] = mapped_column(Chars, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days what is kept."""

    position_days: int
    quarantine_days: int
    photo_days: int
    motorist_link_days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All rules at one version of the record."""

    version: int
    dispatch: DispatchRules
    scoring: ScoringRules
    retention: Retention


def first_book(settings: Settings) -> Rulebook:
    """The rules as the settings have them, before the store was read."""
    retention = Retention(
        position_days=settings.position_days,
        quarantine_days=settings.quarantine_days,
        photo_days=settings.photo_days,
        motorist_link_days=settings.motorist_link_days,
    )
    return Rulebook(version=-1, dispatch=dispatch_rules(settings), scoring=scoring_rules(settings), retention=retention)


def values_of(book: Rulebook) -> dict[str, Any]:
    """Every figure by its dotted name, as JSON has it; a fault is one value."""
    dispatch, scoring = book.dispatch, book.scoring
    return {
        **{name: getattr(dispatch, name) for name in _PLAIN},
        **{f"promise.{name}": value for name, value in asdict(dispatch.promise).items()},
        **{f"weights.{kpi.value}": weight for kpi, weight in scoring.weights.items()},
        "min_cases_ranked": scoring.min_cases_ranked,
        **{f"targets.{name}": scoring.targets.get(name) for name in TARGETS},
        **{f"retention.{name}": value for name, value in asdict(book.retention).items()},
        **{f"{FAULT}{code}": msgspec.to_builtins(fault) for code, fault in dispatch.faults.items()},
    }


def book_of(values: Mapping[str, Any], version: int) -> Rulebook:
    """The book that has these values: `values_of`, backwards."""
    faults = {code: msgspec.convert(row, Fault) for code, row in _part(values, FAULT).items()}
    plain = {name: values[name] for name in _PLAIN}
    return Rulebook(
        version=version,
        dispatch=DispatchRules(**plain, promise=PromiseRules(**_part(values, "promise.")), faults=faults),
        scoring=ScoringRules(
            weights={Kpi(name): weight for name, weight in _part(values, "weights.").items()},
            min_cases_ranked=values["min_cases_ranked"],
            targets=_part(values, "targets."),
        ),
        retention=Retention(**_part(values, "retention.")),
    )


def _part(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


async def read_book(session: AsyncSession, settings: Settings) -> Rulebook:
    """The rules as `session` sees them. What another version of this service has set, and this one does not know, is
    passed over.
    """
    values = values_of(first_book(settings))
    for row in (await session.execute(select(RuleRow).order_by(RuleRow.name))).scalars():
        if row.name in values or row.name.startswith(FAULT):
            values[row.name] = msgspec.json.decode(row.value)
    return book_of(values, await counted(session, RULES))


async def change_rules(
    session: AsyncSession, settings: Settings, changes: Mapping[str, Any], *, reason: str, actor: str, at: datetime
) -> Rulebook:
    """Set `changes`, by dotted name, and keep who, when, from, to and why. What stands already is no change.

    Raises `Invalid` with its field where the rules would contradict each other. Whoever changes rules takes turns.
    """
    await count_up(session, RULES, 0)
    before = await read_book(session, settings)
    was = values_of(before)
    changed = {name: value for name, value in changes.items() if name not in was or was[name] != value}
    if not changed:
        return before
    after = book_of({**was, **changed}, before.version + 1)
    check_dispatch_rules(after.dispatch)
    check_scoring_rules(after.scoring)
    for name, value in changed.items():
        for subject, field, old, new in _told(name, was.get(name), value):
            await record_change(session, subject, actor=actor, at=at, field=field, before=old, after=new, reason=reason)
        said = msgspec.json.encode(value).decode()
        statement = upsert(session, RuleRow).values(name=name, value=said)
        await session.execute(
            statement.on_conflict_do_update(index_elements=[RuleRow.name], set_={"value": statement.excluded.value})
        )
    await count_up(session, RULES)
    return after


def _told(name: str, was: Any, now: Any) -> list[tuple[str, str, str, str]]:
    """Subject, field, before and after of what changed in one value: of a fault, each of its fields."""
    if not name.startswith(FAULT):
        return [("rules", name, _text(was), _text(now))]
    known: dict[str, Any] = was or {}
    subject = f"fault:{name.removeprefix(FAULT)}"
    return [
        (subject, field, _text(known.get(field)), _text(value))
        for field, value in now.items()
        if known.get(field) != value and field != "code"
    ]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # 180.0 and 180 are one figure
    return ", ".join(cast(list[str], value)) if isinstance(value, list | tuple) else str(value)


class RuleKeeper:
    """One process's book: read at the start, and again when another process has changed it."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        self._book = first_book(settings)

    @property
    def book(self) -> Rulebook:
        """The rules of this moment."""
        return self._book

    async def load(self) -> None:
        """Read the rules as they stand in the store."""
        async with self._db.read() as session:
            self._book = await read_book(session, self._settings)

    def take(self, book: Rulebook) -> None:
        """Decide by a book that this process has just committed."""
        if book.version > self._book.version:
            self._book = book

    async def follow(self, stop: asyncio.Event) -> None:
        """Look again and again, until told to stop, whether the rules have changed."""
        while not stop.is_set():
            with suppress(StoreUnavailable):  # then at the next look
                async with self._db.read(once=True) as session:
                    version = await counted(session, RULES)
                if version != self._book.version:
                    await self.load()
            await pause(stop, LOOK_S)
