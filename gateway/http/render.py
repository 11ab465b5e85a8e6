"""From the rooms' facts to answers, with personal data masked for the person who asks."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any

import msgspec

from core.eventlog import LoggedEvent
from core.geo import Position
from core.places import Places
from dispatch.desk import Desk
from dispatch.promise import effective_promise, standard_minutes
from dispatch.roster import Roster
from dispatch.vocabulary import Candidate, Case, CheckSheet, Dealer, Offer, Person, Trip
from gateway.http import views as v
from gateway.http.fields import official_plate
from gateway.masking import Sight, masked_event, sight_of
from gateway.roles import User
from tracking.vocabulary import LivePosition, TrailPoint, Vehicle, VehicleKind, VehicleState


def case_view(case: Case, user: User, places: Places) -> v.CaseView:
    """The case as `user` may see it."""
    sight = sight_of(user, case)
    dealer = case.dealer
    counting = effective_promise(case, dealer) if dealer and sight.own(dealer) else None
    return v.CaseView(
        id=case.id,
        number=case.number,
        status=case.status,
        channel=case.channel,
        needs=case.needs,
        scope=case.scope,
        city_code=case.city_code,
        city_name=places.city_name(case.city_code) if case.city_code else None,
        doubts=list(case.doubts),
        tools=list(case.tools),
        consent_needed=case.consent_needed,
        caller=v.PersonView(name=sight.hidden(case.caller.name), phone=sight.phone(case.caller.phone)),
        car=car_view(case, sight),
        location=_place(case, sight),
        fault=case.fault,
        note=sight.text(case.note),
        priority=case.priority,
        opened_at=case.opened_at,
        dealer=dealer if dealer and sight.own(dealer) else None,
        own_dealer=case.own_dealer or None,
        promised_at=counting,
        offers=[offer_view(case, offer, sight) for offer in case.offers if sight.own(offer.dealer)],
        trips=[trip_view(case, trip, sight) for trip in case.trips if sight.own(trip.dealer)],
        promise_changes=[
            v.PromiseChangeView(
                dealer=change.dealer,
                at=change.at,
                promised_at=change.promised_at,
                approved=change.approved,
                outside_cause=change.outside_cause,
                reason=sight.text(change.reason),
            )
            for change in case.promise_changes
            if sight.own(change.dealer)
        ],
        satisfaction=case.satisfaction,
        survey_comment=sight.text(case.survey_comment),
        completed_by=case.completed_by if case.completed_by and sight.own(case.completed_by) else None,
        ended_at=case.ended_at,
        cancelled_by=case.cancelled_by,
        end_reason=sight.text(case.end_reason),
    )


def car_view(case: Case, sight: Sight) -> v.CarView:
    """The customer's car."""
    car = case.car
    return v.CarView(
        plate=sight.plate(car.plate),
        vin=sight.hidden(car.vin),
        brand=car.brand,
        model=car.model,
        energy=car.energy,
        drive=car.drive,
        registered_city_code=car.registered_city_code,
        spare_wheel=car.spare_wheel,
    )


def _place(case: Case, sight: Sight) -> v.PlaceView:
    place = case.place
    road = place.expressway
    return v.PlaceView(
        lat=place.position.lat,
        lon=place.position.lon,
        address=sight.text(place.address),
        accuracy_m=place.accuracy_m,
        given=v.GivenView(lat=place.given.lat, lon=place.given.lon, datum=place.datum),
        expressway=v.ExpresswayView(road=road.road, direction=road.direction, kilometre_post=road.kilometre_post)
        if road
        else None,
        hand_over=_point(place.hand_over) if place.hand_over else None,
    )


def _point(position: Position) -> v.PointView:
    return v.PointView(lat=position.lat, lon=position.lon)


def _person(person: Person, sight: Sight) -> v.PersonView:
    return v.PersonView(name=sight.hidden(person.name), phone=sight.hidden(person.phone))


