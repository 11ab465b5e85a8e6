"""What a city's dealers and motorists are given where the data says nothing: vehicles, terminals, cars, faults."""

import random
from collections.abc import Iterable, Sequence

from core.geo import Position
from dispatch.faults import FLATBED
from dispatch.vocabulary import Energy
from simulations.behaviour import Habits, dice, energy, fault
from simulations.city import Call, CityDealer, CityVehicle
from tracking.vocabulary import VehicleKind

OWN_BRAND = "上海通用"
"""The customer's own brand in the dealers' file."""
CARS = ("别克", "雪佛兰", "凯迪拉克")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
SERVICE_LETTERS = "SRQP"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def vehicles(
    dealers: Iterable[CityDealer],
    seed: int,
    *,
    services: int = 1,
    tow_share: float = 0.5,
    tows_tracked: float = 0.2,
) -> tuple[CityVehicle, ...]:
    """Service vehicles on GPS for each dealer (R9), a tow for every one of the own brand and some of the others."""
    fleet: list[CityVehicle] = []
    for number, dealer in enumerate(dealers, start=1):
        rng = dice(seed, "fleet", dealer.code)
        for letter in SERVICE_LETTERS[:services]:
            fleet.append(_vehicle(dealer, VehicleKind.SERVICE, f"沪A{number:04d}{letter}", rng, tracked=True))
        if OWN_BRAND in dealer.brands or rng.random() < tow_share:
            plate = f"沪B{number:04d}T"
            fleet.append(_vehicle(dealer, VehicleKind.TOW, plate, rng, tracked=rng.random() < tows_tracked))
    return tuple(fleet)


def calls(
    moments: Sequence[tuple[float, Position]], seed: int, habits: Habits, *, addresses: Sequence[str] = ()
) -> tuple[Call, ...]:
    """A motorist for each moment (seconds of the day) and place: car, fault, name and number are made up."""
    return tuple(
        call(
            f"call-{number:05d}",
            at_s,
            scene,
            seed,
            habits,
            address=addresses[number % len(addresses)] if addresses else "",
        )
        for number, (at_s, scene) in enumerate(moments)
    )


def call(ref: str, at_s: float, scene: Position, seed: int, habits: Habits, *, address: str = "") -> Call:
    """One motorist."""
    rng = dice(seed, "call", ref)
    driven_by = energy(habits, rng)
    return Call(
        ref=ref,
        at_s=at_s,
        scene=scene,
        address=address,
        caller=rng.choice(SURNAMES) + rng.choice(("先生", "女士")),
        phone=phone(rng),
        plate=_plate(driven_by, rng),
        brand=rng.choice(CARS),
        energy=driven_by,
        fault=fault(habits, rng),
    )


def person(rng: random.Random) -> str:
    """A specialist's or driver's name."""
    return rng.choice(SURNAMES) + rng.choice(("师傅", "建国", "伟", "强", "敏", "磊"))


def phone(rng: random.Random) -> str:
    """A mobile number of the right form that rings nowhere in particular."""
    return f"1390000{rng.randrange(10_000):04d}"


def _vehicle(dealer: CityDealer, kind: VehicleKind, plate: str, rng: random.Random, *, tracked: bool) -> CityVehicle:
    tools = ()
    if kind is VehicleKind.TOW:
        tools = ("winch", FLATBED) if rng.random() < 0.9 else ("winch",)
    return CityVehicle(
        plate=plate,
        kind=kind,
        dealer=dealer.code,
        home=dealer.site,
        tools=tools,
        terminal_id=f"T-{plate[1:]}" if tracked else "",
    )


def _plate(driven_by: Energy, rng: random.Random) -> str:
    digits = f"{rng.randrange(100_000):05d}"
    if driven_by is Energy.ELECTRIC:
        return f"沪AD{digits}"
    return f"沪{rng.choice(_LETTERS)}{digits}"
