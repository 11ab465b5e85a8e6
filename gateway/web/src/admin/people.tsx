/** Who may sign in, as what. */
import { Button, Input, Select, Table, Tag } from "antd";
import { useState } from "react";
import { day } from "@/shared/format";
import { useDealers } from "@/shared/network";
import type { Role } from "@/shared/session";
import { useWords } from "@/shared/words";
import { type User, useUsers, useWrite } from "./data";
import { Field, FormDrawer } from "./form";

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
  const dealers = useDealers().data ?? [];
  const [edited, setEdited] = useState<User | "new" | null>(null);
  const { send, busy, reasons, clear } = useWrite("users");
  const known = edited !== null && edited !== "new" ? edited : null;

  async function save({ username, password, role, dealer, active, reason }: UserForm) {
    const path = known ? `/api/v1/users/${encodeURIComponent(known.username)}` : "/api/v1/users";
    const facts = { role, ...(dealer ? { dealer } : {}), ...(password ? { password } : {}) };
    await send(
      known
        ? { method: "PATCH", path, body: { ...facts, active, reason: reason ?? "" } }
        : { method: "POST", path, body: { username, ...facts } },
    );
    setEdited(null);
  }

  return (
    <>
      <div className="admin-tools">
        <Button type="primary" onClick={() => setEdited("new")}>
          {t("admin.add_user")}
        </Button>
        <span className="faint">{t("admin.user_hint")}</span>
      </div>
      <Table<User>
        rowKey="username"
        size="small"
        loading={isLoading}
        dataSource={data}
        pagination={{ pageSize: 50, hideOnSinglePage: true }}
        columns={[
          { title: t("page.username"), dataIndex: "username" },
          { title: t("admin.role"), dataIndex: "role", render: (role: string) => t(`role.${role}`) },
          { title: t("score.dealer"), dataIndex: "dealer" },
          { title: t("admin.since"), dataIndex: "created_at", render: (at: string) => day(at) },
          {
            title: t("admin.active"),
            dataIndex: "active",
            render: (active: boolean) => (active ? t("admin.yes") : <Tag>{t("admin.no")}</Tag>),
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
      <FormDrawer<UserForm>
        title={known ? known.username : t("admin.add_user")}
        open={edited !== null}
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
          setEdited(null);
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
        <Field name="dealer" label={t("admin.of_dealer")} reasons={reasons}>
          <Select
            allowClear
            showSearch
            options={dealers.map(({ code, name }) => ({ value: code, label: `${code} ${name}` }))}
          />
        </Field>
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
