/** Who may sign in, as what. */
import { Button, Form, Input, Select, Table, Tag } from "antd";
import { day } from "@/shared/format";
import type { Role } from "@/shared/session";
import { useWords } from "@/shared/words";
import { DealerName, DealerSelect } from "./choices";
import { changed, PAGES, type User, useUsers, useWrite } from "./data";
import { Field, FormDrawer, useEditing } from "./form";

const OF_A_DEALER: ReadonlySet<Role | undefined> = new Set(["dealer", "driver"]);
const ROLES: readonly Role[] = ["dispatcher", "dealer", "driver", "oem", "admin"];

interface UserForm {
  username: string;
  password: string;
  role: Role;
  dealer?: string;
  active: boolean;
  reason: string;
}

export function Users() {
  const t = useWords();
  const { data = [], isLoading } = useUsers();
  const editing = useEditing<User>();
  const { known } = editing;
  const { send, busy, reasons, clear } = useWrite("users");

  async function save({ username, password, role, dealer, active, reason }: UserForm) {
    const path = known ? `/api/v1/users/${encodeURIComponent(known.username)}` : "/api/v1/users";
    const facts = { role, ...(dealer ? { dealer } : {}) };
    const secret = password ? { password } : {};
    await send(
      known
        ? { method: "PATCH", path, body: { ...changed({ ...facts, active }, known), ...secret, reason: reason ?? "" } }
        : { method: "POST", path, body: { username, ...facts, ...secret } },
    );
    editing.close();
  }

  return (
    <>
      <div className="admin-tools">
        <Button type="primary" onClick={() => editing.edit(null)}>
          {t("admin.add_user")}
        </Button>
        <span className="faint">{t("admin.user_hint")}</span>
      </div>
      <Table<User>
        rowKey="username"
        size="small"
        loading={isLoading}
        dataSource={data}
        pagination={PAGES}
        columns={[
          { title: t("page.username"), dataIndex: "username" },
          { title: t("admin.role"), dataIndex: "role", render: (role: string) => t(`role.${role}`) },
          { title: t("score.dealer"), render: (_, row) => <DealerName code={row.dealer} /> },
          { title: t("admin.since"), dataIndex: "created_at", render: (at: string) => day(at) },
          {
            title: t("admin.active"),
            dataIndex: "active",
            render: (active: boolean) => (active ? t("admin.yes") : <Tag>{t("admin.no")}</Tag>),
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
      <FormDrawer<UserForm>
        title={known ? known.username : t("admin.add_user")}
        editing={editing}
        busy={busy}
        reasons={reasons}
        fields={["username", "password", "role", "dealer", "active", "reason"]}
        initial={
          known
            ? { role: known.role, active: known.active, ...(known.dealer ? { dealer: known.dealer } : {}) }
            : { role: "dispatcher", active: true }
        }
        onClose={() => {
          clear();
          editing.close();
        }}
        onSubmit={(values) => void save(values).catch(() => undefined)}
      >
        {known ? null : (
          <Field name="username" label={t("page.username")} reasons={reasons} required>
            <Input maxLength={80} autoComplete="off" />
          </Field>
        )}
        <Field
          name="password"
          label={t(known ? "admin.new_password" : "page.password")}
          reasons={reasons}
          required={!known}
        >
          <Input.Password maxLength={256} autoComplete="new-password" />
        </Field>
        <Field name="role" label={t("admin.role")} reasons={reasons} required>
          <Select options={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))} />
        </Field>
        <OfDealer reasons={reasons} />
        {known ? (
          <>
            <Field name="active" label={t("admin.active")} reasons={reasons}>
              <Select
                options={[
                  { value: true, label: t("admin.yes") },
                  { value: false, label: t("admin.no") },
                ]}
              />
            </Field>
            <Field name="reason" label={t("admin.reason")} reasons={reasons}>
              <Input maxLength={200} />
            </Field>
          </>
        ) : null}
      </FormDrawer>
    </>
  );
}

/** Whose somebody is: asked only of the roles that belong to a dealer. */
function OfDealer({ reasons }: { reasons: ReadonlyMap<string, string> }) {
  const t = useWords();
  const role: Role | undefined = Form.useWatch("role");
  if (!OF_A_DEALER.has(role)) return null;
  return (
    <Field name="dealer" label={t("admin.of_dealer")} reasons={reasons} required>
      <DealerSelect />
    </Field>
  );
}