def offer_view(case: Case, offer: Offer, sight: Sight) -> v.OfferView:
    """One offer of the case."""
    return v.OfferView(
        id=offer.id,
        case=case.id,
        dealer=offer.dealer,
        status=offer.status,
        at=offer.at,
        expires_at=offer.expires_at,
        rank=offer.rank,
        override_reason=sight.text(offer.override_reason),
        automatic=offer.automatic,
        answered_at=offer.answered_at,
        reason=sight.text(offer.reason),
        promised_at=offer.promised_at,
        given_up_at=offer.given_up_at,
    )


def offer_with_candidates(case: Case, offer: Offer, candidates: Sequence[Candidate], sight: Sight) -> bytes:
    """One offer with the candidates as known when it was made; a dealer sees only itself among them.

    Encoded as `OfferWithCandidates` says, without a model for each of a whole network's dealers.
    """
    view = offer_view(case, offer, sight).model_dump(mode="json")
    shown = [candidate for candidate in candidates if sight.own(candidate.dealer)] if sight.dealer else candidates
    return msgspec.json.encode({**view, "candidates": shown})


def candidates_on_desk(
    desk: Desk,
    case: Case,
    candidates: Sequence[Candidate],
    roster: Roster,
    busy: AbstractSet[str],
    rates: Mapping[str, float | None],
) -> bytes:
    """The candidates, encoded as a list of `CandidateOnDeskView`."""
    load = Counter(vehicle.dealer for plate in busy if (vehicle := roster.by_plate.get(plate)))
    fresh_after = desk.clock.now() - timedelta(seconds=desk.settings.position_fresh_s)
    shown: list[dict[str, Any]] = []
    for candidate in candidates:
        dealer = roster.dealers[candidate.dealer]
        live = desk.live.get(candidate.vehicle) if candidate.vehicle else None
        fresh = live if live and live.fix_time >= fresh_after else None
        start = fresh.position if fresh else dealer.site
        shown.append(
            {
                **msgspec.structs.asdict(candidate),
                "name": dealer.name,
                "site": {"lat": dealer.site.lat, "lon": dealer.site.lon},
                "start": {"lat": start.lat, "lon": start.lon, "source": "gps" if fresh else "site"},
                "load": load[candidate.dealer],
                "acceptance_rate": rates.get(candidate.dealer),
                "standard_minutes": standard_minutes(
                    desk.rules.promise, county=case.county, distance_m=candidate.distance_m
                ),
            }
        )
    return msgspec.json.encode(shown)


def trip_view(case: Case, trip: Trip, sight: Sight, *, whole_sheet: bool = False) -> v.TripView:
    """One trip of the case; the sheet's content only where `whole_sheet` asks for it."""
    gps = trip.tracked and trip.kind is VehicleKind.SERVICE
    return v.TripView(
        id=trip.id,
        case=case.id,
        offer=trip.offer_id,
        dealer=trip.dealer,
        vehicle=trip.plate,
        kind=trip.kind,
        monitoring="gps" if gps else "phone",
        driver=_person(trip.driver, sight),
        crew=trip.crew,
        status=trip.status,
        accepted_at=trip.accepted_at,
        promised_at=trip.promised_at,
        promise_counted_at=effective_promise(case, trip.dealer),
        departed_at=trip.departed_at,
        arrived_at=trip.arrived_at,
        arrival_source=trip.arrival_source,
        reported_departed_at=trip.reported_departed_at,
        reported_arrived_at=trip.reported_arrived_at,
        result=trip.result,
        drivable=trip.drivable,
        signed=bool(trip.sheet and trip.sheet.signed_at),
        sheet=_sheet(trip.sheet, sight, whole=whole_sheet) if trip.sheet else None,
        unsigned_reason=sight.text(trip.unsigned_reason),
        unsigned_confirmed_by=trip.unsigned_confirmed_by,
        consent_by=sight.hidden(trip.consent_by),
        ended_at=trip.ended_at,
    )


def _sheet(sheet: CheckSheet, sight: Sight, *, whole: bool) -> v.SheetView:
    shown = whole and sight.customer
    return v.SheetView(
        signed=sheet.signed_at is not None,
        signer=sight.hidden(sheet.signer),
        signed_at=sheet.signed_at,
        sha256=sheet.sha256,
        saved_at=sheet.saved_at,
        client_id=sheet.client_id,
        addenda=len(sheet.addenda),
        content=json.loads(sheet.content) if shown else None,
        added=[json.loads(added) for added in sheet.addenda] if shown else None,
    )


