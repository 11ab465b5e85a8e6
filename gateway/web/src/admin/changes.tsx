/** Every change on record: who, when, from what, to what, why. */
import { Table } from "antd";
import { dayAndTime } from "@/shared/format";
import { useWords } from "@/shared/words";
import { type Change, useChanges } from "./data";

export function Changes() {
  const t = useWords();
  const { data = [], isLoading } = useChanges();
  return (
    <Table<Change>
      rowKey="id"
      size="small"
      loading={isLoading}
      dataSource={data}
      pagination={{ pageSize: 50, hideOnSinglePage: true }}
      locale={{ emptyText: t("admin.no_changes") }}
      columns={[
        { title: t("admin.at"), dataIndex: "at", render: (at: string) => dayAndTime(at) },
        { title: t("admin.actor"), dataIndex: "actor" },
        { title: t("admin.subject"), dataIndex: "subject" },
        { title: t("admin.field"), dataIndex: "field" },
        { title: t("admin.before"), dataIndex: "before", ellipsis: true },
        { title: t("admin.after"), dataIndex: "after", ellipsis: true },
        { title: t("admin.reason"), dataIndex: "reason" },
      ]}
    />
  );
}
