/** The service's clock, which in a rehearsal runs faster than the wall; every countdown and age is by it. */
import { useSyncExternalStore } from "react";

let toldAt = performance.now();
let toldTime = Date.now();
let speed = 1;

export function setClock(now: string, clockSpeed: number): void {
  toldAt = performance.now();
  toldTime = Date.parse(now);
  speed = clockSpeed;
}

export const serviceNow = (): number => toldTime + (performance.now() - toldAt) * speed;

const TICK_MS = 1000;
const listeners = new Set<() => void>();
let tick = serviceNow();
let timer: number | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(() => {
    tick = serviceNow();
    for (const one of listeners) one();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The service's time in epoch milliseconds, told once a second. One timer serves the whole page. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => tick);
