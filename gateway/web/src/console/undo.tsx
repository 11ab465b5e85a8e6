/** Five seconds in which a step can be taken back: either it waits for them, or it has been done and is undone. */
import { useSyncExternalStore } from "react";
import { useWords } from "@/shared/words";
import { useKeys } from "./keys";

export const UNDO_MS = 5_000;

interface Step {
  id: number;
  text: string;
  undo: () => void;
  /** Only of a step that has not been done yet. */
  commit?: () => void;
  /** Only of one that has been done: the case in which something may make it too late. */
  about?: string;
}

let steps: readonly Step[] = [];
let last = 0;
const timers = new Map<number, number>();
const listeners = new Set<() => void>();

function become(next: readonly Step[]): void {
  steps = next;
  for (const listener of listeners) listener();
}

function leave(step: Step): void {
  window.clearTimeout(timers.get(step.id));
  timers.delete(step.id);
  become(steps.filter(({ id }) => id !== step.id));
}

function add(given: Omit<Step, "id">): void {
  const step: Step = { ...given, id: ++last };
  timers.set(
    step.id,
    window.setTimeout(() => {
      leave(step);
      step.commit?.();
    }, UNDO_MS),
  );
  become([...steps, step]);
}

/** It is done in the case `about`; `undo` takes it back. */
export const canBeUndone = (text: string, about: string, undo: () => void): void => add({ text, about, undo });

/** Somebody has answered in this case: what was done there is not to be taken back any more. */
export function tooLateToUndo(about: string): void {
  for (const step of steps) if (step.about === about) leave(step);
}

/** It is done in five seconds, or at once when the page is left. */
export const doneSoon = (text: string, commit: () => void): void => add({ text, undo: () => undefined, commit });

window.addEventListener("pagehide", () => {
  for (const step of steps) {
    leave(step);
    step.commit?.();
  }
});

function takeBack(step: Step | undefined): void {
  if (!step) return;
  leave(step);
  step.undo();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function UndoBar() {
  const t = useWords();
  const shown = useSyncExternalStore(subscribe, () => steps);
  useKeys({ u: () => takeBack(steps.at(-1)), "ctrl+z": () => takeBack(steps.at(-1)) }, shown.length > 0);
  return (
    <div className="undo-bar" role="status" aria-live="polite">
      {shown.map((step) => (
        <div key={step.id} className="undo-step">
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <circle cx="8" cy="8" r="6" pathLength="100" />
          </svg>
          {step.text}
          <button type="button" className="plain" onClick={() => takeBack(step)}>
            {t("console.undo")} <kbd>U</kbd>
          </button>
        </div>
      ))}
    </div>
  );
}
