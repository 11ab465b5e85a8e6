// What a card means: its colour, shape and word, its place in the order, and the one countdown that matters now.

import { clockTime, duration, minutesAndSeconds } from "./time.js";
import { word } from "./words.js";

const NEEDS_DISPATCHER = new Set(["unassigned", "awaiting_second_dispatch"]);

// In the order of the life of a case. A shape is a path in a box of 16 by 16.
export const SHAPES = {
  unassigned: "M8 2.2 14.4 13.4H1.6zM8 6.4v3.4M8 11.6v.2",
  awaiting_second_dispatch: "M8 2.2 14.4 13.4H1.6zM8 6.4v3.4M8 11.6v.2",
  open: "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 1 0 8 2.4z",
  offered: "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 1 0 8 2.4zM8 5v3.2l2.2 1.4",
  accepted: "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 1 0 8 2.4zM5.4 8.2l1.9 1.9 3.4-4",
  en_route: "M2 8h11M8.6 3.8 13 8l-4.4 4.2",
  on_scene: "M8 14.2S3.6 9.8 3.6 6.5a4.4 4.4 0 0 1 8.8 0C12.4 9.8 8 14.2 8 14.2zM8 5.2a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 1 0 0-2.8z",
  towing: "M8.6 1.8v4.4M8.6 6.2c3.6 1 3.6 7-.6 7-2.4 0-3.6-1.6-3.4-3.4l2 1",
  late: "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 1 0 8 2.4zM8 5v3.8M8 10.9v.2",
  completed: "M2.6 8.6 6.4 12.4 13.4 4.2",
};

export const needsDispatcher = (card) => NEEDS_DISPATCHER.has(card.status);

export const isLate = (card, now) =>
  card.late || (card.deadline_kind === "promise" && Date.parse(card.deadline_at) < now);

// The name of the card's colour: the same on board, map and drawer.
export function tone(card, now) {
  if (needsDispatcher(card)) return "needs";
  return isLate(card, now) ? "late" : card.status;
}

// Needs a dispatcher, then late, then waiting for an offer, then by deadline, then the rest; oldest first.
export function orderKey(card, now) {
  const opened = Date.parse(card.opened_at);
  if (needsDispatcher(card)) return [0, opened];
  if (isLate(card, now)) return [1, card.deadline_at ? Date.parse(card.deadline_at) : opened];
  if (card.status === "open") return [2, opened];
  if (card.deadline_at) return [3, Date.parse(card.deadline_at)];
  return [card.status === "completed" ? 5 : 4, opened];
}

export function inOrder(cards, now) {
  return cards
    .map((card) => [orderKey(card, now), card])
    .sort(([a, x], [b, y]) => a[0] - b[0] || a[1] - b[1] || (x.number < y.number ? -1 : 1))
    .map(([, card]) => card);
}

// `press` is "soon" or "over" where the time left is short or has passed.
export function countdown(card, now) {
  const deadline = card.deadline_at ? Date.parse(card.deadline_at) : null;
  const left = deadline - now;
  if (deadline !== null && card.deadline_kind === "offer") {
    return { text: word("page.answer_within", { t: minutesAndSeconds(left) }), press: left < 30_000 ? "soon" : "" };
  }
  if (deadline !== null) {
    const time = clockTime(deadline);
    return left < 0
      ? { text: word("page.overdue", { time, t: duration(-left) }), press: "over" }
      : { text: word("page.arrives", { time, t: duration(left) }), press: left < 300_000 ? "soon" : "" };
  }
  const waiting = needsDispatcher(card) || card.status === "open";
  const text = word(waiting ? "page.waiting" : "page.running", { t: duration(now - Date.parse(card.opened_at)) });
  return { text, press: needsDispatcher(card) ? "over" : "" };
}

export const statusWord = (card) => word(`case.status.${card.status}`);

const FRESH_MS = 60_000;
const LOST_MS = 300_000;

// "fresh", "grey" when the fix is older than 60 s, "lost" when older than 5 min.
export function freshness(vehicle, now) {
  const old = now - Date.parse(vehicle.fix_time);
  if (old > LOST_MS) return "lost";
  return old > FRESH_MS ? "grey" : "fresh";
}

// 沪A12345 as it is painted on the car: 沪A·12345.
export const plateText = (plate) => (/^\p{Script=Han}[A-Z][0-9A-Z*\p{Script=Han}]/u.test(plate) ? `${plate.slice(0, 2)}·${plate.slice(2)}` : plate);
