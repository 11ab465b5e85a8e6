"""The alarms of this second, for however many screens ask; and who has acknowledged which."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Text, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import Chars, UtcTime
from core.database import Base
from core.errors import NotFound
from core.upsert import upsert
from dispatch import queries
from dispatch.alarms import Alarm, Limits, Seen, Ways, alarms_of
from dispatch.desk import Desk
from dispatch.tasks import Task, tasks_of
from dispatch.vocabulary import Case

_FRESH = timedelta(seconds=1)
_ANSWERS_FRESH = timedelta(seconds=15)
"""So often it is looked whether an owner has answered: that means reading every case of a week."""
KEPT = timedelta(days=7)
"""So long an acknowledgement is kept: no alarm lasts longer."""


class Acknowledged(Base):
    """A person has seen this alarm."""

    __tablename__ = "alarm_acknowledged"
    alarm: Mapped[str] = mapped_column(Chars, primary_key=True)
    by: Mapped[str] = mapped_column(Chars)
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    note: Mapped[str] = mapped_column(Text, default="")


@dataclass(slots=True)
class AlarmWatch:
    """Looks at the running cases at most once a second, and only when somebody asks."""

    desk: Desk
    limits: Limits = field(default_factory=Limits)
    _ways: Ways = field(init=False)
    _looked_at: datetime | None = None
    _answers_at: datetime | None = None
    _running: list[Case] = field(default_factory=list[Case])
    _answered: list[Case] = field(default_factory=list[Case])
    _alarms: list[Alarm] = field(default_factory=list[Alarm])

    def __post_init__(self) -> None:
        self._ways = Ways(self.limits)

    async def alarms(self, session: AsyncSession) -> list[Alarm]:
        """What must not be overlooked now."""
        await self._look(session)
        return self._alarms

    async def tasks(self, session: AsyncSession) -> list[Task]:
        """What waits for the CAC now."""
        return tasks_of(await self.running(session))

    async def running(self, session: AsyncSession) -> list[Case]:
        """Every case that is not final now."""
        await self._look(session)
        return self._running

    async def _look(self, session: AsyncSession) -> None:
        now = self.desk.clock.now()
        if _is_fresh(self._looked_at, now, _FRESH):
            return
        self._running = await queries.running(session)
        if not _is_fresh(self._answers_at, now, _ANSWERS_FRESH):
            self._answered = await queries.answered_since(session, now - self.limits.complaint_for)
            self._answers_at = now
        plates = {trip.plate for case in self._running if (trip := case.active_trip)}
        shown = {plate: live for plate in plates if (live := self.desk.live.get(plate))}
        seen = {plate: Seen(position=live.position, fix_time=live.fix_time) for plate, live in shown.items()}
        self._alarms = alarms_of([*self._running, *self._answered], seen, now, self._ways, self.limits)
        self._looked_at = now


def _is_fresh(at: datetime | None, now: datetime, kept: timedelta) -> bool:
    return at is not None and timedelta(0) <= now - at < kept


async def acknowledgements(session: AsyncSession, alarms: Collection[Alarm]) -> Mapping[str, Acknowledged]:
    """By alarm, who has acknowledged which of these."""
    found = select(Acknowledged).where(Acknowledged.alarm.in_([alarm.id for alarm in alarms]))
    return {row.alarm: row for row in (await session.execute(found)).scalars()}


async def acknowledge(
    session: AsyncSession, alarms: list[Alarm], alarm_id: str, *, by: str, at: datetime, note: str
) -> tuple[Alarm, Acknowledged]:
    """Record that a person has seen the alarm; the first one stays. Raises `NotFound` for one that is over."""
    alarm = next((one for one in alarms if one.id == alarm_id), None)
    if alarm is None:
        raise NotFound("no such alarm, or it is over")
    said = upsert(session, Acknowledged).values(alarm=alarm_id, by=by, at=at, note=note)
    await session.execute(said.on_conflict_do_nothing())
    found = await session.execute(select(Acknowledged).where(Acknowledged.alarm == alarm_id))
    return alarm, found.scalar_one()


async def forget_acknowledgements(session: AsyncSession, now: datetime) -> None:
    """Those of alarms that are long over."""
    await session.execute(delete(Acknowledged).where(Acknowledged.at < now - KEPT))
