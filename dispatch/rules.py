"""What an administrator may say about dispatching: faults (R2), promises (R16), offers (R3), brands (R23)."""

from dataclasses import dataclass, field

from core.errors import Invalid
from core.settings import Settings
from dispatch.faults import FAULTS, FaultTable
from dispatch.promise import PromiseRules


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRules:
    """The rules that a case is decided by, as they stand at this moment."""

    offer_timeout_s: float = 180
    auto_close_s: float = 7 * 86400
    keep_brands_apart: bool = False
    promise: PromiseRules = field(default_factory=PromiseRules)
    faults: FaultTable = field(default_factory=lambda: FAULTS)


def dispatch_rules(settings: Settings) -> DispatchRules:
    """The rules as they are before an administrator changes them."""
    return DispatchRules(
        offer_timeout_s=settings.offer_timeout_s,
        auto_close_s=settings.auto_close_s,
        keep_brands_apart=settings.keep_brands_apart,
        promise=PromiseRules(
            district_minutes=settings.promise_district_minutes, county_minutes=settings.promise_county_minutes
        ),
    )


def check_dispatch_rules(rules: DispatchRules) -> None:
    """Raises `Invalid` for rules that contradict each other, or that nothing could be opened by."""
    promise = rules.promise
    if promise.near_m >= promise.far_m:
        raise Invalid("the nearer distance must be less than the farther one", rule="R16", field="promise.near_m")
    if promise.near_minutes > promise.far_minutes:
        raise Invalid("who is nearer is not promised later", rule="R16", field="promise.near_minutes")
    if not any(fault.active for fault in rules.faults.values()):
        raise Invalid("at least one fault stays in use", rule="R2", field="active")
