/** Light for the day, dark for the night shift: the system's wish unless a person says otherwise. */
import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";
export type Wish = Theme | "system";

const KEPT_AS = "theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let wish: Wish = readWish();

function readWish(): Wish {
  try {
    const kept = localStorage.getItem(KEPT_AS);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system"; // storage is forbidden here
  }
}

export const currentTheme = (): Theme => (wish === "system" ? (system.matches ? "dark" : "light") : wish);

function apply(): void {
  document.documentElement.dataset.theme = currentTheme();
  for (const listener of listeners) listener();
}

export function setTheme(next: Wish): void {
  wish = next;
  try {
    localStorage.setItem(KEPT_AS, next);
  } catch {
    // kept for this page only
  }
  apply();
}

export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useTheme = (): Theme => useSyncExternalStore(onTheme, currentTheme);

system.addEventListener("change", apply);
apply();
