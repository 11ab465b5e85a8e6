/** Behind a figure: the cases that it is made of, counted or not and why; behind a case, what happened (K7). */
import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Drawer, Select, Table, Timeline } from "antd";
import { useState } from "react";
import { whyNot } from "@/shared/api";
import { clockTimeWithSeconds, dayAndTime } from "@/shared/format";
import { whatHappened, whoDid } from "@/shared/happened";
import { KPIS, type KpiName } from "@/shared/kpis";
import { useDealersByCode } from "@/shared/network";
import { StateMark } from "@/shared/states";
import { useWords } from "@/shared/words";
import { exportPath, type Span, useBehind, useTimeline } from "./data";

export interface Figure {
  dealer: string;
  name: string;
  kpi: KpiName;
}

export function Behind({ figure, span, onClose }: { figure: Figure | null; span: Span; onClose: () => void }) {
  const t = useWords();
  return (
    <Drawer
      open={figure !== null}
      onClose={onClose}
      size={720}
      title={figure ? `${figure.name} · ${t(`kpi.${figure.kpi}`)}` : ""}
      destroyOnHidden
    >
      {figure ? <Cases key={figure.dealer + figure.kpi} figure={figure} span={span} /> : null}
    </Drawer>
  );
}

function Cases({ figure, span }: { figure: Figure; span: Span }) {
  const t = useWords();
  const [kpi, setKpi] = useState<KpiName>(figure.kpi);
  const [counted, setCounted] = useState<string>("all");
  const [open, setOpen] = useState<string | null>(null);
  const { data = [], error, isFetching, isPlaceholderData } = useBehind(figure.dealer, kpi, span);
  const shown = data.filter((one) => counted === "all" || one.counted === counted);
  return (
    <>
      <div className="behind-tools">
        <Select<KpiName>
          aria-label={t("oem.figure")}
          value={kpi}
          onChange={setKpi}
          options={KPIS.map((name) => ({ value: name, label: t(`kpi.${name}`) }))}
        />
        <Select
          aria-label={t("oem.counted")}
          value={counted}
          onChange={setCounted}
          options={[
            { value: "all", label: t("oem.all") },
            ...["numerator", "denominator", "excluded"].map((side) => ({ value: side, label: t(`counted.${side}`) })),
          ]}
        />
        <Button icon={<DownloadOutlined />} href={exportPath("drilldown", { dealer: figure.dealer, kpi, ...span })}>
          Excel
        </Button>
      </div>
      <Table
        rowKey="case"
        size="small"
        className={isPlaceholderData ? "dimmed" : ""}
        loading={isFetching && data.length === 0}
        dataSource={shown}
        pagination={{ pageSize: 15, hideOnSinglePage: true }}
        locale={{ emptyText: error ? whyNot(error) : t("oem.no_cases") }}
        columns={[
          {
            title: t("oem.case"),
            dataIndex: "number",
            render: (number: string, row) => (
              <button type="button" className="figure" onClick={() => setOpen(row.case)}>
                {number}
              </button>
            ),
          },
          { title: t("oem.opened"), dataIndex: "opened_at", render: (at: string) => dayAndTime(at) },
          { title: t("oem.counted"), dataIndex: "counted", render: (side: string) => t(`counted.${side}`) },
          {
            title: t("oem.why"),
            render: (_, { reason, satisfaction }) => (
              <>
                {t(`score_reason.${reason}`)} {satisfaction === null ? null : <strong>{satisfaction}%</strong>}
              </>
            ),
          },
        ]}
      />
      <CaseStory id={open} onClose={() => setOpen(null)} />
    </>
  );
}

export function CaseStory({ id, onClose }: { id: string | null; onClose: () => void }) {
  const t = useWords();
  const { data, error } = useTimeline(id);
  const dealers = useDealersByCode();
  return (
    <Drawer
      open={id !== null}
      onClose={onClose}
      size={520}
      title={data?.rescue.number ?? t("oem.case")}
      destroyOnHidden
    >
      {error ? <Alert type="error" message={whyNot(error)} /> : null}
      {data ? (
        <>
          <p className="story-head">
            <StateMark status={data.rescue.status} />
            <span>{t(`fault.${data.rescue.fault}`)}</span>
            <span>{dayAndTime(data.rescue.opened_at)}</span>
            <span>{data.rescue.city_name}</span>
            <span>{data.rescue.location.address}</span>
          </p>
          <Timeline
            items={data.events.map((event) => ({
              key: event.seq,
              children: (
                <>
                  <strong>{t(`event.${event.kind}`)}</strong>
                  <span className="story-at">
                    <time dateTime={event.at} title={dayAndTime(event.at)}>
                      {clockTimeWithSeconds(event.at)}
                    </time>
                    {" · "}
                    {whoDid(event.actor)}
                  </span>
                  <div className="story-told">
                    {whatHappened(event.data, (code) => dealers.get(code)?.name ?? code)}
                  </div>
                </>
              ),
            }))}
          />
        </>
      ) : null}
    </Drawer>
  );
}
