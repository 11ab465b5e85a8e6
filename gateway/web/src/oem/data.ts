/** What the dashboard asks the service for. */
import { skipToken, useQuery } from "@tanstack/react-query";
import type { components } from "@/api/schema";
import { api, told } from "@/shared/api";
import type { KpiName } from "@/shared/kpis";
import { allPages, PAGE_LIMIT } from "@/shared/network";
import { currentLanguage } from "@/shared/words";

export type Network = components["schemas"]["NetworkView"];
export type DealerFigures = components["schemas"]["DealerFiguresView"];
export type Refused = components["schemas"]["RefusedView"];
export type Late = components["schemas"]["LateView"];

/** Days of China Standard Time, both inclusive. */
export interface Span {
  from: string;
  to: string;
}

const KEEP_MS = 60_000;
const kept = { staleTime: KEEP_MS, placeholderData: <T>(before: T | undefined) => before };

export const useNetwork = (span: Span) =>
  useQuery({
    queryKey: ["network", span],
    queryFn: () => told(api.GET("/api/v1/network", { params: { query: span } })),
    refetchInterval: KEEP_MS,
    ...kept,
  });

export const useRefused = (span: Span) =>
  useQuery({
    queryKey: ["refused", span],
    queryFn: () => told(api.GET("/api/v1/network/refused", { params: { query: span } })),
    ...kept,
  });

export const useLate = (span: Span) =>
  useQuery({
    queryKey: ["late", span],
    queryFn: () => told(api.GET("/api/v1/network/late", { params: { query: span } })),
    ...kept,
  });

/** What of the map is looked at, and how fine its hexagons are. */
export interface View {
  bbox: string;
  resolution: number;
}

export const useDemand = (view: View | null, span: Span) =>
  useQuery({
    queryKey: ["demand", view, span],
    queryFn: view
      ? () => told(api.GET("/api/v1/network/demand", { params: { query: { ...view, ...span } } }))
      : skipToken,
    ...kept,
  });

export type Hexagon = NonNullable<ReturnType<typeof useDemand>["data"]>[number];

/** As [lon, lat]. */
export function middle({ ring }: Hexagon): [number, number] {
  const mean = (side: 0 | 1) => ring.reduce((sum, corner) => sum + (corner[side] ?? 0), 0) / ring.length;
  return [mean(0), mean(1)];
}

export const useCoverage = () =>
  useQuery({ queryKey: ["coverage"], queryFn: () => told(api.GET("/api/v1/network/coverage")), ...kept });

export const useWeeks = () =>
  useQuery({ queryKey: ["weeks"], queryFn: () => told(api.GET("/api/v1/reports/weekly")), ...kept });

export const useBehind = (dealer: string, kpi: KpiName, span: Span) =>
  useQuery({
    queryKey: ["behind", dealer, kpi, span],
    queryFn: () =>
      allPages((cursor) =>
        api.GET("/api/v1/scores/{dealer}/cases", {
          params: { path: { dealer }, query: { kpi, ...span, limit: PAGE_LIMIT, cursor } },
        }),
      ),
    ...kept,
  });

export const useTimeline = (id: string | null) =>
  useQuery({
    queryKey: ["timeline", id],
    enabled: id !== null,
    queryFn: async () => {
      const path = { case_id: id ?? "" };
      const [rescue, events] = await Promise.all([
        told(api.GET("/api/v1/cases/{case_id}", { params: { path } })),
        told(api.GET("/api/v1/cases/{case_id}/timeline", { params: { path } })),
      ]);
      return { rescue, events };
    },
  });

/** The address of an Excel file over the same span. */
export const exportPath = (name: string, query: Record<string, string>): string =>
  `/api/v1/exports/${name}.xlsx?${new URLSearchParams({ ...query, lang: currentLanguage() })}`;
