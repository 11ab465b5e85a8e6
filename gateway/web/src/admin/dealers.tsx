/** Dealers on record. */
import { Button, Input, InputNumber, Popconfirm, Select, Switch, Table } from "antd";
import { type Dealer, useDealers } from "@/shared/network";
import { useWords } from "@/shared/words";
import { changed, PAGES, useAct, useWrite } from "./data";
import { Field, FormDrawer, useEditing } from "./form";

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

/** Positions are kept in this one datum, whatever they were given in. */
const DATUM_ON_RECORD = "wgs84";

const formOf = ({ specialist, location, ...dealer }: Dealer): DealerForm => ({
  ...dealer,
  ...location,
  datum: DATUM_ON_RECORD,
  specialist_name: specialist.name,
  specialist_phone: specialist.phone,
});

export function Dealers() {
  const t = useWords();
  const { data = [], isLoading } = useDealers();
  const editing = useEditing<Dealer>();
  const { known } = editing;
  const { send, busy, reasons, clear } = useWrite("dealers");
  const { act } = useAct("dealers");
  const initial: Partial<DealerForm> = known ? formOf(known) : { datum: "gcj02", brands: [] };

  async function save(values: DealerForm) {
    const { code, name, region, phone, lat, lon, datum, brands } = values;
    const location = { lat, lon, datum };
    const specialist = { name: values.specialist_name, phone: values.specialist_phone };
    const facts = { name, region, phone, specialist, brands, location };
    await send(
      known
        ? {
            method: "PATCH",
            path: `/api/v1/dealers/${encodeURIComponent(known.code)}`,
            body: changed(facts, { ...known, location: { ...known.location, datum: DATUM_ON_RECORD } }),
          }
        : { method: "POST", path: "/api/v1/dealers", body: { code, ...facts } },
    );
    editing.close();
  }

  return (
    <>
      <div className="admin-tools">
        <Button type="primary" onClick={() => editing.edit(null)}>
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
              <Button size="small" onClick={() => editing.edit(row)}>
                {t("admin.edit")}
              </Button>
            ),
          },
        ]}
      />
      <FormDrawer<DealerForm>
        title={known ? known.name : t("admin.add_dealer")}
        editing={editing}
        busy={busy}
        reasons={renamed(reasons)}
        fields={["code", "name", "region", "phone", "lat", "lon", "specialist_name", "specialist_phone", "brands"]}
        initial={initial}
        onClose={() => {
          clear();
          editing.close();
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
          <Select mode="tags" open={false} suffixIcon={null} />
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
