/** Reading the past at one moment: where a vehicle was between its fixes, and how a case stood. */

/** `[epoch_ms, lat, lon, speed_mps, course_deg]`, in the order of time. */
export type Track = readonly [number, number, number, number | null, number | null][];

export interface Place {
  lat: number;
  lon: number;
  course_deg: number | null;
  /** The last fix was more than a minute before. */
  old: boolean;
}

const OLD_MS = 60_000;
/** Fixes further apart than this are not joined: nobody knows the way between them. */
const APART_MS = 180_000;

/** Where the vehicle was at `now`; null before its first fix. */
export function placeAt(track: Track, now: number): Place | null {
  let low = 0;
  let high = track.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((track[middle]?.[0] ?? 0) <= now) low = middle + 1;
    else high = middle;
  }
  const before = track[low - 1];
  if (!before) return null;
  const after = track[low];
  const [at, lat, lon, , course_deg] = before;
  const old = now - at > OLD_MS;
  if (!after || after[0] - at > APART_MS) return { lat, lon, course_deg, old };
  const share = (now - at) / (after[0] - at);
  return { lat: lat + (after[1] - lat) * share, lon: lon + (after[2] - lon) * share, course_deg, old };
}

const GONE = new Set(["closed", "cancelled", "failed", "completed"]);

/** A case's statuses from when each was recorded, which of the first may be a little after the opening. */
export interface Story {
  opened_at: string;
  statuses: readonly (readonly [number, string])[];
}

/** The status at `now`; null before the case was opened and when it had left the board. */
export function caseStatusAt({ opened_at, statuses }: Story, now: number): string | null {
  if (now < Date.parse(opened_at)) return null;
  const [, status] = statuses.findLast(([at]) => at <= now) ?? statuses[0] ?? [];
  return status === undefined || GONE.has(status) ? null : status;
}
