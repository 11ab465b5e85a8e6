/** Charts by ECharts, in the colours of the page. Every chart stands beside its table, so it is a picture to readers. */
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { useTheme } from "@/shared/theme";

use([LineChart, BarChart, GridComponent, TooltipComponent, MarkLineComponent, CanvasRenderer]);

/** The page's own colours, as the theme has them. */
export interface Ink {
  ink: string;
  quiet: string;
  line: string;
  accent: string;
}

function ink(): Ink {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return { ink: of("--ink"), quiet: of("--quiet"), line: of("--line"), accent: of("--focus") };
}

export function Chart({
  option,
  height,
  label,
}: {
  option: (ink: Ink) => EChartsCoreOption;
  height: number;
  label: string;
}) {
  const container = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours
  useEffect(() => {
    if (!container.current) return;
    const chart = init(container.current, null, { renderer: "canvas" });
    chart.setOption({ animation: false, ...option(ink()) });
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(container.current);
    return () => {
      watch.disconnect();
      chart.dispose();
    };
  }, [option, theme]);
  return <div ref={container} style={{ height }} role="img" aria-label={label} />;
}

/** A course in a cell: a line through what is known, with gaps where nothing is (K6). */
export function Sparkline({ values, label }: { values: readonly (number | null)[]; label: string }) {
  const width = 96;
  const height = 22;
  const step = width / Math.max(1, values.length - 1);
  const y = (value: number) => height - 2 - (value / 100) * (height - 4);
  const points = values.map((value, at) => (value === null ? null : ([at * step, y(value)] as const)));
  const path = points
    .map((point, at) => (point ? `${points[at - 1] ? "L" : "M"}${point[0]} ${point[1]}` : ""))
    .join("");
  return (
    <svg className="sparkline" width={width} height={height} role="img" aria-label={label}>
      <path d={path} />
      {points.map((point, at) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: a place in the course is its own name
        point && !points[at - 1] && !points[at + 1] ? <circle key={at} cx={point[0]} cy={point[1]} r="1.8" /> : null,
      )}
    </svg>
  );
}
