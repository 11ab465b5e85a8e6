/** Dealers, vehicles and terminals on record. */
import { Button, Input, InputNumber, Modal, Popconfirm, Select, Switch, Table, Tag } from "antd";
import { useState } from "react";
import { dayAndTime, plateText } from "@/shared/format";
import { type Dealer, useDealers } from "@/shared/network";
import { useWords } from "@/shared/words";
import { useAct, useTerminals, useVehicles, useWrite, type Vehicle } from "./data";
import { Field, FormDrawer } from "./form";

const PAGES = { pageSize: 50, hideOnSinglePage: true };
const KINDS = ["service", "tow"] as const;
const PROTOCOLS = ["websocket", "osmand", "jt808", "gt06", "traccar"] as const;

interface DealerForm {
  code: string;
  name: string;
  region: string;
  phone: string;
  lat: number;
  lon: number;
  datum: string;
  specialist_name: string;
  specialist_phone: string;
  brands: string[];
}

export function Dealers() {
  const t = useWords();
  const { data = [], isLoading } = useDealers();
  const [edited, setEdited] = useState<Dealer | "new" | null>(null);
  const { send, busy, reasons, clear } = useWrite("dealers");
  const { act } = useAct("dealers");
  const known = edited !== null && edited !== "new" ? edited : null;

  async function save(values: DealerForm) {
    const { code, name, region, phone, lat, lon, datum, brands } = values;
    const location = { lat, lon, datum };
    const specialist = { name: values.specialist_name, phone: values.specialist_phone };
    const facts = { name, region, phone, specialist, brands: brands ?? [] };
    const moved = !known || known.location.lat !== lat || known.location.lon !== lon;
    await send(
      known
        ? {
            method: "PATCH",
            path: `/api/v1/dealers/${encodeURIComponent(known.code)}`,
            body: moved ? { ...facts, location } : facts,
          }
        : { method: "POST", path: "/api/v1/dealers", body: { code, location, ...facts } },
    );
    setEdited(null);
  }

  return (
    <>
      <div className="admin-tools">
        <Button type="primary" onClick={() => setEdited("new")}>
          {t("admin.add_dealer")}
        </Button>
      </div>
      <Table<Dealer>
        rowKey="code"
        size="small"
        loading={isLoading}
        dataSource={data}
        pagination={PAGES}
        locale={{ emptyText: t("admin.no_dealers") }}
        columns={[
          { title: t("admin.code"), dataIndex: "code" },
          { title: t("admin.name"), dataIndex: "name" },
          { title: t("admin.region"), dataIndex: "region" },
          { title: t("admin.city"), dataIndex: "city_name" },
          { title: t("admin.specialist"), render: (_, row) => `${row.specialist.name} ${row.specialist.phone}` },
          {
            title: t("admin.active"),
            render: (_, row) => (
              <Popconfirm
                title={t(row.active ? "admin.switch_off" : "admin.switch_on", { name: row.name })}
                onConfirm={() =>
                  act({
                    method: "PATCH",
                    path: `/api/v1/dealers/${encodeURIComponent(row.code)}`,
                    body: { active: !row.active },
                  })
                }
              >
                <Switch size="small" checked={row.active} aria-label={`${row.name} ${t("admin.active")}`} />
              </Popconfirm>
            ),
          },
          {
            title: <span className="unseen">{t("admin.edit")}</span>,
            render: (_, row) => (
              <Button size="small" onClick={() => setEdited(row)}>
                {t("admin.edit")}
              </Button>
            ),
          },
        ]}
      />
      <FormDrawer<DealerForm>
        title={known ? known.name : t("admin.add_dealer")}
        open={edited !== null}
        busy={busy}
        reasons={renamed(reasons)}
        fields={["code", "name", "region", "phone", "lat", "lon", "specialist_name", "specialist_phone", "brands"]}
        initial={
          known
            ? {
                ...known,
                ...known.location,
                datum: "wgs84",
                specialist_name: known.specialist.name,
                specialist_phone: known.specialist.phone,
              }
            : { datum: "gcj02", brands: [] }
        }
        onClose={() => {
          clear();
          setEdited(null);
        }}
        onSubmit={(values) => void save(values).catch(() => undefined)}
      >
        <Field name="code" label={t("admin.code")} reasons={reasons} required>
          <Input maxLength={32} disabled={known !== null} />
        </Field>
        <Field name="name" label={t("admin.name")} reasons={reasons} required>
          <Input maxLength={80} />
        </Field>
        <Field name="region" label={t("admin.region")} reasons={reasons}>
          <Input maxLength={80} />
        </Field>
        <Field name="phone" label={t("admin.phone")} reasons={reasons}>
          <Input maxLength={40} />
        </Field>
        <Field name="lat" label={t("admin.lat")} reasons={renamed(reasons)} required>
          <InputNumber step={0.0001} style={{ width: "100%" }} />
        </Field>
        <Field name="lon" label={t("admin.lon")} reasons={renamed(reasons)} required>
          <InputNumber step={0.0001} style={{ width: "100%" }} />
        </Field>
        <Field name="datum" label={t("admin.datum")} reasons={reasons}>
          <Select options={["wgs84", "gcj02", "bd09"].map((value) => ({ value, label: t(`datum.${value}`) }))} />
        </Field>
        <Field name="specialist_name" label={t("admin.specialist_name")} reasons={renamed(reasons)} required>
          <Input maxLength={80} />
        </Field>
        <Field name="specialist_phone" label={t("admin.specialist_phone")} reasons={renamed(reasons)} required>
          <Input maxLength={40} />
        </Field>
        <Field name="brands" label={t("admin.brands")} reasons={reasons}>
          <Select mode="tags" />
        </Field>
      </FormDrawer>
    </>
  );
}

