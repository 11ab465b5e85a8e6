/** Administration: the network's record, its people, its rules, and who changed what. */
import { Tabs } from "antd";
import { TopBar } from "@/shared/desk";
import { useWords } from "@/shared/words";
import "./admin.css";
import { Changes } from "./changes";
import { Dealers } from "./dealers";
import { Users } from "./people";
import { Faults, RulesForm } from "./rules";
import { Terminals } from "./terminals";
import { Vehicles } from "./vehicles";

const PLACES = [
  { href: "/admin", word: "page.admin" },
  { href: "/console", word: "page.console" },
  { href: "/oem", word: "page.oem" },
];

export function AdminPage() {
  const t = useWords();
  return (
    <div className="admin">
      <TopBar title="page.admin" places={PLACES} />
      <main>
        <Tabs
          destroyOnHidden
          items={[
            { key: "dealers", label: t("admin.tab_dealers"), children: <Dealers /> },
            { key: "vehicles", label: t("admin.tab_vehicles"), children: <Vehicles /> },
            { key: "terminals", label: t("admin.tab_terminals"), children: <Terminals /> },
            { key: "users", label: t("admin.tab_users"), children: <Users /> },
            { key: "faults", label: t("admin.tab_faults"), children: <Faults /> },
            { key: "rules", label: t("admin.tab_rules"), children: <RulesForm /> },
            { key: "changes", label: t("admin.tab_changes"), children: <Changes /> },
          ]}
        />
      </main>
    </div>
  );
}
