/** Offers not taken, and why: by reason as a picture, one by one as a table (R1). */
import { DownloadOutlined } from "@ant-design/icons";
import { Button, Table } from "antd";
import { useCallback, useMemo, useState } from "react";
import { whyNot } from "@/shared/api";
import { dayAndTime } from "@/shared/format";
import { useWords } from "@/shared/words";
import { CaseStory } from "./behind";
import { Chart, type Ink } from "./chart";
import { exportPath, type Refused, type Span, useRefused } from "./data";

const MOST_REASONS = 8;

export function RefusedOffers({ span }: { span: Span }) {
  const t = useWords();
  const { data = [], error, isFetching, isPlaceholderData } = useRefused(span);
  const [open, setOpen] = useState<string | null>(null);
  const reasons = useMemo(() => counted(data, (one) => one.reason || t(`refused.${one.answer}`)), [data, t]);
  const option = useCallback((ink: Ink) => bars(reasons, ink), [reasons]);
  const regions = [...new Set(data.map((one) => one.region))].filter(Boolean);
  return (
    <>
      <div className="behind-tools">
        <span className="faint">{t("oem.refused_count", { n: data.length })}</span>
        <Button icon={<DownloadOutlined />} href={exportPath("refused", { ...span })}>
          Excel
        </Button>
      </div>
      {data.length ? (
        <Chart option={option} height={34 + 26 * reasons.length} label={t("oem.refused_by_reason")} />
      ) : null}
      <Table<Refused>
        rowKey="offer"
        size="small"
        className={isPlaceholderData ? "dimmed" : ""}
        loading={isFetching && !data.length}
        dataSource={data}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        locale={{ emptyText: error ? whyNot(error) : t("oem.none_refused") }}
        columns={[
          { title: t("refused.at"), dataIndex: "at", render: (at: string) => dayAndTime(at) },
          {
            title: t("refused.number"),
            dataIndex: "number",
            render: (number: string, row) => (
              <button type="button" className="figure" onClick={() => setOpen(row.case)}>
                {number}
              </button>
            ),
          },
          { title: t("refused.name"), dataIndex: "dealer_name" },
          {
            title: t("refused.region"),
            dataIndex: "region",
            filters: regions.map((region) => ({ text: region, value: region })),
            onFilter: (value, row) => row.region === value,
          },
          {
            title: t("refused.answer"),
            dataIndex: "answer",
            render: (answer: string) => t(`refused.${answer}`),
            filters: ["declined", "expired", "given_up"].map((one) => ({ text: t(`refused.${one}`), value: one })),
            onFilter: (value, row) => row.answer === value,
          },
          { title: t("refused.reason"), dataIndex: "reason" },
          {
            title: t("refused.attempt"),
            dataIndex: "attempt",
            align: "right",
            sorter: (a, b) => a.attempt - b.attempt,
          },
          { title: t("refused.rank"), dataIndex: "rank", align: "right" },
        ]}
      />
      <CaseStory id={open} onClose={() => setOpen(null)} />
    </>
  );
}

function counted<T>(all: readonly T[], by: (one: T) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const one of all) counts.set(by(one), (counts.get(by(one)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_REASONS);
}

function bars(reasons: readonly [string, number][], ink: Ink) {
  return {
    grid: { left: 8, right: 40, top: 4, bottom: 4, containLabel: true },
    xAxis: { type: "value", show: false },
    yAxis: {
      type: "category",
      inverse: true,
      data: reasons.map(([reason]) => reason),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: ink.ink, width: 220, overflow: "truncate" },
    },
    series: [
      {
        type: "bar",
        data: reasons.map(([, count]) => count),
        barWidth: 14,
        itemStyle: { color: ink.accent },
        label: { show: true, position: "right", color: ink.ink },
      },
    ],
  };
}
