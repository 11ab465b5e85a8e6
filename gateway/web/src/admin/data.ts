/** What administration reads, and the one way in which it changes anything. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import type { components } from "@/api/schema";
import { api, fetched, newKey, Offline, Problem, told, whyNot } from "@/shared/api";
import { allPages, PAGE_LIMIT } from "@/shared/network";
import { useWords } from "@/shared/words";

export type Vehicle = components["schemas"]["VehicleView"];
export type Rules = components["schemas"]["RulesView"];
export type { Fault } from "@/shared/faults";
export type User = components["schemas"]["UserView"];
export type Change = components["schemas"]["ChangeView"];

const limit = PAGE_LIMIT;
export const PAGES = { pageSize: 50, hideOnSinglePage: true };

export const useVehicles = () =>
  useQuery({
    queryKey: ["vehicles"],
    queryFn: () => allPages((cursor) => api.GET("/api/v1/vehicles", { params: { query: { limit, cursor } } })),
  });

export const useTerminals = () =>
  useQuery({
    queryKey: ["terminals"],
    queryFn: () => allPages((cursor) => api.GET("/api/v1/terminals", { params: { query: { limit, cursor } } })),
  });

export const useUsers = () =>
  useQuery({
    queryKey: ["users"],
    queryFn: () => allPages((cursor) => api.GET("/api/v1/users", { params: { query: { limit, cursor } } })),
  });

export const useRules = () => useQuery({ queryKey: ["rules"], queryFn: () => told(api.GET("/api/v1/admin/rules")) });

export const useChanges = () =>
  useQuery({
    queryKey: ["changes"],
    queryFn: () => told(api.GET("/api/v1/changes", { params: { query: { limit } } })),
  });

interface Write {
  method: "POST" | "PATCH" | "PUT" | "DELETE";
  path: string;
  body?: unknown;
}

/** Of `values`, those that are not as `known` has them: whoever changes one thing writes only that. */
export function changed<T extends object>(values: T, known: Partial<Record<keyof T, unknown>>): Partial<T> {
  const same = (one: unknown, other: unknown) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
  const entries = Object.entries(values) as [keyof T, unknown][];
  return Object.fromEntries(entries.filter(([name, value]) => !same(value, known[name]))) as Partial<T>;
}

async function sent({ method, path, body }: Write, key: string): Promise<unknown> {
  const headers: Record<string, string> = { "Idempotency-Key": key };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetched(path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  return answer.status === 204 ? null : answer.json();
}

/** After a change: said, and what it touched is asked for anew. */
function useDone(touched: readonly string[]): () => Promise<void> {
  const t = useWords();
  const client = useQueryClient();
  const { message } = App.useApp();
  return async () => {
    void message.success(t("admin.done"));
    await Promise.all([...touched, "changes"].map((queryKey) => client.invalidateQueries({ queryKey: [queryKey] })));
  };
}

/** Does what one press asks for, such as a switch: each press is an intention of its own, and its refusal is said. */
export function useAct(...touched: string[]) {
  const { message } = App.useApp();
  const act = useMutation({
    mutationFn: (write: Write) => sent(write, newKey()),
    onSuccess: useDone(touched),
    onError: (error) => void message.error(whyNot(error)),
  });
  return { act: act.mutate, acting: act.isPending };
}

/**
 * Sends one change. Each form's intention has one key until it is done, so that a double press changes once; a refusal
 * gives the service's reason for each field, and what was typed stays.
 */
export function useWrite(...touched: string[]) {
  const t = useWords();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [key, setKey] = useState(newKey);
  const done = useDone(touched);
  const write = useMutation({
    mutationFn: (write: Write) => sent(write, key),
    onSuccess: async () => {
      setKey(newKey());
      await done();
    },
    onError: (error) => {
      if (error instanceof Offline) void message.error(t("page.no_answer"));
      else if (!(error instanceof Problem)) throw error;
      else if (error.usedKey) {
        // The answer to what was sent before was lost: it is done, and what is asked for now is another change.
        setKey(newKey());
        for (const name of touched) void client.invalidateQueries({ queryKey: [name] });
      }
    },
  });
  const reasons: ReadonlyMap<string, string> = write.error instanceof Problem ? write.error.byField : new Map();
  const clear = () => {
    write.reset();
    setKey(newKey()); // what is filled in next is another change
  };
  return { send: write.mutateAsync, busy: write.isPending, reasons, clear };
}
