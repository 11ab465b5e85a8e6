/** Which cases the board shows, and the views that a dispatcher has kept on this computer. */
import type { Card } from "@/shared/feed";
import { isLate, needsDispatcher } from "@/shared/states";

export interface Filters {
  /** States, as the counts name them; none: all. */
  states: readonly Count[];
  text: string;
  needs: "" | "service" | "tow";
  channel: string;
  dealer: string;
}

export const NO_FILTERS: Filters = { states: [], text: "", needs: "", channel: "", dealer: "" };

export const COUNTS = ["needs", "open", "offered", "accepted", "en_route", "on_scene", "towing", "completed"] as const;
export type Count = (typeof COUNTS)[number] | "late";

/** Under which count a card falls; `late` is counted beside. */
export const countOf = (card: Card): Count => (needsDispatcher(card) ? "needs" : (card.status as Count));

export function counted(cards: Iterable<Card>, now: number): Record<Count, number> {
  const counts = Object.fromEntries([...COUNTS, "late"].map((name) => [name, 0])) as Record<Count, number>;
  for (const card of cards) {
    const count = countOf(card);
    if (count in counts) counts[count] += 1;
    if (isLate(card, now)) counts.late += 1;
  }
  return counts;
}

/** `words` are those by which a person may look for the card beside what it holds itself. */
export function passes(card: Card, filters: Filters, now: number, words: (card: Card) => string): boolean {
  const { states, text, needs, channel, dealer } = filters;
  if (states.length > 0 && !states.includes(countOf(card)) && !(states.includes("late") && isLate(card, now))) {
    return false;
  }
  if (needs && card.needs !== needs) return false;
  if (channel && card.channel !== channel) return false;
  if (dealer && card.dealer !== dealer) return false;
  const sought = text.trim().toLowerCase().replace(/[·\s]/g, "");
  if (!sought) return true;
  const held = `${card.number} ${card.plate} ${card.address} ${card.vehicle} ${words(card)}`;
  return held.toLowerCase().replace(/[·\s]/g, "").includes(sought);
}

export interface SavedView {
  name: string;
  filters: Filters;
}

const KEPT_AS = "console.views";

export function savedViews(): SavedView[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? "[]");
    if (!Array.isArray(kept)) return [];
    return (kept as SavedView[]).map(({ name, filters }) => ({ name, filters: { ...NO_FILTERS, ...filters } }));
  } catch {
    return []; // nothing that can be read was kept
  }
}

export function keepViews(views: readonly SavedView[]): void {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(views));
  } catch {
    // kept for this page only
  }
}
