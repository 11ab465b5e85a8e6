/** Rescue vehicles on record. */
import { Button, Input, Select, Switch, Table, Tag } from "antd";
import { toolText } from "@/shared/faults";
import { plateText } from "@/shared/format";
import { useWords } from "@/shared/words";
import { DealerName, DealerSelect, ToolSelect } from "./choices";
import { PAGES, useAct, useVehicles, useWrite, type Vehicle } from "./data";
import { Field, FormDrawer, useEditing } from "./form";

const KINDS = ["service", "tow"] as const;

const pathOf = ({ plate }: Vehicle): string => `/api/v1/vehicles/${encodeURIComponent(plate)}`;

type VehicleForm = Pick<Vehicle, "plate" | "kind" | "dealer" | "tools">;

export function Vehicles() {
  const t = useWords();
  const { data = [], isLoading } = useVehicles();
  const editing = useEditing<Vehicle>();
  const { known } = editing;
  const { send, busy, reasons, clear } = useWrite("vehicles");
  const { act, acting } = useAct("vehicles");

  async function save(values: VehicleForm) {
    await send(
      known
        ? { method: "PATCH", path: pathOf(known), body: { tools: values.tools } }
        : { method: "POST", path: "/api/v1/vehicles", body: { ...values, on_duty: true } },
    );
    editing.close();
  }

  return (
    <>
      <div className="admin-tools">
        <Button type="primary" onClick={() => editing.edit(null)}>
          {t("admin.add_vehicle")}
        </Button>
      </div>
      <Table<Vehicle>
        rowKey="plate"
        size="small"
        loading={isLoading}
        dataSource={data}
        pagination={PAGES}
        locale={{ emptyText: t("admin.no_vehicles") }}
        columns={[
          {
            title: t("admin.plate"),
            render: (_, row) => (
              <>
                {plateText(row.plate)} {row.official_plate ? null : <Tag>{t("admin.odd_plate")}</Tag>}
              </>
            ),
          },
          { title: t("admin.kind"), dataIndex: "kind", render: (kind: string) => t(`vehicle.kind.${kind}`) },
          { title: t("score.dealer"), render: (_, row) => <DealerName code={row.dealer} /> },
          { title: t("admin.tools"), dataIndex: "tools", render: (tools: string[]) => tools.map(toolText).join(" · ") },
          { title: t("page.terminal"), render: (_, row) => t(row.tracked ? "monitoring.gps" : "monitoring.phone") },
          {
            title: t("admin.on_duty"),
            render: (_, row) => (
              <Switch
                size="small"
                checked={row.on_duty}
                disabled={acting}
                aria-label={`${row.plate} ${t("admin.on_duty")}`}
                onChange={(on_duty) => act({ method: "PATCH", path: pathOf(row), body: { on_duty } })}
              />
            ),
          },
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
      <FormDrawer<VehicleForm>
        title={known ? plateText(known.plate) : t("admin.add_vehicle")}
        editing={editing}
        busy={busy}
        reasons={reasons}
        fields={["plate", "kind", "dealer", "tools"]}
        initial={known ?? { kind: "service", tools: [] }}
        onClose={() => {
          clear();
          editing.close();
        }}
        onSubmit={(values) => void save(values).catch(() => undefined)}
      >
        <Field name="plate" label={t("admin.plate")} reasons={reasons} required>
          <Input maxLength={16} disabled={known !== null} />
        </Field>
        <Field name="kind" label={t("admin.kind")} reasons={reasons} required>
          <Select
            disabled={known !== null}
            options={KINDS.map((value) => ({ value, label: t(`vehicle.kind.${value}`) }))}
          />
        </Field>
        <Field name="dealer" label={t("score.dealer")} reasons={reasons} required>
          <DealerSelect disabled={known !== null} />
        </Field>
        <Field name="tools" label={t("admin.tools")} reasons={reasons}>
          <ToolSelect of="tools" />
        </Field>
      </FormDrawer>
    </>
  );
}
