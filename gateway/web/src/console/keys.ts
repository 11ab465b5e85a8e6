/** The keyboard of the page: one listener, which leaves text fields, dialogs and pressed buttons alone. */
import { type KeyboardEvent as PressOn, useEffect, useRef } from "react";

export type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

/** Those which also work while one types. */
const CHORD = /^(ctrl|alt)\+|^escape$/;

const TEXT_INPUTS = new Set(["text", "search", "tel", "number", "password", "time", "datetime-local", "url", "email"]);

export function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return TEXT_INPUTS.has(target.type);
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLElement && target.isContentEditable)
  );
}

/** `n`, `/`, `?`, `arrowdown`, `ctrl+enter`, `alt+3`. */
export function keyName(event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey">): string {
  // With Alt some keyboards write another character; the digit is told by the key's place.
  const plain = event.altKey && /^(Digit|Key)/.test(event.code) ? event.code.replace(/^(Digit|Key)/, "") : event.key;
  const key = plain.toLowerCase();
  if (event.ctrlKey || event.metaKey) return `ctrl+${key}`;
  return event.altKey ? `alt+${key}` : key;
}

const covered = (): boolean => document.querySelector("dialog[open], [role=dialog][aria-modal]") !== null;

const pressed = (event: KeyboardEvent): boolean =>
  (event.key === "Enter" || event.key === " ") &&
  event.target instanceof Element &&
  event.target.closest("button, a, [role=tab], summary") !== null;

/** While `on`, a key that is in `keys` does what it says there. */
export function useKeys(keys: Keys, on = true): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    if (!on) return;
    const listener = (event: KeyboardEvent) => {
      const name = keyName(event);
      const action = latest.current[name];
      if (!action || event.defaultPrevented || event.isComposing || covered() || pressed(event)) return;
      if (isTyping(event.target) && !CHORD.test(name)) return;
      event.preventDefault();
      action(event);
    };
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, [on]);
}

/** What a click on a row does, Enter on it does as well. */
export const onEnter =
  (act: () => void) =>
  (event: PressOn): void => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
