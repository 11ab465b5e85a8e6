"""Domain errors: they carry facts; the gateway maps them to HTTP statuses.

The class's `code` is the stable machine code of the public contract, its docstring the general meaning.
"""


class NearsideError(Exception):
    """Something was asked that the rules do not allow; nothing was changed."""

    code = "invalid"

    def __init__(self, detail: str = "", *, rule: str = "", field: str = "") -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.rule = rule
        self.field = field
        super().__init__(f"{rule}: {self.detail}" if rule else self.detail)


class Invalid(NearsideError):
    """A value is missing, malformed or out of its range."""


class NotSignedIn(NearsideError):
    """No valid session or device token came with the request."""

    code = "not_signed_in"


class NotPermitted(NearsideError):
    """This role, or this dealer, may not do that."""

    code = "not_permitted"


class NotFound(NearsideError):
    """No such thing."""

    code = "not_found"


class Conflict(NearsideError):
    """It contradicts what is already recorded."""

    code = "conflict"


class InvalidPosition(NearsideError):
    """Not a position, or plainly swapped (R22)."""

    code = "invalid_position"


class OutsideServiceArea(NearsideError):
    """Outside the area that the network serves (R12)."""

    code = "outside_service_area"


class NotNearest(NearsideError):
    """A nearer dealer is able; passing it over needs a reason (R1)."""

    code = "not_nearest"


class OfferNotPending(NearsideError):
    """The offer was already answered, withdrawn, or has expired."""

    code = "offer_not_pending"


class NoEligibleVehicle(NearsideError):
    """No free vehicle fit for this job (R1, R2, R9)."""

    code = "no_eligible_vehicle"


class CrewTooSmall(NearsideError):
    """A rescue needs a crew of at least two (R8)."""

    code = "crew_too_small"


class DriverPhoneRequired(NearsideError):
    """A tow vehicle, or one that is not on GPS, needs its driver's phone (R3)."""

    code = "driver_phone_required"


class UnsignedCheckSheet(NearsideError):
    """The customer's signature is missing (R6, R19)."""

    code = "unsigned_check_sheet"


class SecondDispatchNotConfirmed(NearsideError):
    """Another vehicle may go only after the CAC has confirmed it (R5)."""

    code = "second_dispatch_not_confirmed"


class IllegalTransition(NearsideError):
    """The case is not in a state that allows this."""

    code = "illegal_transition"


class TooManyRequests(NearsideError):
    """Too many attempts; try again later."""

    code = "too_many_requests"


class StoreUnavailable(NearsideError):
    """The store cannot answer now; nothing was changed."""

    code = "store_unavailable"
