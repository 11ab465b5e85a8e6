/** The rules that may be changed: promises, time to answer, weights, ranking, targets, retention; and the fault table. */
import { Alert, Button, Form, Input, InputNumber, Select, Switch, Table, Tag } from "antd";
import { type ReactNode, useState } from "react";
import { toolText } from "@/shared/faults";
import { KPIS } from "@/shared/kpis";
import { NotYet } from "@/shared/notyet";
import { inLanguage, useWords } from "@/shared/words";
import { ToolSelect } from "./choices";
import { type Fault, type Rules, useRules, useWrite } from "./data";
import { Field, FormDrawer, useEditing, Why } from "./form";
import { FIGURES, type Figure } from "./naming";

/** The form stays as it is filled in when somebody else changes the rules: it says so, and is saved on the new ones. */
export function RulesForm() {
  const { data, error } = useRules();
  const [shown, setShown] = useState<Rules | null>(null);
  if (data && !shown) setShown(data);
  if (!data || !shown) return <NotYet error={error} />;
  return <Loaded key={shown.version} rules={shown} newest={data} onShow={setShown} />;
}

function Loaded({ rules, newest, onShow }: { rules: Rules; newest: Rules; onShow: (rules: Rules | null) => void }) {
  const t = useWords();
  const stale = newest.version !== rules.version;
  const [form] = Form.useForm<Rules & { reason: string }>();
  const { send, busy, reasons } = useWrite("rules");
  const weights = Form.useWatch("weights", form) as Record<string, number> | undefined;
  const sum = KPIS.reduce((total, kpi) => total + (weights?.[kpi] ?? rules.weights[kpi] ?? 0), 0);
  const { faults: _faults, version: _version, ...initial } = rules;
  const number = (name: string[] | string, label: string, unit: string, per = 1) => (
    <Field name={name} label={label} reasons={reasons} per={per} required>
      <InputNumber suffix={unit} style={{ width: "100%" }} />
    </Field>
  );
  const figures = (...names: Figure[]) =>
    names.map((name) => {
      const [label, unit, per] = FIGURES[name];
      return <div key={name}>{number(name.split("."), t(label), t(unit), per)}</div>;
    });
  const others = [...reasons].filter(([name]) => name === "" || name === "weights").map(([, reason]) => reason);
  return (
    <Form
      form={form}
      layout="vertical"
      className="rules"
      initialValues={initial}
      disabled={busy}
      onFinish={(values) =>
        void send({ method: "PATCH", path: "/api/v1/admin/rules", body: values })
          .then(() => onShow(null))
          .catch(() => undefined)
      }
    >
      {stale ? (
        <Alert
          type="warning"
          showIcon
          message={t("admin.rules_changed")}
          action={
            <Button size="small" onClick={() => onShow(newest)}>
              {t("admin.load_anew")}
            </Button>
          }
        />
      ) : null}
      {others.length ? <Alert type="error" showIcon message={others.join("；")} /> : null}
      <Part title={t("admin.part_offers")}>
        {figures("offer_timeout_s", "auto_close_s")}
        <Field name="keep_brands_apart" label={t("admin.brands_apart")} reasons={reasons} valuePropName="checked">
          <Switch />
        </Field>
      </Part>
      <Part title={t("admin.part_promise")}>
        {figures(
          "promise.district_minutes",
          "promise.county_minutes",
          "promise.near_m",
          "promise.near_minutes",
          "promise.far_m",
          "promise.far_minutes",
        )}
      </Part>
      <Part title={t("admin.part_weights", { n: sum })}>
        {KPIS.map((kpi) => (
          <div key={kpi}>{number(["weights", kpi], t(`kpi.${kpi}`), "%")}</div>
        ))}
        {figures("min_cases_ranked")}
      </Part>
      <Part title={t("admin.part_targets")}>
        {[...KPIS, "acceptance"].map((kpi) => (
          <Field key={kpi} name={["targets", kpi]} label={t(`kpi.${kpi}`)} reasons={reasons}>
            <InputNumber suffix="%" min={0} max={100} style={{ width: "100%" }} />
          </Field>
        ))}
      </Part>
      <Part title={t("admin.part_retention")}>
        {figures(
          "retention.position_days",
          "retention.quarantine_days",
          "retention.photo_days",
          "retention.motorist_link_days",
        )}
      </Part>
      <div className="rules-end">
        <Why reasons={reasons} />
        <Button type="primary" htmlType="submit" loading={busy} disabled={stale}>
          {t("admin.save_rules")}
        </Button>
      </div>
    </Form>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset>
      <legend>{title}</legend>
      <div className="rules-part">{children}</div>
    </fieldset>
  );
}

