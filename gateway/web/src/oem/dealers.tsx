/** The dealers by region: score, sample, five figures, change, course. Those with few cases stand apart and say so (K12). */
import { DownloadOutlined } from "@ant-design/icons";
import { Button, Input, Table, type TableColumnsType } from "antd";
import { useMemo, useState } from "react";
import { number } from "@/shared/format";
import { KPIS } from "@/shared/kpis";
import { useWords } from "@/shared/words";
import type { Figure } from "./behind";
import { Sparkline } from "./chart";
import { type DealerFigures, exportPath, type Network, type Span } from "./data";

interface Region {
  key: string;
  region: string;
  children: Row[];
}
type Row = DealerFigures & { key: string; children?: undefined };

export function Dealers(props: {
  network: Network;
  span: Span;
  dimmed: boolean;
  onScore: (dealer: DealerFigures) => void;
  onOpen: (figure: Figure) => void;
}) {
  const { network, span, dimmed, onScore, onOpen } = props;
  const t = useWords();
  const [wanted, setWanted] = useState("");
  const rows = useMemo(() => inRegions(network.dealers, wanted.trim()), [network.dealers, wanted]);
  const ranked = network.dealers.filter((dealer) => dealer.ranked).length;
  const columns: TableColumnsType<Region | Row> = [
    {
      title: t("score.rank"),
      key: "rank",
      width: 116,
      render: (_, row) => (isRegion(row) ? null : row.ranked ? row.rank : <small>{t("oem.few_cases")}</small>),
      sorter: (a, b) => rankOf(a) - rankOf(b),
    },
    {
      title: t("score.dealer"),
      key: "dealer",
      width: 200,
      render: (_, row) =>
        isRegion(row) ? (
          <strong>
            {row.region || t("oem.no_region")} · {t("oem.dealers", { n: row.children.length })}
          </strong>
        ) : (
          <>
            {row.name} <small className="faint">{row.dealer}</small>
          </>
        ),
    },
    {
      title: t("score.score"),
      key: "score",
      width: 168,
      className: "score-cell",
      align: "right",
      defaultSortOrder: "descend",
      sorter: (a, b) => scoreOf(a) - scoreOf(b),
      render: (_, row) =>
        isRegion(row) ? null : (
          <>
            <button type="button" className="figure" title={t("oem.open_score")} onClick={() => onScore(row)}>
              <strong>{row.score === null ? t("score.not_available") : number(row.score, 1)}</strong>
            </button>
            {row.provisional ? <small className="provisional">{t("score.provisional")}</small> : null}
          </>
        ),
    },
    {
      title: t("score.change"),
      key: "change",
      width: 80,
      align: "right",
      render: (_, row) => (isRegion(row) || row.change === null ? null : signed(row.change)),
    },
    {
      title: t("score.cases"),
      key: "cases",
      width: 70,
      align: "right",
      sorter: (a, b) => casesOf(a) - casesOf(b),
      render: (_, row) => (isRegion(row) ? row.children.reduce((sum, one) => sum + one.cases, 0) : row.cases),
    },
    ...KPIS.map((kpi) => ({
      title: t(`kpi.${kpi}`),
      key: kpi,
      width: 128,
      render: (_: unknown, row: Region | Row) => {
        if (isRegion(row)) return null;
        const { value, denominator } = row.kpis[kpi];
        return (
          <button
            type="button"
            className="figure bar"
            title={t("oem.open_figure")}
            onClick={() => onOpen({ dealer: row.dealer, name: row.name, kpi })}
          >
            <span className="bar-track" aria-hidden="true">
              <span style={{ width: `${value ?? 0}%` }} />
            </span>
            {value === null ? t("score.not_available") : number(value, 1)}
            <small>{denominator}</small>
          </button>
        );
      },
    })),
    {
      title: t("oem.course"),
      key: "course",
      width: 112,
      render: (_, row) =>
        isRegion(row) ? null : (
          <Sparkline values={row.trend.map((part) => part.score)} label={t("oem.trend_of", { what: row.name })} />
        ),
    },
  ];
  return (
    <>
      <div className="behind-tools">
        <Input.Search
          allowClear
          placeholder={t("oem.find_dealer")}
          aria-label={t("oem.find_dealer")}
          onChange={(event) => setWanted(event.target.value)}
          style={{ width: 240 }}
        />
        <span className="faint">
          {t("oem.rule", { n: network.min_cases_ranked, ranked, others: network.dealers.length - ranked })}
        </span>
        <Button icon={<DownloadOutlined />} href={exportPath("scores", { ...span })}>
          Excel
        </Button>
      </div>
      <div className="wide">
        <Table<Region | Row>
          key={rows.map((row) => row.key).join()}
          size="small"
          className={dimmed ? "dimmed" : ""}
          dataSource={rows}
          columns={columns}
          pagination={false}
          expandable={{ defaultExpandAllRows: true }}
          locale={{ emptyText: t("oem.no_dealers") }}
        />
      </div>
    </>
  );
}

const isRegion = (row: Region | Row): row is Region => row.children !== undefined;
const scoreOf = (row: Region | Row): number => (isRegion(row) ? 0 : (row.score ?? -1));
const rankOf = (row: Region | Row): number => (isRegion(row) ? 0 : (row.rank ?? 10_000));
const casesOf = (row: Region | Row): number => (isRegion(row) ? 0 : row.cases);

function signed(change: number): string {
  if (change === 0) return "0";
  return change > 0 ? `▲ ${number(change, 1)}` : `▼ ${number(-change, 1)}`;
}

function inRegions(dealers: readonly DealerFigures[], wanted: string): Region[] {
  const regions = new Map<string, Row[]>();
  for (const dealer of dealers) {
    if (wanted && !dealer.name.includes(wanted) && !dealer.dealer.includes(wanted)) continue;
    const rows = regions.get(dealer.region) ?? [];
    rows.push({ ...dealer, key: dealer.dealer });
    regions.set(dealer.region, rows);
  }
  return [...regions].sort().map(([region, children]) => ({ key: `region:${region}`, region, children }));
}
