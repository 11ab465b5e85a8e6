"""The fault table (R2): what the customer describes decides the vehicle, tools and parts; R17 refines it by the car."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import Invalid
from dispatch.vocabulary import Car, Drive, Energy
from tracking.vocabulary import Vehicle, VehicleKind

FLATBED = "flatbed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row of the table. `consent`: the customer signs before the work begins (R19)."""

    code: str
    name_zh: str
    name_en: str
    needs: VehicleKind
    tools: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    consent: bool = False


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

FAULTS: Mapping[str, Fault] = {fault.code: fault for fault in _ROWS}
"""The table, by code."""

_EMPTY_ENERGY_STORE = frozenset({"battery", "fuel", "traction_battery"})


def need_of(fault_code: str, car: Car) -> Need:
    """What to send for this fault of this car (R2, R17). Raises `Invalid` for an unknown fault."""
    fault = FAULTS.get(fault_code)
    if fault is None:
        raise Invalid(f"no such fault: {fault_code[:40]!r}", rule="R2", field="fault")
    kind = fault.needs
    if car.energy is Energy.ELECTRIC and fault_code in _EMPTY_ENERGY_STORE:
        kind = _TOW  # an empty traction battery is not a jump start
    if fault_code == "tyre" and car.spare_wheel is False:
        kind = _TOW  # a change needs the customer's own spare
    return Need(kind=kind, tools=tools_of(fault_code, kind, car), consent=fault.consent)


def tools_of(fault_code: str, kind: VehicleKind, car: Car) -> tuple[str, ...]:
    """What a vehicle of `kind` brings: the fault's tools, or the tow's; a flatbed where R17 asks for one."""
    fault = FAULTS[fault_code]
    tools = fault.tools if kind is fault.needs else ()
    flatbed = car.energy is Energy.ELECTRIC or car.drive is Drive.FOUR_WHEEL
    if kind is _TOW and flatbed and FLATBED not in tools:
        return (*tools, FLATBED)
    return tools


def carries(vehicle: Vehicle, tools: tuple[str, ...]) -> bool:
    """Whether the vehicle will do. A flatbed is the one tool that makes or breaks a job (R17); a set that was not
    declared is taken as complete (R9).
    """
    return FLATBED not in tools or not vehicle.tools or FLATBED in vehicle.tools
