/** A row of answers, each with a key of its own; the key chooses and moves on, as Enter does. */
import { type KeyboardEvent, type Ref, useId } from "react";

export interface Choice<T extends string> {
  value: T;
  label: string;
  hot: string;
}

interface ChoicesProps<T extends string> {
  label: string;
  options: readonly Choice<T>[];
  value: T | "";
  onChange: (value: T) => void;
  /** With what was chosen. */
  onNext: (value: T | "") => void;
  ref?: Ref<HTMLDivElement>;
  invalid?: boolean;
}

export function Choices<T extends string>({ label, options, value, onChange, onNext, ref, invalid }: ChoicesProps<T>) {
  const id = useId();
  const at = options.findIndex((option) => option.value === value);

  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const key = event.key.toLowerCase();
    const hot = options.find((option) => option.hot.toLowerCase() === key);
    const step = { arrowright: 1, arrowdown: 1, arrowleft: -1, arrowup: -1 }[key];
    if (hot) {
      onChange(hot.value);
      onNext(hot.value);
    } else if (step) {
      const next = options[(at + step + options.length) % options.length];
      if (next) onChange(next.value);
    } else if (key === "enter") onNext(value);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={ref}
      className="choices"
      role="radiogroup"
      aria-label={label}
      aria-invalid={invalid || undefined}
      tabIndex={0}
      aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
      onKeyDown={press}
    >
      {options.map((option, place) => (
        // biome-ignore lint/a11y/useSemanticElements: a native radio cannot hold a key of its own beside its word
        <button
          key={option.value}
          id={`${id}-${place}`}
          type="button"
          role="radio"
          tabIndex={-1}
          aria-checked={option.value === value}
          onClick={() => onChange(option.value)}
        >
          <kbd>{option.hot}</kbd>
          {option.label}
        </button>
      ))}
    </div>
  );
}
