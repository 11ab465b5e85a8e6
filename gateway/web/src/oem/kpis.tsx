/** The network's score, its five figures and the acceptance rate: value, target, course; a click opens what is behind. */
import { useCallback } from "react";
import { day, number } from "@/shared/format";
import { KPIS, type KpiName } from "@/shared/kpis";
import { useWords } from "@/shared/words";
import { Chart, type Ink } from "./chart";
import { Provisional } from "./composition";
import type { Network } from "./data";

type NetworkFigure = Network["acceptance"];

export function Kpis(props: {
  network: Network;
  onScore: () => void;
  onOpen: (kpi: KpiName) => void;
  onAcceptance: () => void;
}) {
  const { network, onScore, onOpen, onAcceptance } = props;
  const t = useWords();
  return (
    <div className="kpis">
      <section className="kpi kpi-score">
        <h2>{t("score.score")}</h2>
        <p className="kpi-value">
          <button type="button" className="figure" onClick={onScore}>
            {network.score === null ? t("score.not_available") : number(network.score, 1)}
          </button>
        </p>
        <p className="kpi-count">
          {t("oem.of_cases", { n: network.cases })}
          <Provisional of={network} />
        </p>
      </section>
      {KPIS.map((kpi) => {
        const figure = network.kpis[kpi];
        return figure ? <Kpi key={kpi} name={`kpi.${kpi}`} figure={figure} onOpen={() => onOpen(kpi)} /> : null;
      })}
      <Kpi name="kpi.acceptance" figure={network.acceptance} onOpen={onAcceptance} />
    </div>
  );
}

function Kpi({ name, figure, onOpen }: { name: string; figure: NetworkFigure; onOpen: () => void }) {
  const t = useWords();
  const { value, target, trend, numerator, denominator } = figure;
  const title = t(name);
  const missed = value !== null && target !== null && value < target;
  const option = useCallback((ink: Ink) => course(trend, target, ink), [trend, target]);
  const shown = value === null ? t("score.not_available") : `${number(value, 1)}%`;
  return (
    <section className="kpi">
      <h2>{title}</h2>
      <p className="kpi-value">
        <button type="button" className="figure" onClick={onOpen}>
          {shown}
        </button>
      </p>
      <p className="kpi-count">
        {name === "kpi.satisfaction" ? t("oem.of_answers", { n: denominator }) : `${numerator}/${denominator}`}
        {target === null ? null : (
          <span className={missed ? "missed" : ""}>
            {t(missed ? "oem.below_target" : "oem.target", { n: number(target) })}
          </span>
        )}
      </p>
      <Chart option={option} height={56} label={t("oem.trend_of", { what: title })} />
    </section>
  );
}

function course(trend: NetworkFigure["trend"], target: number | null, ink: Ink) {
  return {
    grid: { left: 2, right: 2, top: 6, bottom: 4 },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      formatter: ([point]: { dataIndex: number }[]) => {
        const part = point ? trend[point.dataIndex] : undefined;
        if (!part) return "";
        return `${day(part.start)}\n${part.value === null ? "–" : `${number(part.value, 1)}%`} (${part.denominator})`;
      },
    },
    xAxis: { type: "category", show: false, boundaryGap: false, data: trend.map((part) => part.start) },
    yAxis: { type: "value", show: false, min: 0, max: 100 },
    series: [
      {
        type: "line",
        data: trend.map((part) => part.value),
        symbolSize: 4,
        lineStyle: { color: ink.accent, width: 1.6 },
        itemStyle: { color: ink.accent },
        ...(target === null
          ? {}
          : {
              markLine: {
                silent: true,
                symbol: "none",
                label: { show: false },
                lineStyle: { color: ink.quiet, type: "dashed", width: 1 },
                data: [{ yAxis: target }],
              },
            }),
      },
    ],
  };
}
