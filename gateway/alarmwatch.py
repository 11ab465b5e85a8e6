"""The alarms of this second, for however many screens ask; and who has acknowledged which."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Text, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import Chars, UtcTime
from core.database import Base
from core.errors import NotFound
from dispatch import queries
from dispatch.alarms import Alarm, Limits, Seen, Ways, alarms_of
from dispatch.desk import Desk
from dispatch.tasks import Task, tasks_of
from dispatch.vocabulary import Case

_FRESH = timedelta(seconds=1)
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
    _cases: list[Case] = field(default_factory=list[Case])
    _alarms: list[Alarm] = field(default_factory=list[Alarm])

    def __post_init__(self) -> None:
        self._ways = Ways(self.limits)

    async def alarms(self, session: AsyncSession) -> list[Alarm]:
        """What must not be overlooked now."""
        await self._look(session)
        return self._alarms

    async def tasks(self, session: AsyncSession) -> list[Task]:
        """What waits for the CAC now."""
        await self._look(session)
        return tasks_of(self._cases)

    async def _look(self, session: AsyncSession) -> None:
        now = self.desk.clock.now()
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < _FRESH:
            return
        self._cases = await queries.running(session, surveyed_after=now - self.limits.complaint_for)
        plates = {trip.plate for case in self._cases if (trip := case.active_trip)}
        shown = {plate: live for plate in plates if (live := self.desk.live.get(plate))}
        seen = {plate: Seen(position=live.position, fix_time=live.fix_time) for plate, live in shown.items()}
        self._alarms = alarms_of(self._cases, seen, now, self._ways, self.limits)
        self._looked_at = now


async def acknowledgements(session: AsyncSession) -> Mapping[str, Acknowledged]:
    """Every acknowledgement that is kept, by alarm."""
    return {row.alarm: row for row in (await session.execute(select(Acknowledged))).scalars()}


async def acknowledge(
    session: AsyncSession, alarms: list[Alarm], alarm_id: str, *, by: str, at: datetime, note: str
) -> tuple[Alarm, Acknowledged]:
    """Record that a person has seen the alarm; the first one stays. Raises `NotFound` for one that is over."""
    alarm = next((one for one in alarms if one.id == alarm_id), None)
    if alarm is None:
        raise NotFound("no such alarm, or it is over")
    known = await session.get(Acknowledged, alarm_id)
    if known is None:
        known = Acknowledged(alarm=alarm_id, by=by, at=at, note=note)
        session.add(known)
        await session.flush()
    return alarm, known


async def forget_acknowledgements(session: AsyncSession, now: datetime) -> None:
    """Those of alarms that are long over."""
    await session.execute(delete(Acknowledged).where(Acknowledged.at < now - KEPT))