/** The form is flat where the API is nested. */
function renamed(reasons: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const names: Record<string, string> = {
    location: "lat",
    "location.lat": "lat",
    "location.lon": "lon",
    "specialist.name": "specialist_name",
    "specialist.phone": "specialist_phone",
  };
  return new Map([...reasons].map(([name, reason]) => [names[name] ?? name, reason]));
}

export function Vehicles() {
  const t = useWords();
  const { data = [], isLoading } = useVehicles();
  const dealers = useDealers().data ?? [];
  const [adding, setAdding] = useState(false);
  const { send, busy, reasons, clear } = useWrite("vehicles");
  const { act, acting } = useAct("vehicles");
  return (
    <>
      <div className="admin-tools">
        <Button type="primary" onClick={() => setAdding(true)}>
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
        open={adding}
        busy={busy}
        reasons={reasons}
        fields={["plate", "kind", "dealer", "tools"]}
        initial={{ kind: "service", tools: [] }}
        onClose={() => {
          clear();
          setAdding(false);
        }}
        onSubmit={(values) => {
          const body = { ...values, on_duty: true };
          void send({ method: "POST", path: "/api/v1/vehicles", body })
            .then(() => setAdding(false))
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

export function Terminals() {
  const t = useWords();
  const { data = [], isLoading } = useTerminals();
  const vehicles = useVehicles().data ?? [];
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const { send, busy, reasons, clear } = useWrite("terminals", "vehicles");
  const { act } = useAct("terminals", "vehicles");
  const keep = (answer: unknown) => setSecret((answer as { token: string }).token);
  const path = (id: string, end = "") => `/api/v1/terminals/${encodeURIComponent(id)}${end}`;
  return (
    <>
      <div className="admin-tools">
        <Button type="primary" onClick={() => setAdding(true)}>
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
                  title={t("admin.renew_sure")}
                  onConfirm={() => act({ method: "POST", path: path(row.terminal_id, "/token") }, { onSuccess: keep })}
                >
                  <Button size="small">{t("admin.renew")}</Button>
                </Popconfirm>{" "}
                <Popconfirm
                  title={t("admin.remove_sure")}
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
        open={adding}
        busy={busy}
        reasons={reasons}
        fields={["terminal_id", "vehicle", "protocol"]}
        initial={{ protocol: "websocket" }}
        onClose={() => {
          clear();
          setAdding(false);
        }}
        onSubmit={(body) => {
          void send({ method: "POST", path: "/api/v1/terminals", body })
            .then((answer) => {
              setAdding(false);
              keep(answer);
            })
            .catch(() => undefined);
        }}
      >
        <Field name="terminal_id" label={t("page.terminal")} reasons={reasons} required>
          <Input maxLength={32} />
        </Field>
        <Field name="vehicle" label={t("admin.plate")} reasons={reasons} required>
          <Select showSearch options={vehicles.map(({ plate }) => ({ value: plate, label: plateText(plate) }))} />
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
