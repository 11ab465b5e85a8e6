/** What the console asks the service for, and when it asks again: with each event of the feed, and every few seconds. */
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, told } from "@/shared/api";
import { learnFaults } from "@/shared/faults";
import type { Feed } from "@/shared/feed";
import { tooLateToUndo } from "./undo";

const SOON_MS = 300;
const BESIDE_MS = 5_000;
const SUMMARY_MS = 15_000;
const CANDIDATES_MS = 10_000;
const STANDING_MS = 300_000;

const path = (case_id: string) => ({ params: { path: { case_id } } });

export const useCase = (id: string | null) =>
  useQuery({
    queryKey: ["case", id],
    queryFn: () => told(api.GET("/api/v1/cases/{case_id}", path(id ?? ""))),
    enabled: id !== null,
  });

export const useTimeline = (id: string) =>
  useQuery({
    queryKey: ["case", id, "timeline"],
    queryFn: () =>
      told(api.GET("/api/v1/cases/{case_id}/timeline", { params: { path: { case_id: id }, query: { limit: 1000 } } })),
  });

export const candidatesQuery = (id: string) => ({
  queryKey: ["case", id, "candidates"],
  queryFn: () => told(api.GET("/api/v1/cases/{case_id}/candidates", path(id))),
});

export const useCandidates = (id: string | null, on: boolean) =>
  useQuery({ ...candidatesQuery(id ?? ""), enabled: on && id !== null, refetchInterval: CANDIDATES_MS });

export const useTrip = (trip_id: string) =>
  useQuery({
    queryKey: ["trip", trip_id],
    queryFn: () => told(api.GET("/api/v1/trips/{trip_id}", { params: { path: { trip_id } } })),
  });

export const usePhotos = (trip_id: string) =>
  useQuery({
    queryKey: ["trip", trip_id, "photos"],
    queryFn: () => told(api.GET("/api/v1/trips/{trip_id}/photos", { params: { path: { trip_id } } })),
  });

export const useAlarms = () =>
  useQuery({ queryKey: ["alarms"], queryFn: () => told(api.GET("/api/v1/alarms")), refetchInterval: BESIDE_MS });

export const useTasks = () =>
  useQuery({ queryKey: ["tasks"], queryFn: () => told(api.GET("/api/v1/tasks")), refetchInterval: BESIDE_MS });

export const useShift = () =>
  useQuery({ queryKey: ["shift"], queryFn: () => told(api.GET("/api/v1/shift")), refetchInterval: SUMMARY_MS });

export const useSummary = () =>
  useQuery({
    queryKey: ["summary"],
    queryFn: () => told(api.GET("/api/v1/board/summary")),
    refetchInterval: SUMMARY_MS,
  });

export const useFaults = () =>
  useQuery({
    queryKey: ["faults"],
    queryFn: async () => (await learnFaults()).filter((fault) => fault.active),
    staleTime: STANDING_MS,
  });

export const useVehiclesOf = (dealer: string | undefined) =>
  useQuery({
    queryKey: ["vehicles", dealer],
    queryFn: () => told(api.GET("/api/v1/vehicles", { params: { query: { dealer: dealer ?? "", limit: 200 } } })),
    enabled: dealer !== undefined,
    staleTime: STANDING_MS,
  });

/** Everything that may look different after something happened in these cases. Resolves when the cases are as they are now. */
export function refresh(client: QueryClient, ...caseIds: string[]): Promise<unknown> {
  for (const key of ["trip", "alarms", "tasks", "summary"]) void client.invalidateQueries({ queryKey: [key] });
  return Promise.all(caseIds.map((id) => client.invalidateQueries({ queryKey: ["case", id] })));
}

/** What becomes of an offer, after which it cannot be taken back. */
const ANSWERED: ReadonlySet<string> = new Set(["offer_accepted", "offer_declined", "offer_expired", "offer_withdrawn"]);

/** Ask again for what an event has changed; many events at once are asked about once. */
export function useRefreshing(feed: Feed): void {
  const client = useQueryClient();
  useEffect(() => {
    const changed = new Set<string>();
    let timer: number | undefined;
    const unlisten = feed.onEvent((event) => {
      changed.add(event.case);
      if (ANSWERED.has(event.kind)) tooLateToUndo(event.case);
      timer ??= window.setTimeout(() => {
        void refresh(client, ...changed);
        changed.clear();
        timer = undefined;
      }, SOON_MS);
    });
    return () => {
      unlisten();
      window.clearTimeout(timer);
    };
  }, [feed, client]);
}
