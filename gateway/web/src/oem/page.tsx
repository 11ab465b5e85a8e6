/** The OEM's dashboard: the network's figures, each of which opens to its cases. */
import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, DatePicker, Modal, Table, Tabs } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useRef, useState } from "react";
import { whyNot } from "@/shared/api";
import { TopBar } from "@/shared/desk";
import { clockTime, dayAndTime, isoDay, number } from "@/shared/format";
import type { KpiName } from "@/shared/kpis";
import { useSession } from "@/shared/session";
import { useWords } from "@/shared/words";
import { Behind, type Figure } from "./behind";
import { Composition, type Scored } from "./composition";
import { exportPath, type Network, type Span, useNetwork } from "./data";
import { Dealers } from "./dealers";
import { Kpis } from "./kpis";
import { NetworkMap } from "./map";
import "./oem.css";
import { RefusedOffers } from "./refused";
import { Weekly } from "./weekly";

const USUAL_DAYS = 30;
const DAY_MS = 86_400_000;
/** The service reads no longer span at once. */
const MOST_DAYS = 400;

export function OemPage() {
  const t = useWords();
  const { who } = useSession();
  const [span, setSpan] = useState<Span>(() => lastDays(USUAL_DAYS));
  const [figure, setFigure] = useState<Figure | null>(null);
  const [kpi, setKpi] = useState<KpiName | null>(null);
  const [scored, setScored] = useState<Scored | null>(null);
  const [tab, setTab] = useState("dealers");
  const { data, error, isPlaceholderData, dataUpdatedAt } = useNetwork(span);
  // What was there stays, dimmed, beside the reason why the next cannot be had.
  const last = useRef(data);
  last.current = data ?? last.current;
  const asOf = useRef(dataUpdatedAt);
  asOf.current = dataUpdatedAt || asOf.current;
  const network = last.current;
  const places = who?.role === "oem" ? [] : [{ href: "/console", word: "page.console" }];
  return (
    <div className="oem">
      <TopBar title="page.oem" places={places}>
        <DatePicker.RangePicker
          size="small"
          allowClear={false}
          value={[dayjs(span.from), dayjs(span.to)]}
          presets={[7, 30, 90, 365].map((days) => ({
            label: t("oem.last_days", { n: days }),
            value: asDays(lastDays(days)),
          }))}
          disabledDate={(day, { from }) => from !== undefined && Math.abs(day.diff(from, "day")) >= MOST_DAYS}
          onChange={(chosen) => {
            const [from, to] = chosen ?? [];
            if (from && to) setSpan({ from: from.format("YYYY-MM-DD"), to: to.format("YYYY-MM-DD") });
          }}
        />
        <Button size="small" icon={<DownloadOutlined />} href={exportPath("cases", { ...span })}>
          {t("oem.export_cases")}
        </Button>
        {asOf.current ? (
          <time className="as-of" dateTime={new Date(asOf.current).toISOString()} title={dayAndTime(asOf.current)}>
            {t("oem.as_of", { at: clockTime(asOf.current) })}
          </time>
        ) : null}
      </TopBar>
      <main>
        {error ? <Alert type="error" showIcon message={t("oem.cannot_read")} description={whyNot(error)} /> : null}
        {network ? (
          <>
            <Kpis
              network={network}
              onScore={() => setScored({ name: t("oem.network"), figures: network, onOpen: setKpi })}
              onOpen={setKpi}
              onAcceptance={() => setTab("refused")}
            />
            <Tabs
              destroyOnHidden
              activeKey={tab}
              onChange={setTab}
              items={[
                {
                  key: "dealers",
                  label: t("oem.tab_dealers"),
                  children: (
                    <Dealers
                      network={network}
                      span={span}
                      dimmed={isPlaceholderData || data === undefined}
                      onScore={(one) =>
                        setScored({
                          name: one.name,
                          figures: one,
                          onOpen: (kpi) => setFigure({ dealer: one.dealer, name: one.name, kpi }),
                        })
                      }
                      onOpen={setFigure}
                    />
                  ),
                },
                { key: "map", label: t("oem.tab_map"), children: <NetworkMap span={span} /> },
                { key: "refused", label: t("oem.tab_refused"), children: <RefusedOffers span={span} /> },
                { key: "weekly", label: t("oem.tab_weekly"), children: <Weekly /> },
              ]}
            />
            <Composition scored={scored} onClose={() => setScored(null)} />
            <ByDealer
              network={network}
              kpi={kpi}
              onClose={() => setKpi(null)}
              onOpen={(one) => {
                setKpi(null);
                setFigure(one);
              }}
            />
          </>
        ) : error ? null : (
          <p className="empty">{t("page.loading")}</p>
        )}
      </main>
      <Behind figure={figure} span={span} onClose={() => setFigure(null)} />
    </div>
  );
}

function lastDays(days: number): Span {
  const now = Date.now();
  return { from: isoDay(now - (days - 1) * DAY_MS), to: isoDay(now) };
}

const asDays = ({ from, to }: Span): [Dayjs, Dayjs] => [dayjs(from), dayjs(to)];

/** What each dealer adds to a figure of the network. */
function ByDealer(props: {
  network: Network;
  kpi: KpiName | null;
  onClose: () => void;
  onOpen: (figure: Figure) => void;
}) {
  const { network, kpi, onClose, onOpen } = props;
  const t = useWords();
  const rows = kpi ? network.dealers.filter((dealer) => dealer.kpis[kpi].denominator > 0) : [];
  return (
    <Modal
      open={kpi !== null}
      onCancel={onClose}
      footer={null}
      width={640}
      title={kpi ? t("oem.by_dealer", { what: t(`kpi.${kpi}`) }) : ""}
    >
      {kpi ? (
        <Table
          rowKey="dealer"
          size="small"
          dataSource={rows}
          pagination={{ pageSize: 12, hideOnSinglePage: true }}
          locale={{ emptyText: t("oem.no_cases") }}
          columns={[
            { title: t("score.dealer"), dataIndex: "name" },
            {
              title: t(kpi === "satisfaction" ? "oem.answers" : "oem.counts"),
              align: "right",
              render: (_, row) => {
                const { numerator, denominator } = row.kpis[kpi];
                return kpi === "satisfaction" ? denominator : `${numerator} / ${denominator}`;
              },
            },
            {
              title: t(`kpi.${kpi}`),
              align: "right",
              sorter: (a, b) => (a.kpis[kpi].value ?? 0) - (b.kpis[kpi].value ?? 0),
              render: (_, row) => (
                <button
                  type="button"
                  className="figure"
                  onClick={() => onOpen({ dealer: row.dealer, name: row.name, kpi })}
                >
                  {number(row.kpis[kpi].value ?? 0, 1)}%
                </button>
              ),
            },
          ]}
        />
      ) : null}
    </Modal>
  );
}