type FaultForm = Omit<Fault, "asks"> & { reason: string };

export function Faults() {
  const t = useWords();
  const { data } = useRules();
  const editing = useEditing<Fault>();
  const { known } = editing;
  const { send, busy, reasons, clear } = useWrite("rules");
  return (
    <>
      <div className="admin-tools">
        <Button type="primary" onClick={() => editing.edit(null)}>
          {t("admin.add_fault")}
        </Button>
      </div>
      <Table<Fault>
        rowKey="code"
        size="small"
        dataSource={data?.faults ?? []}
        pagination={false}
        columns={[
          { title: t("admin.code"), dataIndex: "code" },
          { title: t("admin.name"), render: (_, row) => inLanguage(row.name_zh, row.name_en) },
          { title: t("page.needs_vehicle"), dataIndex: "needs", render: (kind: string) => t(`vehicle.kind.${kind}`) },
          { title: t("admin.tools"), render: (_, row) => row.tools.map(toolText).join(" · ") },
          { title: t("admin.parts"), render: (_, row) => row.parts.map(toolText).join(" · ") },
          { title: t("admin.consent"), render: (_, row) => (row.consent ? t("admin.yes") : "") },
          { title: t("admin.active"), render: (_, row) => (row.active ? t("admin.yes") : <Tag>{t("admin.no")}</Tag>) },
          {
            title: <span className="unseen">{t("admin.edit")}</span>,
            render: (_, row) => (
              <Button size="small" onClick={() => editing.edit(row)}>
                {t("admin.edit")}
              </Button>
            ),
          },
        ]}
      />
      <FormDrawer<FaultForm>
        title={known ? known.code : t("admin.add_fault")}
        editing={editing}
        busy={busy}
        reasons={reasons}
        fields={["code", "name_zh", "name_en", "needs", "tools", "parts", "consent", "active", "reason"]}
        initial={known ?? { needs: "service", tools: [], parts: [], consent: false, active: true }}
        onClose={() => {
          clear();
          editing.close();
        }}
        onSubmit={({ code, ...body }) => {
          const path = `/api/v1/admin/faults/${encodeURIComponent(known?.code ?? code)}`;
          void send({ method: "PUT", path, body })
            .then(editing.close)
            .catch(() => undefined);
        }}
      >
        {known ? null : (
          <Field name="code" label={t("admin.code")} reasons={reasons} required>
            <Input maxLength={40} />
          </Field>
        )}
        <Field name="name_zh" label={t("admin.name_zh")} reasons={reasons} required>
          <Input maxLength={80} />
        </Field>
        <Field name="name_en" label={t("admin.name_en")} reasons={reasons} required>
          <Input maxLength={80} />
        </Field>
        <Field name="needs" label={t("page.needs_vehicle")} reasons={reasons} required>
          <Select options={["service", "tow"].map((value) => ({ value, label: t(`vehicle.kind.${value}`) }))} />
        </Field>
        <Field name="tools" label={t("admin.tools")} reasons={reasons}>
          <ToolSelect of="tools" />
        </Field>
        <Field name="parts" label={t("admin.parts")} reasons={reasons}>
          <ToolSelect of="parts" />
        </Field>
        <Field name="consent" label={t("admin.consent")} reasons={reasons} valuePropName="checked">
          <Switch />
        </Field>
        <Field name="active" label={t("admin.active")} reasons={reasons} valuePropName="checked">
          <Switch />
        </Field>
        <Why reasons={reasons} />
      </FormDrawer>
    </>
  );
}
