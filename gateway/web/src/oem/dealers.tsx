/** The dealers by region: score, sample, five figures, change, course. Those with few cases stand apart and say so (K12). */
import { DownloadOutlined } from "@ant-design/icons";
import { Button, Grid, Input, Table, type TableColumnsType } from "antd";
import type { SortOrder } from "antd/es/table/interface";
import { useMemo, useState } from "react";
import { number } from "@/shared/format";
import { KPIS } from "@/shared/kpis";
import { useWords } from "@/shared/words";
import type { Figure } from "./behind";
import { Sparkline } from "./chart";
import { Provisional } from "./composition";
import { type DealerFigures, exportPath, type Network, type Span } from "./data";

/** A region, or within one those with few cases. */
interface Group {
  key: string;
  region?: string;
  children: (Group | Row)[];
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
  const { lg } = Grid.useBreakpoint();
  const [wanted, setWanted] = useState("");
  const rows = useMemo(() => inRegions(network.dealers, wanted.trim()), [network.dealers, wanted]);
  const ranked = network.dealers.filter((dealer) => dealer.ranked).length;
  const columns: TableColumnsType<Group | Row> = [
    {
      title: t("score.dealer"),
      key: "dealer",
      width: lg ? 250 : 154,
      fixed: "left",
      render: (_, row) =>
        isGroup(row) ? (
          <strong>
            {row.region === undefined ? t("oem.few_cases") : row.region || t("oem.no_region")} ·{" "}
            {t("oem.dealers", { n: dealersOf(row).length })}
          </strong>
        ) : (
          <>
            {row.name} <small className="faint">{row.dealer}</small>
          </>
        ),
    },
    {
      title: t("score.rank"),
      key: "rank",
      width: lg ? 64 : 54,
      align: "right",
      render: (_, row) => (isGroup(row) ? null : (row.rank ?? "–")),
      sorter: groupsLast((row) => row.rank ?? 0),
    },
    {
      title: t("score.score"),
      key: "score",
      width: lg ? 140 : 112,
      className: "score-cell",
      align: "right",
      defaultSortOrder: "descend",
      sorter: groupsLast((row) => row.score ?? -1),
      render: (_, row) =>
        isGroup(row) ? null : (
          <>
            <Provisional of={row} />
            <button type="button" className="figure" title={t("oem.open_score")} onClick={() => onScore(row)}>
              <strong>{row.score === null ? t("score.not_available") : number(row.score, 1)}</strong>
            </button>
          </>
        ),
    },
    {
      title: t("score.cases"),
      key: "cases",
      width: lg ? 74 : 64,
      align: "right",
      sorter: groupsLast((row) => row.cases),
      render: (_, row) => {
        if (!isGroup(row)) return row.cases;
        const cases = dealersOf(row).reduce((sum, one) => sum + one.cases, 0);
        return <span title={t("oem.of_cases", { n: cases })}>{cases}</span>;
      },
    },
    ...KPIS.map((kpi) => ({
      title: t(`kpi.${kpi}`),
      key: kpi,
      width: lg ? 128 : 80,
      render: (_: unknown, row: Group | Row) => {
        if (isGroup(row)) return null;
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
      title: t("score.change"),
      key: "change",
      width: 80,
      align: "right",
      render: (_, row) => (isGroup(row) || row.change === null ? null : signed(row.change)),
    },
    {
      title: t("oem.course"),
      key: "course",
      width: 112,
      render: (_, row) =>
        isGroup(row) ? null : (
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
      <Table<Group | Row>
        key={groupsIn(rows).join()}
        size="small"
        className={dimmed ? "dealers dimmed" : "dealers"}
        scroll={{ x: "max-content" }}
        dataSource={rows}
        columns={columns}
        pagination={false}
        expandable={{ defaultExpandAllRows: true }}
        locale={{ emptyText: t("oem.no_dealers") }}
      />
    </>
  );
}

const isGroup = (row: Group | Row): row is Group => row.children !== undefined;

const dealersOf = (group: Group): Row[] => group.children.flatMap((row) => (isGroup(row) ? dealersOf(row) : [row]));

const groupsIn = (rows: readonly (Group | Row)[]): string[] =>
  rows.flatMap((row) => (isGroup(row) ? [row.key, ...groupsIn(row.children)] : []));

/** Dealers by `figure`; whichever way they are sorted, those with few cases stay after the ranked ones (K12). */
const groupsLast =
  (figure: (row: Row) => number) =>
  (a: Group | Row, b: Group | Row, order?: SortOrder): number => {
    if (!isGroup(a) && !isGroup(b)) return figure(a) - figure(b);
    return (Number(isGroup(a)) - Number(isGroup(b))) * (order === "descend" ? -1 : 1);
  };

function signed(change: number): string {
  if (change === 0) return "0";
  return change > 0 ? `▲ ${number(change, 1)}` : `▼ ${number(-change, 1)}`;
}

function inRegions(dealers: readonly DealerFigures[], wanted: string): Group[] {
  const regions = new Map<string, Row[]>();
  for (const dealer of dealers) {
    if (wanted && !dealer.name.includes(wanted) && !dealer.dealer.includes(wanted)) continue;
    const rows = regions.get(dealer.region) ?? [];
    rows.push({ ...dealer, key: dealer.dealer });
    regions.set(dealer.region, rows);
  }
  return [...regions].sort().map(([region, rows]) => {
    const few = rows.filter((row) => !row.ranked);
    const key = `region:${region}`;
    const apart = few.length ? [{ key: `${key}:few`, children: few }] : [];
    return { key, region, children: [...rows.filter((row) => row.ranked), ...apart] };
  });
}
