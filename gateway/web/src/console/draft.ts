/** A call as it is being taken down: what was said so far, and the case that it makes. Pure. */
import { newKey } from "@/shared/api";
import type {
  CallerFile,
  Channel,
  Datum,
  Drive,
  Energy,
  Fault,
  KnownCar,
  NewCase,
  PlaceFound,
  Question,
} from "./contract";

export interface Standing {
  /** As given, in its own datum. */
  lat: number;
  lon: number;
  datum: Datum;
  accuracy_m: number | null;
  /** The same in WGS-84, for the map. */
  shown: { lat: number; lon: number };
  source: "typed" | "map" | "link";
}

export interface Draft {
  /** Names this call: sent twice, it makes one case. */
  key: string;
  phone: string;
  name: string;
  plate: string;
  car: Omit<KnownCar, "plate" | "last_case_at"> | null;
  energy: Energy | "";
  drive: Drive | "";
  spare: "yes" | "no" | "";
  address: string;
  expressway: PlaceFound["expressway"];
  standing: Standing | null;
  city: string;
  doubts: readonly string[];
  datum: Datum;
  link: { id: string; url: string } | null;
  fault: string;
  safe: "safe" | "unsafe" | "";
  channel: Channel;
  dealer: string;
  note: string;
}

/** People on the carriageway are served before others (R18); a crash reported by the car stands higher still. */
const UNSAFE_PRIORITY = 5;

export const newDraft = (): Draft => ({
  key: newKey(),
  phone: "",
  name: "",
  plate: "",
  car: null,
  energy: "",
  drive: "",
  spare: "",
  address: "",
  expressway: null,
  standing: null,
  city: "",
  doubts: [],
  datum: "wgs84",
  link: null,
  fault: "",
  safe: "",
  channel: "hotline_400",
  dealer: "",
  note: "",
});

/** What earlier cases say, where the dispatcher has typed nothing else. */
export function withFile(draft: Draft, file: CallerFile, typed: ReadonlySet<keyof Draft>): Draft {
  const [newest] = file.cars;
  const named = typed.has("name") || !file.caller?.name ? draft : { ...draft, name: file.caller.name };
  return newest && !typed.has("plate") ? withCar(named, newest) : named;
}

export function withCar(draft: Draft, { last_case_at: _last, plate, ...car }: KnownCar): Draft {
  return {
    ...draft,
    plate,
    car,
    energy: car.energy ?? "",
    drive: car.drive ?? "",
    spare: car.spare_wheel === null ? "" : car.spare_wheel ? "yes" : "no",
  };
}

/** A reading of what was typed. Coordinates keep the address that stands there; other places name theirs. */
export function withPlace(draft: Draft, found: PlaceFound): Draft {
  const named = found.kind === "coordinates" ? draft.address : found.address;
  const place = { ...draft, address: named, expressway: found.expressway ?? draft.expressway };
  if (found.lat === null || found.lon === null) return { ...place, standing: null, city: "", doubts: found.doubts };
  const shown = { lat: found.lat, lon: found.lon };
  const given = found.kind === "coordinates" ? asGiven(found.label) : null;
  const standing: Standing = {
    ...(given ?? shown),
    datum: given ? draft.datum : "wgs84",
    accuracy_m: null,
    shown,
    source: "typed",
  };
  return { ...place, standing, city: found.city_name ?? "", doubts: found.doubts };
}

/** The service's own reading of typed coordinates, before it put them into WGS-84. */
function asGiven(label: string): { lat: number; lon: number } | null {
  const [lat, lon] = label.split(",").map(Number);
  return lat !== undefined && lon !== undefined && Number.isFinite(lat) && Number.isFinite(lon) ? { lat, lon } : null;
}

export const onMap = (draft: Draft, lat: number, lon: number): Draft => ({
  ...draft,
  standing: { lat, lon, datum: "wgs84", accuracy_m: null, shown: { lat, lon }, source: "map" },
  city: "",
  doubts: [],
});

/** The phone has said where it is. What the dispatcher has set on the map meanwhile stays. */
export function fromPhone(draft: Draft, said: { lat: number; lon: number; accuracy_m: number | null }): Draft {
  const { standing } = draft;
  const same = standing?.source === "link" && standing.lat === said.lat && standing.lon === said.lon;
  if (same || standing?.source === "map") return draft;
  const { lat, lon, accuracy_m } = said;
  return {
    ...draft,
    standing: { lat, lon, datum: "wgs84", accuracy_m, shown: { lat, lon }, source: "link" },
    city: "",
    doubts: [],
  };
}

/** The questions to ask, for this fault (R17). */
export const questionsOf = (fault: Fault | undefined): readonly Question[] => fault?.asks ?? [];

/** What is still missing before the case can be opened. */
export function missing(draft: Draft): ("phone" | "place" | "fault" | "dealer")[] {
  const absent: ("phone" | "place" | "fault" | "dealer")[] = [];
  if (!draft.phone.trim()) absent.push("phone");
  if (!draft.standing) absent.push("place");
  if (!draft.fault) absent.push("fault");
  if (draft.channel === "dealer_24h" && !draft.dealer) absent.push("dealer");
  return absent;
}

/** `unsafe` is what the note says where people are not in safety. Null while something is missing. */
export function caseOf(draft: Draft, unsafe: string): NewCase | null {
  const { standing, car } = draft;
  if (!standing || missing(draft).length > 0) return null;
  const { lat, lon, datum, accuracy_m } = standing;
  return {
    channel: draft.channel,
    caller: { name: draft.name.trim(), phone: draft.phone },
    car: {
      plate: draft.plate,
      vin: car?.vin ?? "",
      brand: car?.brand ?? "",
      model: car?.model ?? "",
      energy: draft.energy || null,
      drive: draft.drive || null,
      registered_city_code: car?.registered_city_code ?? null,
      spare_wheel: draft.spare === "" ? null : draft.spare === "yes",
    },
    location: { lat, lon, datum, accuracy_m, address: draft.address.trim() },
    fault: draft.fault,
    note: [draft.safe === "unsafe" ? unsafe : "", draft.note.trim()].filter(Boolean).join(" · "),
    priority: draft.safe === "unsafe" ? UNSAFE_PRIORITY : 0,
    expressway: draft.expressway,
    hand_over: null,
    link: draft.link?.id ?? "",
    dealer: draft.channel === "dealer_24h" ? draft.dealer : null,
  };
}
