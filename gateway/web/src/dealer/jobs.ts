/** The dealer's jobs as the service tells them, kept for times without a connection. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { components } from "@/api/schema";
import { api, Offline, Problem, told } from "@/shared/api";
import { Feed } from "@/shared/feed";
import { allPages, PAGE_LIMIT } from "@/shared/network";
import { currentUser, sessionEnded, useSession } from "@/shared/session";
import { keepJobs, keptJobs, lineIs } from "./outbox";
import { verdictOn } from "./verdict";

export type Job = components["schemas"]["JobView"];
export type Offer = NonNullable<Job["offer"]>;
export type Photo = components["schemas"]["PhotoView"];
export type Vehicle = components["schemas"]["VehicleView"];
export type Person = components["schemas"]["PersonOnDutyView"];

const LOOK_AGAIN_MS = 8_000;
export const JOBS = ["jobs"];
export const PHOTOS = ["photos"];

async function jobs(): Promise<Job[]> {
  const user = currentUser() ?? "";
  try {
    const found = await told(api.GET("/api/v1/jobs"));
    keepJobs(user, found).catch(() => undefined); // a phone that is full shows them all the same
    lineIs(true);
    return found;
  } catch (error) {
    const away = error instanceof Offline || (error instanceof Problem && verdictOn(error.document, 0) === "wait");
    if (!away) throw error;
    lineIs(false);
    const kept = await keptJobs(user);
    if (!Array.isArray(kept)) throw error;
    return kept as Job[];
  }
}

/** The jobs; asked for again whenever something happens in one of the dealer's cases. */
export function useJobs(): { jobs: readonly Job[]; loaded: boolean; error: unknown } {
  const client = useQueryClient();
  const { epoch } = useSession();
  const query = useQuery({ queryKey: JOBS, queryFn: jobs, refetchInterval: LOOK_AGAIN_MS });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new session needs a new line
  useEffect(() => {
    const feed = new Feed(sessionEnded);
    const leave = feed.onEvent(() => void client.invalidateQueries({ queryKey: JOBS }));
    feed.start();
    return () => {
      leave();
      feed.stop();
    };
  }, [client, epoch]);
  return { jobs: query.data ?? NONE, loaded: query.data !== undefined, error: query.error };
}

const NONE: readonly Job[] = [];

export const useVehicles = () =>
  useQuery({
    queryKey: ["vehicles"],
    queryFn: () =>
      allPages((cursor) => api.GET("/api/v1/vehicles", { params: { query: { limit: PAGE_LIMIT, cursor } } })),
  });

export const usePeople = () => useQuery({ queryKey: ["people"], queryFn: () => told(api.GET("/api/v1/people")) });

export function usePhotos(trip: string): readonly Photo[] {
  const query = useQuery({
    queryKey: [...PHOTOS, trip],
    queryFn: () => told(api.GET("/api/v1/trips/{trip_id}/photos", { params: { path: { trip_id: trip } } })),
  });
  return query.data ?? [];
}
