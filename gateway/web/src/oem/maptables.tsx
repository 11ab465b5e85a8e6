/** What the map shows, as tables: the hexagons in view, and the cases reached too late (K3). */
import { Collapse, Table } from "antd";
import { dayAndTime, duration, number } from "@/shared/format";
import { useDealersByCode } from "@/shared/network";
import { useWords } from "@/shared/words";
import { type Hexagon, type Late, middle } from "./data";

const PAGES = { pageSize: 10, hideOnSinglePage: true };

export function MapTables(props: {
  demand: Hexagon[];
  late: Late[];
  onHexagon: (hexagon: Hexagon) => void;
  onCase: (id: string) => void;
}) {
  const { demand, late, onHexagon, onCase } = props;
  const t = useWords();
  return (
    <Collapse
      size="small"
      className="map-tables"
      items={[
        {
          key: "demand",
          label: t("oem.table_demand", { n: demand.length }),
          children: <Demand demand={demand} onHexagon={onHexagon} />,
        },
        {
          key: "late",
          label: t("oem.table_late", { n: late.length }),
          children: <LateCases late={late} onCase={onCase} />,
        },
      ]}
    />
  );
}

function Demand({ demand, onHexagon }: { demand: Hexagon[]; onHexagon: (hexagon: Hexagon) => void }) {
  const t = useWords();
  const all = demand.reduce((sum, { count }) => sum + count, 0);
  return (
    <Table<Hexagon>
      rowKey="h3"
      size="small"
      dataSource={demand}
      pagination={PAGES}
      locale={{ emptyText: t("oem.no_cases") }}
      columns={[
        {
          title: t("sheet_case.city"),
          render: (_, row) => {
            const [lon, lat] = middle(row);
            return (
              <button type="button" className="figure" onClick={() => onHexagon(row)}>
                {row.city_name}{" "}
                <small className="faint">
                  {number(lat, 3)}, {number(lon, 3)}
                </small>
              </button>
            );
          },
        },
        { title: t("score.cases"), dataIndex: "count", align: "right", sorter: (a, b) => a.count - b.count },
        {
          title: t("oem.share"),
          align: "right",
          render: (_, { count }) => `${number((100 * count) / all, 1)}%`,
        },
      ]}
    />
  );
}

function LateCases({ late, onCase }: { late: Late[]; onCase: (id: string) => void }) {
  const t = useWords();
  const dealers = useDealersByCode();
  return (
    <Table<Late>
      rowKey={(row) => row.case + row.dealer}
      size="small"
      dataSource={late}
      pagination={PAGES}
      locale={{ emptyText: t("oem.none_late") }}
      columns={[
        {
          title: t("oem.case"),
          render: (_, row) => (
            <button type="button" className="figure" onClick={() => onCase(row.case)}>
              {row.number}
            </button>
          ),
        },
        { title: t("score.dealer"), render: (_, row) => dealers.get(row.dealer)?.name ?? row.dealer },
        { title: t("sheet_case.promised"), dataIndex: "promised_at", render: (at: string) => dayAndTime(at) },
        {
          title: t("sheet_case.arrived"),
          render: (_, { arrived_at }) => (arrived_at ? dayAndTime(arrived_at) : t("score_reason.never_arrived")),
        },
        {
          title: t("oem.late_by"),
          align: "right",
          sorter: (a, b) => lateMs(a) - lateMs(b),
          render: (_, row) => (row.arrived_at ? duration(lateMs(row)) : "–"),
        },
      ]}
    />
  );
}

/** Who never came is later than anybody. */
const lateMs = ({ promised_at, arrived_at }: Late): number =>
  arrived_at ? Date.parse(arrived_at) - Date.parse(promised_at) : Number.MAX_SAFE_INTEGER;
