"""The network's record as it stands: dealers and their vehicles, read again only when something in it changed."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.eventlog import counted
from dispatch.network import Network, network_of
from dispatch.tables import ON_A_TRIP, DealerRow, TripRow
from dispatch.vocabulary import Dealer, Person
from tracking.roster import vehicles
from tracking.vocabulary import Vehicle

ROSTER_COUNTER = "roster"
"""The counter that every change of a dealer, vehicle or terminal moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Dealers and vehicles at one version of the record."""

    version: int
    dealers: Mapping[str, Dealer]
    by_plate: Mapping[str, Vehicle]
    network: Network
    """The same as columns."""


class RosterCache:
    """Hands out the roster of the store's present version. Not to be asked in a transaction that changes the roster
    and may yet be undone: what it read there would pass for the next version.
    """

    def __init__(self) -> None:
        self._roster = Roster(version=-1, dealers={}, by_plate={}, network=network_of((), {}))

    @property
    def latest(self) -> Roster:
        """The roster as it was last read."""
        return self._roster

    async def get(self, session: AsyncSession) -> Roster:
        """The roster as `session` sees it."""
        version = await counted(session, ROSTER_COUNTER)
        if version != self._roster.version:
            self._roster = await _read(session, version)
        return self._roster


async def _read(session: AsyncSession, version: int) -> Roster:
    by_dealer: dict[str, list[Vehicle]] = {}
    fleet = await vehicles(session)
    for vehicle in fleet:
        by_dealer.setdefault(vehicle.dealer, []).append(vehicle)
    rows = (await session.execute(select(DealerRow).order_by(DealerRow.code))).scalars()
    dealers = {row.code: dealer_of(row) for row in rows}
    return Roster(
        version=version,
        dealers=dealers,
        by_plate={vehicle.plate: vehicle for vehicle in fleet},
        network=network_of(dealers.values(), by_dealer),
    )


def dealer_of(row: DealerRow) -> Dealer:
    """The dealer in a row."""
    return Dealer(
        code=row.code,
        name=row.name,
        city_code=row.city_code,
        site=row.site,
        phone=row.phone,
        specialist=Person(name=row.specialist_name, phone=row.specialist_phone),
        brands=tuple(json.loads(row.brands)),
        region=row.region,
        active=row.active,
    )


async def busy_plates(session: AsyncSession, among: Collection[str] | None = None) -> frozenset[str]:
    """The vehicles that are on a trip, as this transaction sees it; where given, only those `among` these."""
    # In the words of the index that holds just these: else all trips there ever were are looked through.
    statement = select(TripRow.plate).where(ON_A_TRIP)
    if among is not None:
        statement = statement.where(TripRow.plate.in_(among))
    return frozenset((await session.execute(statement)).scalars())
