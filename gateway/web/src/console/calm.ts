/** Nothing jumps while one reads: a new order is taken up after 400 ms, and what moved keeps a trace for a moment. */
import { useEffect, useRef, useState } from "react";

export const CALM_MS = 400;
export const TRACE_MS = 2_000;

const NOTHING: ReadonlySet<string> = new Set();

/** Those of `after` that are new or changed places among the others: all but the longest part that kept its order. */
export function movedBetween(before: readonly string[], after: readonly string[]): ReadonlySet<string> {
  const placeBefore = new Map(before.map((id, at) => [id, at]));
  const moved = new Set(after.filter((id) => !placeBefore.has(id)));
  const kept = after.filter((id) => placeBefore.has(id));
  // The longest increasing run of former places; `tails[n]` ends the best run of n + 1.
  const tails: number[] = [];
  const previous = new Map<number, number>();
  const places = kept.map((id) => placeBefore.get(id) as number);
  for (const [at, place] of places.entries()) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((places[tails[middle] as number] as number) < place) low = middle + 1;
      else high = middle;
    }
    if (low > 0) previous.set(at, tails[low - 1] as number);
    tails[low] = at;
  }
  const stayed = new Set<number>();
  for (let at = tails.at(-1); at !== undefined; at = previous.get(at)) stayed.add(at);
  for (const [at, id] of kept.entries()) if (!stayed.has(at)) moved.add(id);
  return moved;
}

/** `wanted` in calm. A new `view`, such as another filter, is a person's own wish and taken up at once. */
export function useCalmOrder(
  wanted: readonly string[],
  view: string,
): { order: readonly string[]; moved: ReadonlySet<string> } {
  const [shown, setShown] = useState({ order: wanted, moved: NOTHING, view });
  const latest = useRef(wanted);
  latest.current = wanted;
  // The first rows, and those of another view, have nothing to be calm against.
  const fresh = shown.view !== view || shown.order.length === 0;
  const current = fresh ? { order: wanted, moved: NOTHING, view } : shown;
  const differs = !sameOrder(current.order, wanted);

  useEffect(() => {
    if (!differs) return;
    const timer = window.setTimeout(() => {
      setShown({ order: latest.current, moved: movedBetween(current.order, latest.current), view });
    }, CALM_MS);
    return () => window.clearTimeout(timer);
  }, [differs, current.order, view]);

  useEffect(() => {
    if (shown.moved.size === 0) return;
    const timer = window.setTimeout(() => setShown((now) => ({ ...now, moved: NOTHING })), TRACE_MS);
    return () => window.clearTimeout(timer);
  }, [shown.moved]);

  const filled = wanted.length > 0;
  useEffect(() => {
    if (fresh && filled) setShown({ order: latest.current, moved: NOTHING, view });
  }, [fresh, filled, view]);

  return current;
}

const sameOrder = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((id, at) => id === b[at]));
