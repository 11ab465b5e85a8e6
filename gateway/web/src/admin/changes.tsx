/** Every change on record: who, when, from what, to what, why. */
import { Table } from "antd";
import { dayAndTime } from "@/shared/format";
import { whoDid } from "@/shared/happened";
import { useWords } from "@/shared/words";
import { type Change, PAGES, useChanges } from "./data";
import { caseOf, fieldText, subjectText, valueText } from "./naming";

export function Changes() {
  const t = useWords();
  const { data = [], isLoading } = useChanges();
  return (
    <Table<Change>
      rowKey="id"
      size="small"
      loading={isLoading}
      dataSource={data}
      pagination={PAGES}
      locale={{ emptyText: t("admin.no_changes") }}
      columns={[
        { title: t("admin.at"), dataIndex: "at", render: (at: string) => dayAndTime(at) },
        { title: t("admin.actor"), dataIndex: "actor", render: whoDid },
        { title: t("admin.subject"), render: (_, row) => <Subject of={row} /> },
        { title: t("admin.field"), dataIndex: "field", render: fieldText },
        { title: t("admin.before"), ellipsis: true, render: (_, row) => valueText(row.field, row.before) },
        { title: t("admin.after"), ellipsis: true, render: (_, row) => valueText(row.field, row.after) },
        { title: t("admin.reason"), dataIndex: "reason" },
      ]}
    />
  );
}

function Subject({ of }: { of: Change }) {
  const t = useWords();
  const id = caseOf(of);
  if (!id) return subjectText(of.subject);
  return (
    <>
      {t("page.case")} <a href={`/console/cases/${id}`}>{of.case_number}</a>
    </>
  );
}
