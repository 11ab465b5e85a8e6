"""The dealers and vehicles on record as columns, made once for each version of the record, for rules that look at all.

A row of a column is a vehicle, the vehicles of each dealer together and by plate; dealers are in the order of their
codes. Vehicles of a dealer that is not on record are left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.faults import FLATBED, carries
from dispatch.vocabulary import Dealer
from tracking.vocabulary import Vehicle, VehicleKind

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]

_KINDS: Final = tuple(VehicleKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What does not change until the record does."""

    dealers: Sequence[Dealer]
    dealer_rows: Mapping[str, int]
    """By code, the dealer's place in `dealers`."""
    inactive: frozenset[int]
    site_lats: Floats
    site_lons: Floats

    plates: tuple[str, ...]
    rows: Mapping[str, int]
    """By plate, the vehicle's row."""
    owners: Rows
    """Each vehicle's dealer, as its place in `dealers`."""
    of_kind: Mapping[VehicleKind, Mask]
    with_flatbed: Mask
    """Will do where a flatbed is needed (R17)."""
    on_duty: Mask


def network_of(dealers: Iterable[Dealer], vehicles: Mapping[str, Sequence[Vehicle]]) -> Network:
    """The columns of `dealers` and of their `vehicles`, which are given by dealer code."""
    known = sorted(dealers, key=lambda dealer: dealer.code)
    fleet = [
        (row, vehicle)
        for row, dealer in enumerate(known)
        for vehicle in sorted(vehicles.get(dealer.code, ()), key=lambda vehicle: vehicle.plate)
    ]
    plates = tuple(vehicle.plate for _, vehicle in fleet)
    return Network(
        dealers=known,
        dealer_rows={dealer.code: row for row, dealer in enumerate(known)},
        inactive=frozenset(row for row, dealer in enumerate(known) if not dealer.active),
        site_lats=np.array([dealer.site.lat for dealer in known], np.float64),
        site_lons=np.array([dealer.site.lon for dealer in known], np.float64),
        plates=plates,
        rows={plate: row for row, plate in enumerate(plates)},
        owners=np.array([row for row, _ in fleet], np.intp),
        of_kind={kind: np.array([vehicle.kind is kind for _, vehicle in fleet], np.bool_) for kind in _KINDS},
        with_flatbed=np.array([carries(vehicle, (FLATBED,)) for _, vehicle in fleet], np.bool_),
        on_duty=np.array([vehicle.on_duty for _, vehicle in fleet], np.bool_),
    )
