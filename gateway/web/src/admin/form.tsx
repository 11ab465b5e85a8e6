/** A form in a drawer: fields with the service's reason beside each, and what belongs to none above them. */
import { Alert, Button, Drawer, Form, Input } from "antd";
import { type ReactNode, useEffect } from "react";
import { useWords } from "@/shared/words";

export interface FormDrawerProps<T extends object> {
  title: string;
  open: boolean;
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
  const { title, open, initial, busy, reasons, fields, onClose, onSubmit, children } = props;
  const t = useWords();
  const [form] = Form.useForm<T>();
  useEffect(() => {
    if (open) form.resetFields();
  }, [open, form]);
  const others = [...reasons].filter(([name]) => !fields.includes(name)).map(([, reason]) => reason);
  return (
    <Drawer title={title} open={open} onClose={onClose} size={480} destroyOnHidden>
      {others.length ? <Alert type="error" showIcon message={others.join("；")} className="form-alert" /> : null}
      <Form<T> form={form} layout="vertical" initialValues={initial} onFinish={onSubmit} disabled={busy}>
        {children}
        <Button type="primary" htmlType="submit" loading={busy} block>
          {t("admin.save")}
        </Button>
      </Form>
    </Drawer>
  );
}

export function Field(props: {
  name: string | string[];
  label: string;
  reasons: ReadonlyMap<string, string>;
  required?: boolean;
  valuePropName?: string;
  children: ReactNode;
}) {
  const { name, label, reasons, required = false, valuePropName = "value", children } = props;
  const t = useWords();
  const path = Array.isArray(name) ? name.join(".") : name;
  const reason = reasons.get(path);
  return (
    <Form.Item
      name={name}
      label={label}
      valuePropName={valuePropName}
      rules={required ? [{ required: true, message: t("admin.required") }] : []}
      {...(reason ? { help: reason, validateStatus: "error" as const } : {})}
    >
      {children}
    </Form.Item>
  );
}

/** Why: kept with the change. */
export function Why({ reasons }: { reasons: ReadonlyMap<string, string> }) {
  const t = useWords();
  return (
    <Field name="reason" label={t("admin.reason")} reasons={reasons} required>
      <Input maxLength={200} />
    </Field>
  );
}
