/** A form in a drawer: fields with the service's reason beside each, and what belongs to none above them. */
import { Alert, Button, Drawer, Form, Input } from "antd";
import { type ReactNode, useRef, useState } from "react";
import { useWords } from "@/shared/words";

/** What a drawer edits. It stays while the drawer slides away, so that nobody sees it become something else. */
export interface Editing<Row> {
  open: boolean;
  /** The row as it is on record; null for a new one. */
  known: Row | null;
  /** Goes up with each opening. */
  opening: number;
  edit: (row: Row | null) => void;
  close: () => void;
}

export function useEditing<Row>(): Editing<Row> {
  const [now, setNow] = useState<Pick<Editing<Row>, "open" | "known" | "opening">>({
    open: false,
    known: null,
    opening: 0,
  });
  return {
    ...now,
    edit: (known) => setNow(({ opening }) => ({ open: true, known, opening: opening + 1 })),
    close: () => setNow((last) => ({ ...last, open: false })),
  };
}

export interface FormDrawerProps<T extends object> {
  title: string;
  editing: Pick<Editing<unknown>, "open" | "opening">;
  initial: Partial<T>;
  busy: boolean;
  reasons: ReadonlyMap<string, string>;
  /** Names of the fields that stand in the form; a reason for any other one is shown above. */
  fields: readonly string[];
  onClose: () => void;
  onSubmit: (values: T) => void;
  children: ReactNode;
}

export function FormDrawer<T extends object>(props: FormDrawerProps<T>) {
  const { title, editing, initial, busy, reasons, fields, onClose, onSubmit, children } = props;
  const t = useWords();
  const box = useRef<HTMLDivElement>(null);
  const others = [...reasons].filter(([name]) => !fields.includes(name)).map(([, reason]) => reason);
  const focusFirst = (open: boolean) => {
    const inside = box.current;
    if (!open || inside?.contains(document.activeElement)) return; // somebody who is quick types already
    inside?.querySelector<HTMLInputElement>("input:enabled")?.focus();
  };
  return (
    <Drawer title={title} open={editing.open} onClose={onClose} afterOpenChange={focusFirst} size={480} destroyOnHidden>
      <div ref={box}>
        {others.length ? <Alert type="error" showIcon message={others.join("；")} className="form-alert" /> : null}
        {/* A form of its own for each opening: a form takes its initial values only once, and keeps what is typed. */}
        <Form<T> key={editing.opening} layout="vertical" initialValues={initial} onFinish={onSubmit} disabled={busy}>
          {children}
          <Button type="primary" htmlType="submit" loading={busy} block>
            {t("admin.save")}
          </Button>
        </Form>
      </div>
    </Drawer>
  );
}

export function Field(props: {
  name: string | string[];
  label: string;
  reasons: ReadonlyMap<string, string>;
  required?: boolean;
  valuePropName?: string;
  /** How much of the value one shown unit is, such as 3600 of seconds that are shown as hours. */
  per?: number;
  children: ReactNode;
}) {
  const { name, label, reasons, required = false, valuePropName = "value", per = 1, children } = props;
  const t = useWords();
  const path = Array.isArray(name) ? name.join(".") : name;
  const reason = reasons.get(path);
  return (
    <Form.Item
      name={name}
      label={label}
      valuePropName={valuePropName}
      rules={required ? [{ required: true, message: t("admin.required") }] : []}
      {...(per === 1 ? {} : inUnits(per))}
      {...(reason ? { help: reason, validateStatus: "error" as const } : {})}
    >
      {children}
    </Form.Item>
  );
}

/** The form keeps the value as it is on record; only what is typed is converted. */
const inUnits = (per: number) => ({
  getValueProps: (value: number | null) => ({ value: value === null ? null : value / per }),
  normalize: (shown: number | null) => (shown === null ? null : Math.round(shown * per)),
});

/** Why: kept with the change. */
export function Why({ reasons }: { reasons: ReadonlyMap<string, string> }) {
  const t = useWords();
  return (
    <Field name="reason" label={t("admin.reason")} reasons={reasons} required>
      <Input maxLength={200} />
    </Field>
  );
}
