/** What a dispatcher can do in a case, as calls of the service. Each is sent under the key of one intention. */
import { api, told } from "@/shared/api";
import type { Case, Offer, Trip } from "./contract";

const at = (case_id: string, key: string) => ({ params: { path: { case_id } }, headers: { "Idempotency-Key": key } });
const ofOffer = (offer_id: string, key: string) => ({
  params: { path: { offer_id } },
  headers: { "Idempotency-Key": key },
});
const ofTrip = (trip_id: string, key: string) => ({
  params: { path: { trip_id } },
  headers: { "Idempotency-Key": key },
});

/** `dealer` empty: the nearest that is able (R1). */
export const offerTo = (id: string, dealer: string, override_reason: string, key: string): Promise<Offer> =>
  told(
    api.POST("/api/v1/cases/{case_id}/offers", { ...at(id, key), body: { dealer: dealer || null, override_reason } }),
  );

export const withdraw = (offer: string, reason: string, key: string): Promise<Offer> =>
  told(api.POST("/api/v1/offers/{offer_id}/withdraw", { ...ofOffer(offer, key), body: { reason } }));

export const decline = (offer: string, reason: string, key: string): Promise<Offer> =>
  told(api.POST("/api/v1/offers/{offer_id}/decline", { ...ofOffer(offer, key), body: { reason } }));

export interface Accepted {
  vehicle: string;
  driver: { name: string; phone: string };
  crew: number;
  eta_minutes: number;
  reason: string;
}

export const accept = (offer: string, body: Accepted, key: string): Promise<Trip> =>
  told(api.POST("/api/v1/offers/{offer_id}/accept", { ...ofOffer(offer, key), body }));

export const cancel = (id: string, by: "customer" | "cac", reason: string, key: string): Promise<Case> =>
  told(api.POST("/api/v1/cases/{case_id}/cancel", { ...at(id, key), body: { by, reason }, keepalive: true }));

export const fail = (id: string, reason: string, key: string): Promise<Case> =>
  told(api.POST("/api/v1/cases/{case_id}/fail", { ...at(id, key), body: { reason }, keepalive: true }));

export const close = (id: string, reason: string, key: string): Promise<Case> =>
  told(api.POST("/api/v1/cases/{case_id}/close", { ...at(id, key), body: { reason }, keepalive: true }));

export const solveByPhone = (id: string, note: string, key: string): Promise<Case> =>
  told(api.POST("/api/v1/cases/{case_id}/solve_by_phone", { ...at(id, key), body: { note }, keepalive: true }));

/** The address by which the motorist follows the case. */
export const followLink = (id: string, key: string): Promise<{ url: string }> =>
  told(api.POST("/api/v1/links", { body: { case: id }, headers: { "Idempotency-Key": key } }));

export const survey = (id: string, satisfaction: number, comment: string, key: string): Promise<Case> =>
  told(api.POST("/api/v1/cases/{case_id}/survey", { ...at(id, key), body: { satisfaction, comment } }));

export const decideSecond = (
  id: string,
  body: { approve: boolean; needs: "service" | "tow" | null; same_dealer: boolean },
  key: string,
): Promise<Case> => told(api.POST("/api/v1/cases/{case_id}/second_dispatch", { ...at(id, key), body }));

export interface CorrectedPlace {
  lat: number;
  lon: number;
  address: string;
}

export const correctPlace = (id: string, place: CorrectedPlace, reason: string, key: string): Promise<Case> =>
  told(
    api.PATCH("/api/v1/cases/{case_id}", {
      ...at(id, key),
      body: { location: { ...place, datum: "wgs84", accuracy_m: null }, reason },
    }),
  );

export interface TripChange {
  eta_minutes: number | null;
  vehicle: string | null;
  driver: { name: string; phone: string } | null;
  reason: string;
  outside_cause: boolean;
}

export const changeTrip = (trip: string, body: TripChange, key: string): Promise<Trip> =>
  told(api.PATCH("/api/v1/trips/{trip_id}", { ...ofTrip(trip, key), body }));

export const approvePromise = (trip: string, outside_cause: boolean, key: string): Promise<Trip> =>
  told(api.POST("/api/v1/trips/{trip_id}/promise_change/approve", { ...ofTrip(trip, key), body: { outside_cause } }));

export const logCall = (trip: string, note: string, key: string): Promise<Trip> =>
  told(api.POST("/api/v1/trips/{trip_id}/calls", { ...ofTrip(trip, key), body: { note } }));

export const giveBack = (trip: string, reason: string, key: string): Promise<Trip> =>
  told(api.POST("/api/v1/trips/{trip_id}/give_back", { ...ofTrip(trip, key), body: { reason } }));

export const departed = (trip: string, key: string): Promise<Trip> =>
  told(api.POST("/api/v1/trips/{trip_id}/depart", { ...ofTrip(trip, key), body: { at: null } }));

export const arrived = (trip: string, key: string): Promise<Trip> =>
  told(api.POST("/api/v1/trips/{trip_id}/arrive", { ...ofTrip(trip, key), body: { at: null } }));

export const reportOutcome = (
  trip: string,
  body: { result: "repaired" | "towed" | "unresolved"; drivable: boolean; note: string },
  key: string,
): Promise<Trip> => told(api.POST("/api/v1/trips/{trip_id}/outcome", { ...ofTrip(trip, key), body }));

export const fillSheet = (trip: string, sheet: Readonly<Record<string, unknown>>, key: string): Promise<Trip> =>
  told(api.PUT("/api/v1/trips/{trip_id}/checksheet", { ...ofTrip(trip, key), body: sheet }));

export const refuseSignature = (trip: string, refused_reason: string, key: string): Promise<Trip> =>
  told(
    api.POST("/api/v1/trips/{trip_id}/checksheet/sign", {
      ...ofTrip(trip, key),
      body: { signer: "", signature_svg: "", refused_reason },
    }),
  );

export const confirmUnsigned = (trip: string, key: string): Promise<Trip> =>
  told(api.POST("/api/v1/trips/{trip_id}/checksheet/confirm_unsigned", ofTrip(trip, key)));

export const complete = (trip: string, confirmed_by: string, key: string): Promise<Trip> =>
  told(api.POST("/api/v1/trips/{trip_id}/complete", { ...ofTrip(trip, key), body: { confirmed_by } }));
