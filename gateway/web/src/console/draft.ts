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

export interface Point {
  /** As given, in its own datum. */
  lat: number;
  lon: number;
  datum: Datum;
  /** The same in WGS-84, for the map. */
  shown: { lat: number; lon: number };
}

export interface Standing extends Point {
  accuracy_m: number | null;
  source: "typed" | "map" | "link";
}

/** What the caller's phone says of where it is. */
export interface Heard {
  lat: number;
  lon: number;
  accuracy_m: number | null;
}

/** Where 12122 rescue hands the car over, with what it is called (R18). */
export interface HandOver extends Point {
  label: string;
}

export interface Draft {
  /** What the dispatcher has said: the caller's file does not fill it in. A `car` was chosen among the caller's own. */
  said: ReadonlySet<string>;
  /** Names this call: sent twice, it makes one case. What is refused uses no key up, so it stays until the case is open. */
  key: string;
  /** The call has a case already, from an earlier press whose answer was lost: another one is opened only knowingly. */
  taken: boolean;
  phone: string;
  name: string;
  plate: string;
  car: Omit<KnownCar, "plate" | "last_case_at"> | null;
  energy: Energy | "";
  drive: Drive | "";
  spare: "yes" | "no" | "";
  address: string;
  expressway: PlaceFound["expressway"];
  handOver: HandOver | null;
  standing: Standing | null;
  city: string;
  doubts: readonly string[];
  datum: Datum;
  link: { id: string; url: string } | null;
  /** Where the caller's phone said last that it was. */
  heard: Heard | null;
  fault: string;
  safe: "safe" | "unsafe" | "";
  channel: Channel;
  dealer: string;
  note: string;
}

/** People on the carriageway are served before others (R18); a crash reported by the car stands higher still. */
const UNSAFE_PRIORITY = 5;

/** Nothing known of where the car stands. */
export const NOWHERE = {
  address: "",
  expressway: null,
  handOver: null,
  standing: null,
  city: "",
  doubts: [],
} as const;

export const newDraft = (): Draft => ({
  said: new Set(),
  key: newKey(),
  taken: false,
  phone: "",
  name: "",
  plate: "",
  car: null,
  energy: "",
  drive: "",
  spare: "",
  ...NOWHERE,
  datum: "wgs84",
  link: null,
  heard: null,
  fault: "",
  safe: "",
  channel: "hotline_400",
  dealer: "",
  note: "",
});

/** The service has a case under the draft's key. All that was typed stays; what is sent now is another call. */
export const asTaken = (draft: Draft): Draft => ({ ...draft, key: newKey(), taken: true });

/** What the dispatcher says. Another number is another caller: what came from the file of the first one goes. */
export function withSaid<K extends keyof Draft>(draft: Draft, name: K, value: Draft[K]): Draft {
  const said = new Set(draft.said).add(name);
  if (name !== "phone" || draft.taken) return { ...draft, [name]: value, said };
  said.delete("car");
  return unlessSaid({ ...draft, [name]: value, said }, { name: "", ...UNKNOWN_CAR });
}

/** What earlier cases say, where the dispatcher has said nothing else. A draft that was sent is changed by hand only. */
export function withFile(draft: Draft, file: CallerFile): Draft {
  if (draft.taken) return draft;
  const [newest] = file.cars;
  const named = file.caller?.name ? unlessSaid(draft, { name: file.caller.name }) : draft;
  return newest && !draft.said.has("plate") ? unlessSaid(named, factsOf(newest)) : named;
}

/** `facts` into the draft, but for what the dispatcher has said, and for a car that the dispatcher has chosen. */
function unlessSaid(draft: Draft, facts: Partial<Draft>): Draft {
  const { said } = draft;
  const open = Object.entries(facts).filter(([name]) => !said.has(name) && !(said.has("car") && name in UNKNOWN_CAR));
  return { ...draft, ...Object.fromEntries(open) };
}

/** One of the caller's cars, chosen by the dispatcher: what was said before was of another one. */
export function withChosen(draft: Draft, car: KnownCar): Draft {
  const others = [...draft.said].filter((name) => !(name in UNKNOWN_CAR));
  return { ...draft, ...factsOf(car), said: new Set([...others, "car"]) };
}

const UNKNOWN_CAR = { plate: "", car: null, energy: "", drive: "", spare: "" } as const;

const factsOf = ({ last_case_at: _last, plate, ...car }: KnownCar): Pick<Draft, keyof typeof UNKNOWN_CAR> => ({
  plate,
  car,
  energy: car.energy ?? "",
  drive: car.drive ?? "",
  spare: car.spare_wheel === null ? "" : car.spare_wheel ? "yes" : "no",
});

/** A reading of what was typed. Coordinates are of the place that is named already; others are another place. */
export function withPlace(draft: Draft, found: PlaceFound): Draft {
  const { address, expressway } = found;
  const along = expressway !== null && expressway.road === draft.expressway?.road;
  const other = { address, expressway, handOver: along ? draft.handOver : null };
  const place = found.kind === "coordinates" ? draft : { ...draft, ...other };
  const point = pointOf(found, draft.datum);
  if (!point) return { ...place, standing: null, city: "", doubts: found.doubts };
  const standing: Standing = { ...point, accuracy_m: null, source: "typed" };
  return { ...place, standing, city: found.city_name ?? "", doubts: found.doubts };
}

/** The same reading as the hand-over point; null where it is no position. */
export function handOverOf(found: PlaceFound, datum: Datum): HandOver | null {
  const point = pointOf(found, datum);
  return point && { ...point, label: found.address || found.label };
}

/** `datum` is that in which coordinates were typed; other places are known in WGS-84. */
function pointOf(found: PlaceFound, datum: Datum): Point | null {
  if (found.lat === null || found.lon === null) return null;
  const shown = { lat: found.lat, lon: found.lon };
  const given = found.kind === "coordinates" ? asGiven(found.label) : null;
  return given ? { ...given, datum, shown } : { ...shown, datum: "wgs84", shown };
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

/** The phone has said where it is. What the dispatcher has set otherwise, or taken away, stays so. */
export function fromPhone(draft: Draft, said: Heard): Draft {
  const { standing, heard } = draft;
  if (heard?.lat === said.lat && heard.lon === said.lon) return draft;
  const told = { ...draft, heard: said };
  return standing && standing.source !== "link" ? told : withPhone(told, said);
}

/** The phone's position, whatever stood there. */
export const withPhone = (draft: Draft, { lat, lon, accuracy_m }: Heard): Draft => ({
  ...draft,
  standing: { lat, lon, datum: "wgs84", accuracy_m, shown: { lat, lon }, source: "link" },
  city: "",
  doubts: [],
});

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
  const { handOver } = draft;
  // Both are told in one datum: the one in which they were given, or else WGS-84.
  const asTold = !handOver || handOver.datum === standing.datum;
  const told = (point: Point) => (asTold ? { lat: point.lat, lon: point.lon } : point.shown);
  const datum = asTold ? standing.datum : "wgs84";
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
    location: { ...told(standing), datum, accuracy_m: standing.accuracy_m, address: draft.address.trim() },
    fault: draft.fault,
    note: [draft.safe === "unsafe" ? unsafe : "", draft.note.trim()].filter(Boolean).join(" · "),
    priority: draft.safe === "unsafe" ? UNSAFE_PRIORITY : 0,
    expressway: draft.expressway,
    hand_over: handOver && told(handOver),
    link: draft.link?.id ?? "",
    dealer: draft.channel === "dealer_24h" ? draft.dealer : null,
  };
}
