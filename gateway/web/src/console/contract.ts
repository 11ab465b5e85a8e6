/** The names by which the console calls what the service tells. */
import type { components } from "@/api/schema";

type Schemas = components["schemas"];

export type Case = Schemas["CaseView"];
export type Offer = Schemas["OfferView"];
export type Trip = Schemas["TripView"];
export type Candidate = Schemas["CandidateOnDeskView"];
export type { Dealer } from "@/shared/network";
export type Alarm = Schemas["AlarmView"];
export type Task = Schemas["TaskView"];
export type Shift = Schemas["ShiftView"];
export type CallerFile = Schemas["CallerView"];
export type KnownCar = Schemas["KnownCarView"];
export type PlaceFound = Schemas["PlaceFoundView"];
export type TimelineEntry = Schemas["TimelineView"];
export type RescueVehicle = Schemas["VehicleView"];
export type NewCase = Schemas["NewCase"];
export type Datum = Schemas["Datum"];
export type Channel = Schemas["Channel"];
export type Energy = Schemas["Energy"];
export type Drive = Schemas["Drive"];

export type { Fault } from "@/shared/faults";
/** A question about the car that decides what is sent (R17). */
export type Question = Schemas["Question"];
