/** How a score comes about: what each figure adds to it, and by what share (K6); each figure opens further. */
import { Modal, Table } from "antd";
import { number } from "@/shared/format";
import { KPIS, type KpiName } from "@/shared/kpis";
import { useWords } from "@/shared/words";
import type { DealerFigures, Network } from "./data";

export interface Scored {
  name: string;
  figures: Network | DealerFigures;
  onOpen: (kpi: KpiName) => void;
}

export function Composition({ scored, onClose }: { scored: Scored | null; onClose: () => void }) {
  const t = useWords();
  return (
    <Modal
      open={scored !== null}
      onCancel={onClose}
      footer={null}
      width={640}
      title={scored ? t("oem.composed", { what: scored.name }) : ""}
    >
      {scored ? (
        <Parts
          figures={scored.figures}
          onOpen={(kpi) => {
            onClose();
            scored.onOpen(kpi);
          }}
        />
      ) : null}
    </Modal>
  );
}

/** K6: a score from which a figure is missing says so; where there is no score at all, that says enough. */
export function Provisional({ of }: { of: Pick<Network, "score" | "provisional"> }) {
  const t = useWords();
  if (!of.provisional || of.score === null) return null;
  return <small className="provisional">{t("score.provisional")}</small>;
}

function Parts({ figures, onOpen }: { figures: Scored["figures"]; onOpen: (kpi: KpiName) => void }) {
  const t = useWords();
  const { score, kpis, shares } = figures;
  const rows = KPIS.map((kpi) => ({ kpi, value: kpis[kpi]?.value ?? null, share: shares[kpi] }));
  return (
    <>
      <Table
        rowKey="kpi"
        size="small"
        pagination={false}
        dataSource={rows}
        columns={[
          { title: t("oem.figure"), render: (_, row) => t(`kpi.${row.kpi}`) },
          {
            title: t("oem.value"),
            align: "right",
            render: (_, row) => (
              <button type="button" className="figure" onClick={() => onOpen(row.kpi)}>
                {row.value === null ? t("score.not_available") : `${number(row.value, 1)}%`}
              </button>
            ),
          },
          {
            title: t("oem.share"),
            align: "right",
            render: (_, row) => (row.share === undefined ? "–" : `${number(row.share, 1)}%`),
          },
          {
            title: t("oem.adds"),
            align: "right",
            render: (_, { value, share }) =>
              value === null || share === undefined ? "–" : number((value * share) / 100, 1),
          },
        ]}
        summary={() => (
          <Table.Summary.Row>
            <Table.Summary.Cell index={0} colSpan={3}>
              <strong>{t("score.score")}</strong>
              <Provisional of={figures} />
            </Table.Summary.Cell>
            <Table.Summary.Cell index={3} align="right">
              <strong>{score === null ? t("score.not_available") : number(score, 1)}</strong>
            </Table.Summary.Cell>
          </Table.Summary.Row>
        )}
      />
      {figures.provisional ? <p className="faint">{t("oem.provisional_why")}</p> : null}
    </>
  );
}