def timeline_view(case: Case, events: Iterable[LoggedEvent], user: User) -> list[v.TimelineView]:
    """The case's events as `user` may see them: a dealer's people see nothing of other dealers' offers and trips."""
    sight = sight_of(user, case)
    others = _of_others(case, sight)
    shown: list[v.TimelineView] = []
    for event in events:
        data: dict[str, Any] = msgspec.json.decode(event.data)
        named = {data.get("offer_id"), data.get("trip_id"), data.get("dealer") or None} - {None}
        if named & others:
            continue
        shown.append(
            v.TimelineView(
                seq=event.seq, kind=event.kind, actor=event.actor, at=event.at, data=masked_event(sight, data)
            )
        )
    return shown


def _of_others(case: Case, sight: Sight) -> set[str]:
    """The dealers, offers and trips that this person may not see."""
    offers = {offer.id: offer.dealer for offer in case.offers}
    trips = {trip.id: trip.dealer for trip in case.trips}
    hidden = {name for name, dealer in {**offers, **trips}.items() if not sight.own(dealer)}
    return hidden | {dealer for dealer in (*offers.values(), *trips.values()) if not sight.own(dealer)}


def dealer_view(dealer: Dealer, places: Places, doubts: Iterable[str] = ()) -> v.DealerView:
    """A dealer."""
    return v.DealerView(
        code=dealer.code,
        name=dealer.name,
        city_code=dealer.city_code,
        city_name=places.city_name(dealer.city_code) or "",
        location=_point(dealer.site),
        phone=dealer.phone,
        specialist=v.PersonView(name=dealer.specialist.name, phone=dealer.specialist.phone),
        brands=list(dealer.brands),
        region=dealer.region,
        active=dealer.active,
        doubts=list(doubts),
    )


def vehicle_view(vehicle: Vehicle) -> v.VehicleView:
    """A rescue vehicle."""
    return v.VehicleView(
        plate=vehicle.plate,
        kind=vehicle.kind,
        dealer=vehicle.dealer,
        on_duty=vehicle.on_duty,
        tools=list(vehicle.tools),
        tracked=vehicle.tracked,
        official_plate=official_plate(vehicle.plate),
    )


def live_view(
    live: LivePosition, roster: Mapping[str, Vehicle], busy: frozenset[str], now: datetime
) -> v.LiveVehicleView:
    """A vehicle's last known position."""
    return v.LiveVehicleView(**live_fields(live, roster, busy, now))


def live_fields(
    live: LivePosition, roster: Mapping[str, Vehicle], busy: frozenset[str], now: datetime
) -> dict[str, Any]:
    """What `LiveVehicleView` holds."""
    vehicle = roster.get(live.plate)
    return {
        "vehicle": live.plate,
        "plate": live.plate,
        "kind": vehicle.kind if vehicle else None,
        "dealer": vehicle.dealer if vehicle else "",
        "state": _state(vehicle, busy) if vehicle else None,
        "lat": live.position.lat,
        "lon": live.position.lon,
        "fix_time": live.fix_time,
        "age_s": age_s(live.fix_time, now),
        "speed_mps": live.speed_mps,
        "course_deg": live.course_deg,
    }


def _state(vehicle: Vehicle, busy: frozenset[str]) -> VehicleState:
    if vehicle.plate in busy:
        return VehicleState.BUSY
    return VehicleState.FREE if vehicle.on_duty else VehicleState.OFF_DUTY


def fix_view(point: TrailPoint, now: datetime) -> v.FixView:
    """One fix of a trail."""
    fix = point.fix
    return v.FixView(
        fix_time=fix.time,
        lat=fix.position.lat,
        lon=fix.position.lon,
        age_s=age_s(fix.time, now),
        speed_mps=fix.speed_mps,
        course_deg=fix.course_deg,
        accuracy_m=fix.accuracy_m,
        flag=point.flag.value,
    )


def age_s(moment: datetime, now: datetime) -> float:
    """Seconds since `moment`, never below 0: a vehicle's clock may be a little ahead."""
    return round(max(0.0, (now - moment).total_seconds()), 1)
