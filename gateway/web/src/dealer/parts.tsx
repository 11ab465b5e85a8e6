/** Small parts of the phone's page: buttons for a thumb, chips, a sheet that slides up, a field with its reason. */
import { type ReactNode, useId, useState } from "react";
import { useModal } from "@/shared/modal";
import { useWords } from "@/shared/words";

export function Chips<T extends string | number>(props: {
  label: string;
  options: readonly { value: T; text: string }[];
  value: T | null;
  onChange: (value: T) => void;
}) {
  return (
    <fieldset className="chips">
      <legend>{props.label}</legend>
      {props.options.map(({ value, text }) => (
        <button key={value} type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}

/** A labelled field; the service's reason stands right beside it. */
export function Field({
  label,
  reason,
  children,
}: {
  label: string;
  reason?: string | undefined;
  children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {reason ? <p role="alert">{reason}</p> : null}
    </div>
  );
}

/** Over the page, from below; Escape and the back button close it, a picture that is not taken after all does not. */
export function Drawer({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const t = useWords();
  const dialog = useModal();
  return (
    <dialog
      className="drawer"
      ref={dialog}
      aria-label={title}
      onCancel={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <header>
        <h2>{title}</h2>
        <button type="button" className="quiet" onClick={onClose}>
          {t("page.close")}
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** Does one thing at a time, then says that it is done. */
export function useBusy(done: () => void): [boolean, (work: () => Promise<void>) => void] {
  const [busy, setBusy] = useState(false);
  return [
    busy,
    (work) => {
      if (busy) return;
      setBusy(true);
      void work()
        .then(done)
        .finally(() => setBusy(false));
    },
  ];
}
