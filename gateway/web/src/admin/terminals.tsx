/** GPS terminals on record. */
import { Button, Input, Modal, Popconfirm, Select, Table } from "antd";
import { useState } from "react";
import { dayAndTime, plateText } from "@/shared/format";
import { useWords } from "@/shared/words";
import { BY_LABEL } from "./choices";
import { PAGES, useAct, useTerminals, useVehicles, useWrite } from "./data";
import { Field, FormDrawer, useEditing } from "./form";

const PROTOCOLS = ["websocket", "osmand", "jt808", "gt06", "traccar"] as const;

export function Terminals() {
  const t = useWords();
  const { data = [], isLoading } = useTerminals();
  const vehicles = useVehicles().data ?? [];
  const editing = useEditing<never>();
  const [secret, setSecret] = useState<string | null>(null);
  const { send, busy, reasons, clear } = useWrite("terminals", "vehicles");
  const { act } = useAct("terminals", "vehicles");
  const keep = (answer: unknown) => setSecret((answer as { token: string }).token);
  const path = (id: string, end = "") => `/api/v1/terminals/${encodeURIComponent(id)}${end}`;
  return (
    <>
      <div className="admin-tools">
        <Button type="primary" onClick={() => editing.edit(null)}>
          {t("admin.add_terminal")}
        </Button>
      </div>
      <Table
        rowKey="terminal_id"
        size="small"
        loading={isLoading}
        dataSource={data}
        pagination={PAGES}
        locale={{ emptyText: t("admin.no_terminals") }}
        columns={[
          { title: t("page.terminal"), dataIndex: "terminal_id" },
          { title: t("admin.plate"), dataIndex: "vehicle", render: (plate: string) => plateText(plate) },
          { title: t("admin.protocol"), dataIndex: "protocol", render: (name: string) => t(`protocol.${name}`) },
          {
            title: t("admin.last_fix"),
            dataIndex: "last_fix_at",
            render: (at: string | null) => (at ? dayAndTime(at) : t("admin.never")),
          },
          {
            title: <span className="unseen">{t("admin.edit")}</span>,
            render: (_, row) => (
              <>
                <Popconfirm
                  title={t("admin.renew_sure", { id: row.terminal_id })}
                  onConfirm={() => act({ method: "POST", path: path(row.terminal_id, "/token") }, { onSuccess: keep })}
                >
                  <Button size="small">{t("admin.renew")}</Button>
                </Popconfirm>{" "}
                <Popconfirm
                  title={t("admin.remove_sure", { id: row.terminal_id, plate: plateText(row.vehicle) })}
                  onConfirm={() => act({ method: "DELETE", path: path(row.terminal_id) })}
                >
                  <Button size="small" danger>
                    {t("admin.remove")}
                  </Button>
                </Popconfirm>
              </>
            ),
          },
        ]}
      />
      <FormDrawer<{ terminal_id: string; vehicle: string; protocol: string }>
        title={t("admin.add_terminal")}
        editing={editing}
        busy={busy}
        reasons={reasons}
        fields={["terminal_id", "vehicle", "protocol"]}
        initial={{ protocol: "websocket" }}
        onClose={() => {
          clear();
          editing.close();
        }}
        onSubmit={(body) => {
          void send({ method: "POST", path: "/api/v1/terminals", body })
            .then((answer) => {
              editing.close();
              keep(answer);
            })
            .catch(() => undefined);
        }}
      >
        <Field name="terminal_id" label={t("page.terminal")} reasons={reasons} required>
          <Input maxLength={32} />
        </Field>
        <Field name="vehicle" label={t("admin.plate")} reasons={reasons} required>
          <Select
            showSearch={BY_LABEL}
            options={vehicles.map(({ plate }) => ({ value: plate, label: plateText(plate) }))}
          />
        </Field>
        <Field name="protocol" label={t("admin.protocol")} reasons={reasons} required>
          <Select options={PROTOCOLS.map((value) => ({ value, label: t(`protocol.${value}`) }))} />
        </Field>
      </FormDrawer>
      <Modal open={secret !== null} title={t("admin.secret")} footer={null} onCancel={() => setSecret(null)}>
        <p>{t("admin.secret_once")}</p>
        <Input.TextArea readOnly autoSize value={secret ?? ""} aria-label={t("admin.secret")} />
      </Modal>
    </>
  );
}
