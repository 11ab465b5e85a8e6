"""The fault table (R2): what the customer describes decides the vehicle, tools and parts; R17 refines it by the car.

The table is an administrator's to change (dispatch.rules), so every rule here is given it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import Final

from core.errors import Invalid
from dispatch.vocabulary import Car, Case, Drive, Energy
from tracking.vocabulary import Vehicle, VehicleKind

FLATBED = "flatbed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row of the table. `consent`: the customer signs before the work begins (R19).

    No new case is opened with a fault that is not `active`.
    """

    code: str
    name_zh: str
    name_en: str
    needs: VehicleKind
    tools: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    consent: bool = False
    active: bool = True


FaultTable = Mapping[str, Fault]
"""By code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What the case needs sent."""

    kind: VehicleKind
    tools: tuple[str, ...]
    consent: bool


_SERVICE, _TOW = VehicleKind.SERVICE, VehicleKind.TOW

# fmt: off
_ROWS = (
    Fault(code="battery", name_zh="蓄电池亏电", name_en="flat battery", needs=_SERVICE,
          tools=("jump_starter", "battery_tester"), parts=("battery_12v",)),
    Fault(code="tyre", name_zh="轮胎故障", name_en="tyre", needs=_SERVICE,
          tools=("jack", "wheel_wrench", "inflator"), parts=("patch",)),
    Fault(code="fuel", name_zh="缺油", name_en="out of fuel", needs=_SERVICE,
          tools=("fuel_can", "funnel"), parts=("fuel",)),
    Fault(code="coolant", name_zh="缺水或冷却液", name_en="coolant", needs=_SERVICE,
          tools=("pressure_tester",), parts=("coolant",)),
    Fault(code="lockout", name_zh="钥匙锁车内", name_en="locked out", needs=_SERVICE,
          tools=("lockout_kit",)),
    Fault(code="wont_start", name_zh="无法启动", name_en="will not start", needs=_SERVICE,
          tools=("jump_starter", "diagnostic_tester"), parts=("battery_12v", "fuses")),
    Fault(code="electrical", name_zh="电器故障", name_en="electrical", needs=_SERVICE,
          tools=("diagnostic_tester", "multimeter"), parts=("fuses", "bulbs")),
    Fault(code="mechanical", name_zh="机械故障", name_en="mechanical", needs=_SERVICE,
          tools=("tool_set", "diagnostic_tester"), parts=("belts", "hoses")),
    Fault(code="accident", name_zh="交通事故", name_en="accident", needs=_TOW,
          tools=("winch",)),
    Fault(code="stuck", name_zh="车辆受困", name_en="stuck", needs=_TOW,
          tools=("winch",), consent=True),
    Fault(code="flooded", name_zh="车辆涉水", name_en="flooded", needs=_TOW,
          tools=(FLATBED,), consent=True),
    Fault(code="traction_battery", name_zh="动力电池亏电", name_en="empty traction battery", needs=_TOW,
          tools=(FLATBED,)),
    Fault(code="tow_only", name_zh="仅需拖车", name_en="tow only", needs=_TOW),
)
# fmt: on

FAULTS: FaultTable = {fault.code: fault for fault in _ROWS}
"""The table as it is before an administrator changes it."""

_EMPTY_ENERGY_STORE = frozenset({"battery", "fuel", "traction_battery"})


def need_of(faults: FaultTable, code: str, car: Car) -> Need:
    """What to send for this fault of this car (R2, R17). Raises `Invalid` for an unknown fault."""
    fault = faults.get(code)
    if fault is None:
        raise Invalid(f"no such fault: {code[:40]!r}", rule="R2", field="fault")
    kind = fault.needs
    if car.energy is Energy.ELECTRIC and code in _EMPTY_ENERGY_STORE:
        kind = _TOW  # an empty traction battery is not a jump start
    if code == "tyre" and car.spare_wheel is False:
        kind = _TOW  # a change needs the customer's own spare
    return Need(kind=kind, tools=_tools(fault, kind, car), consent=fault.consent)


def check_active(faults: FaultTable, code: str) -> None:
    """Raises `Invalid` where new cases are not opened with this fault any more; past ones may be of it."""
    if (fault := faults.get(code)) and not fault.active:
        raise Invalid("this fault is not in use any more", rule="R2", field="fault")


def tools_for(faults: FaultTable, case: Case, kind: VehicleKind) -> tuple[str, ...]:
    """What a vehicle of `kind` brings to the case: for the kind that was asked for, what it was opened with."""
    return case.tools if kind is case.needs else _tools(faults.get(case.fault), kind, case.car)


def _tools(fault: Fault | None, kind: VehicleKind, car: Car) -> tuple[str, ...]:
    """The fault's tools, or the tow's; a flatbed where R17 asks for one."""
    tools = fault.tools if fault and kind is fault.needs else ()
    flatbed = car.energy is Energy.ELECTRIC or car.drive is Drive.FOUR_WHEEL
    if kind is _TOW and flatbed and FLATBED not in tools:
        return (*tools, FLATBED)
    return tools


class Question(StrEnum):
    """What R17 asks about the car."""

    ENERGY = "energy"
    DRIVE = "drive"
    SPARE_WHEEL = "spare_wheel"


_ANSWERS: Final[Mapping[Question, tuple[object, ...]]] = {
    Question.ENERGY: (None, *Energy),
    Question.DRIVE: (None, *Drive),
    Question.SPARE_WHEEL: (None, True, False),
}
"""None where nobody knows."""


def questions_for(faults: FaultTable, code: str) -> tuple[Question, ...]:
    """Those of R17's questions whose answer may change what is sent for this fault."""
    return tuple(
        question
        for question, answers in _ANSWERS.items()
        if any(
            len({need_of(faults, code, replace(car, **{question: answer})) for answer in answers}) > 1
            for car in _cars(question)
        )
    )


def _cars(open_question: Question) -> Iterator[Car]:
    """Cars with every answer to the other questions."""
    others = {name: answers for name, answers in _ANSWERS.items() if name != open_question}
    for given in product(*others.values()):
        yield replace(Car(), **dict(zip(others, given, strict=True)))


def carries(vehicle: Vehicle, tools: tuple[str, ...]) -> bool:
    """Whether the vehicle will do. A flatbed is the one tool that makes or breaks a job (R17); a set that was not
    declared is taken as complete (R9).
    """
    return FLATBED not in tools or not vehicle.tools or FLATBED in vehicle.tools
