/** Rescue vehicles on record. */
import { Button, Input, Select, Switch, Table, Tag } from "antd";
import { plateText } from "@/shared/format";
import { useDealers } from "@/shared/network";
import { useWords } from "@/shared/words";
import { PAGES, useAct, useVehicles, useWrite, type Vehicle } from "./data";
import { Field, FormDrawer, useEditing } from "./form";

const KINDS = ["service", "tow"] as const;

export function Vehicles() {
  const t = useWords();
  const { data = [], isLoading } = useVehicles();
  const dealers = useDealers().data ?? [];
  const editing = useEditing<Vehicle>();
  const { send, busy, reasons, clear } = useWrite("vehicles");
  const { act, acting } = useAct("vehicles");
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
          { title: t("score.dealer"), dataIndex: "dealer" },
          { title: t("admin.tools"), dataIndex: "tools", render: (tools: string[]) => tools.join(", ") },
          { title: t("page.terminal"), render: (_, row) => t(row.tracked ? "monitoring.gps" : "monitoring.phone") },
          {
            title: t("admin.on_duty"),
            render: (_, row) => (
              <Switch
                size="small"
                checked={row.on_duty}
                disabled={acting}
                aria-label={`${row.plate} ${t("admin.on_duty")}`}
                onChange={(on_duty) =>
                  act({
                    method: "PATCH",
                    path: `/api/v1/vehicles/${encodeURIComponent(row.plate)}`,
                    body: { on_duty },
                  })
                }
              />
            ),
          },
        ]}
      />
      <FormDrawer<{ plate: string; kind: string; dealer: string; tools: string[] }>
        title={t("admin.add_vehicle")}
        editing={editing}
        busy={busy}
        reasons={reasons}
        fields={["plate", "kind", "dealer", "tools"]}
        initial={{ kind: "service", tools: [] }}
        onClose={() => {
          clear();
          editing.close();
        }}
        onSubmit={(values) => {
          const body = { ...values, on_duty: true };
          void send({ method: "POST", path: "/api/v1/vehicles", body })
            .then(editing.close)
            .catch(() => undefined);
        }}
      >
        <Field name="plate" label={t("admin.plate")} reasons={reasons} required>
          <Input maxLength={16} />
        </Field>
        <Field name="kind" label={t("admin.kind")} reasons={reasons} required>
          <Select options={KINDS.map((value) => ({ value, label: t(`vehicle.kind.${value}`) }))} />
        </Field>
        <Field name="dealer" label={t("score.dealer")} reasons={reasons} required>
          <Select showSearch options={dealers.map(({ code, name }) => ({ value: code, label: `${code} ${name}` }))} />
        </Field>
        <Field name="tools" label={t("admin.tools")} reasons={reasons}>
          <Select mode="tags" options={[{ value: "flatbed", label: "flatbed" }]} />
        </Field>
      </FormDrawer>
    </>
  );
}
