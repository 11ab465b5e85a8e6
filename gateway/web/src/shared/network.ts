/** Lists of the network, whole: the API gives them by pages. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { components } from "@/api/schema";
import { api, told } from "./api";

export type Dealer = components["schemas"]["DealerView"];

const STANDING_MS = 300_000;
export const PAGE_LIMIT = 200;

type Page<T> = Promise<{ data?: T[]; error?: unknown; response: Response }>;

/** All pages of a list, one after the other. */
export async function allPages<T>(page: (cursor: string) => Page<T>): Promise<T[]> {
  const found: T[] = [];
  let cursor = "";
  do {
    const answer = page(cursor);
    found.push(...(await told(answer)));
    cursor = (await answer).response.headers.get("X-Next-Cursor") ?? "";
  } while (cursor);
  return found;
}

/** Every dealer on record; read once for all parts of a page. */
export const useDealers = () =>
  useQuery({
    queryKey: ["dealers"],
    queryFn: () =>
      allPages((cursor) => api.GET("/api/v1/dealers", { params: { query: { limit: PAGE_LIMIT, cursor } } })),
    staleTime: STANDING_MS,
  });

/** The same by code. */
export function useDealersByCode(): ReadonlyMap<string, Dealer> {
  const { data } = useDealers();
  return useMemo(() => new Map(data?.map((dealer) => [dealer.code, dealer])), [data]);
}
