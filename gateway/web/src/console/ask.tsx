/** One question to the dispatcher in a dialog: what it asks, what was answered, and what the service said to it. */
import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState, useSyncExternalStore } from "react";
import { newKey, whyNotByField } from "@/shared/api";
import { useWords } from "@/shared/words";

export interface AskedField {
  name: string;
  label: string;
  kind?: "text" | "long" | "number" | "tel" | "choice" | "check";
  options?: readonly { value: string; label: string }[];
  value?: string;
  /** Words that are often said; a click takes them. */
  often?: readonly string[];
  optional?: boolean;
  min?: number;
  max?: number;
}

export type Answers = Readonly<Record<string, string>>;

export interface Question {
  title: string;
  detail?: string;
  fields?: readonly AskedField[];
  confirm: string;
  danger?: boolean;
  /** Sent under one key however often it is tried. A refusal keeps the dialog open with everything typed. */
  send: (answers: Answers, key: string) => Promise<void> | void;
}

let asked: Question | null = null;
const listeners = new Set<() => void>();

export function ask(question: Question | null): void {
  asked = question;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Asking() {
  const question = useSyncExternalStore(subscribe, () => asked);
  return question ? <AskDialog key={question.title} question={question} /> : null;
}

function AskDialog({ question }: { question: Question }) {
  const t = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const { fields = [] } = question;
  const [answers, setAnswers] = useState<Record<string, string>>(() =>
    Object.fromEntries(fields.map((field) => [field.name, field.value ?? ""])),
  );
  const [wrong, setWrong] = useState<ReadonlyMap<string, string>>(new Map());
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey());

  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown?.showModal();
    shown?.querySelector<HTMLElement>("input, textarea, select, button[type=submit]")?.focus();
    return () => {
      shown?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);

  const set = (name: string, value: string) => {
    setAnswers((now) => ({ ...now, [name]: value }));
    setWrong((now) => new Map([...now].filter(([field]) => field !== name)));
    key.current = newKey(); // another answer is another intention
  };

  async function submit(event: FormEvent) {
    event.preventDefault();
    const absent = fields.filter((field) => !field.optional && field.kind !== "check" && !answers[field.name]?.trim());
    if (absent.length) {
      setWrong(new Map(absent.map((field) => [field.name, t("console.required")])));
      return;
    }
    setBusy(true);
    setWrong(new Map());
    try {
      await question.send(answers, key.current);
      if (asked === question) ask(null);
    } catch (error) {
      setWrong(whyNotByField(error));
    } finally {
      setBusy(false);
    }
  }

  const named = new Set(fields.map((field) => field.name));
  const elsewhere = [...wrong].filter(([field]) => !named.has(field)).map(([, reason]) => reason);
  return (
    <dialog ref={dialog} className="ask" aria-labelledby="ask-title" onCancel={() => ask(null)}>
      <form noValidate onSubmit={(event) => void submit(event)} onKeyDown={sendByKey}>
        <h2 id="ask-title">{question.title}</h2>
        {question.detail ? <p>{question.detail}</p> : null}
        {fields.map((field) => (
          <AskedInput
            key={field.name}
            field={field}
            value={answers[field.name] ?? ""}
            wrong={wrong.get(field.name)}
            onChange={(value) => set(field.name, value)}
          />
        ))}
        <div role="alert" className="wrong">
          {elsewhere.join(" · ")}
        </div>
        <footer>
          <button type="button" onClick={() => ask(null)}>
            {t("console.never_mind")} <kbd>Esc</kbd>
          </button>
          <button type="submit" className={question.danger ? "danger" : "primary"} disabled={busy}>
            {question.confirm} <kbd>{fields.some(({ kind }) => kind === "long") ? "Ctrl ↵" : "↵"}</kbd>
          </button>
        </footer>
      </form>
    </dialog>
  );
}

/** Enter sends from a list of choices as well, and Ctrl+Enter from a longer text. */
function sendByKey(event: KeyboardEvent<HTMLFormElement>): void {
  const chord = event.ctrlKey || event.metaKey;
  if (event.key !== "Enter" || !(event.target instanceof HTMLSelectElement || chord)) return;
  event.preventDefault();
  event.currentTarget.requestSubmit();
}

function AskedInput({
  field,
  value,
  wrong,
  onChange,
}: {
  field: AskedField;
  value: string;
  wrong: string | undefined;
  onChange: (value: string) => void;
}) {
  const id = useId();
  /** The words that are taken stand in the field, which has the keyboard: Enter sends them. */
  const takeWords = (words: string) => {
    onChange(words);
    document.getElementById(id)?.focus();
  };
  const { kind = "text", label, options = [], often = [], optional, min, max } = field;
  if (kind === "check") {
    return (
      <label className="check">
        <input
          type="checkbox"
          checked={value === "yes"}
          onChange={(event) => onChange(event.target.checked ? "yes" : "")}
        />
        {label}
      </label>
    );
  }
  const common = { id, value, required: !optional, "aria-invalid": wrong ? true : undefined };
  return (
    <div className="asked">
      <label htmlFor={id}>{label}</label>
      {kind === "choice" ? (
        <select {...common} onChange={(event) => onChange(event.target.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      ) : kind === "long" ? (
        <textarea {...common} rows={2} maxLength={2000} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <input
          {...common}
          type={kind}
          min={min}
          max={max}
          maxLength={400}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {often.length ? (
        <span className="often">
          {often.map((words) => (
            <button key={words} type="button" className="plain" onClick={() => takeWords(words)}>
              {words}
            </button>
          ))}
        </span>
      ) : null}
      {wrong ? <span className="wrong">{wrong}</span> : null}
    </div>
  );
}
