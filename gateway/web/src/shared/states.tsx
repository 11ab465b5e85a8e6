/** What a case's state looks like: a colour, a shape and a word, the same on board, map, list and phone. */

import type { Card, Vehicle } from "./feed";
import { clockTime, duration, minutesAndSeconds } from "./format";
import { t, useWords } from "./words";
import "./states.css";

export type Tone =
  | "open"
  | "offered"
  | "accepted"
  | "en_route"
  | "on_scene"
  | "towing"
  | "completed"
  | "late"
  | "needs"
  | "ended";

/** A path in a box of 16 by 16 for each tone. */
export const SHAPES: Record<Tone, string> = {
  needs: "M8 2.2 14.4 13.4H1.6zM8 6.4v3.4M8 11.6v.2",
  open: "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 1 0 8 2.4z",
  offered: "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 1 0 8 2.4zM8 5v3.2l2.2 1.4",
  accepted: "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 1 0 8 2.4zM5.4 8.2l1.9 1.9 3.4-4",
  en_route: "M2 8h11M8.6 3.8 13 8l-4.4 4.2",
  on_scene:
    "M8 14.2S3.6 9.8 3.6 6.5a4.4 4.4 0 0 1 8.8 0C12.4 9.8 8 14.2 8 14.2zM8 5.2a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 1 0 0-2.8z",
  towing: "M8.6 1.8v4.4M8.6 6.2c3.6 1 3.6 7-.6 7-2.4 0-3.6-1.6-3.4-3.4l2 1",
  late: "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 1 0 8 2.4zM8 5v3.8M8 10.9v.2",
  completed: "M2.6 8.6 6.4 12.4 13.4 4.2",
  ended: "M4 4l8 8M12 4l-8 8",
};

const NEEDS_DISPATCHER = new Set(["unassigned", "awaiting_second_dispatch"]);
const TONE_OF: Record<string, Tone> = { closed: "completed", cancelled: "ended", failed: "ended" };

type Stated = Pick<Card, "status" | "late" | "deadline_kind" | "deadline_at">;

export const needsDispatcher = (card: Pick<Card, "status">): boolean => NEEDS_DISPATCHER.has(card.status);

export const isLate = (card: Stated, now: number): boolean =>
  card.late || (card.deadline_kind === "promise" && card.deadline_at !== null && Date.parse(card.deadline_at) < now);

export function toneOf(card: Stated, now: number): Tone {
  if (needsDispatcher(card)) return "needs";
  return isLate(card, now) ? "late" : toneOfStatus(card.status);
}

/** Of a status alone, where no deadline is known. */
export const toneOfStatus = (status: string): Tone =>
  NEEDS_DISPATCHER.has(status) ? "needs" : (TONE_OF[status] ?? (status in SHAPES ? (status as Tone) : "open"));

/** Needs a dispatcher, then late, then waiting for an offer, then by deadline, then the rest; oldest first. */
export function urgency(card: Card, now: number): [number, number] {
  const opened = Date.parse(card.opened_at);
  if (needsDispatcher(card)) return [0, opened];
  if (isLate(card, now)) return [1, card.deadline_at ? Date.parse(card.deadline_at) : opened];
  if (card.status === "open") return [2, opened];
  if (card.deadline_at) return [3, Date.parse(card.deadline_at)];
  return [card.status === "completed" ? 5 : 4, opened];
}

export function byUrgency(cards: Iterable<Card>, now: number): Card[] {
  return [...cards]
    .map((card) => ({ card, key: urgency(card, now) }))
    .sort((a, b) => a.key[0] - b.key[0] || a.key[1] - b.key[1] || (a.card.number < b.card.number ? -1 : 1))
    .map(({ card }) => card);
}

export interface Countdown {
  text: string;
  /** How hard it presses. */
  press: "" | "soon" | "over";
}

const OFFER_SOON_MS = 30_000;
const PROMISE_SOON_MS = 300_000;

/** The one countdown that matters now; once the rescue is completed nothing counts, and it is the time of the opening. */
export function countdown(card: Card, now: number): Countdown {
  if (card.status === "completed") return { text: `${t("page.opened_at")} ${clockTime(card.opened_at)}`, press: "" };
  const deadline = card.deadline_at ? Date.parse(card.deadline_at) : null;
  if (deadline !== null && card.deadline_kind === "offer") {
    const left = deadline - now;
    return { text: t("page.answer_within", { t: minutesAndSeconds(left) }), press: left < OFFER_SOON_MS ? "soon" : "" };
  }
  if (deadline !== null) {
    const left = deadline - now;
    const time = clockTime(deadline);
    return left < 0
      ? { text: t("page.overdue", { time, t: duration(-left) }), press: "over" }
      : { text: t("page.arrives", { time, t: duration(left) }), press: left < PROMISE_SOON_MS ? "soon" : "" };
  }
  const waiting = needsDispatcher(card) || card.status === "open";
  const text = t(waiting ? "page.waiting" : "page.running", { t: duration(now - Date.parse(card.opened_at)) });
  return { text, press: needsDispatcher(card) ? "over" : "" };
}

export type Freshness = "fresh" | "grey" | "lost";
const FRESH_MS = 60_000;
const LOST_MS = 300_000;

/** "grey" when the fix is older than 60 s, "lost" when older than 5 min. */
export function freshness(vehicle: Pick<Vehicle, "fix_time">, now: number): Freshness {
  const old = now - Date.parse(vehicle.fix_time);
  if (old > LOST_MS) return "lost";
  return old > FRESH_MS ? "grey" : "fresh";
}

export function Shape({ tone, size = 14 }: { tone: Tone; size?: number }) {
  return (
    <svg className="shape" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[tone]} />
    </svg>
  );
}

/** Colour, shape and word of a state. `late` shows the word of lateness beside. */
export function StateMark({ status, tone = toneOfStatus(status) }: { status: string; tone?: Tone }) {
  const words = useWords();
  return (
    <span className="state" data-tone={tone}>
      <Shape tone={tone} />
      {words(`case.status.${status}`)}
      {tone === "late" ? <span className="state-late">{words("page.late")}</span> : null}
    </span>
  );
}
