/** What administration reads, and the one way in which it changes anything. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import type { components } from "@/api/schema";
import { api, fetched, newKey, Offline, Problem, told } from "@/shared/api";
import { allPages, PAGE_LIMIT } from "@/shared/network";
import { useWords } from "@/shared/words";

export type Vehicle = components["schemas"]["VehicleView"];
export type Rules = components["schemas"]["RulesView"];
export type { Fault } from "@/shared/faults";
export type User = components["schemas"]["UserView"];
export type Change = components["schemas"]["ChangeView"];

const limit = PAGE_LIMIT;

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

/**
 * Sends one change. Each form's intention has one key until it is done, so that a double press changes once; a refusal
 * gives the service's reason for each field, and what was typed stays.
 */
export function useWrite(...touched: string[]) {
  const t = useWords();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [key, setKey] = useState(newKey);
  const write = useMutation({
    mutationFn: async ({ method, path, body }: Write) => {
      const headers: Record<string, string> = { "Idempotency-Key": key };
      if (body !== undefined) headers["Content-Type"] = "application/json";
      const answer = await fetched(path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
      return answer.status === 204 ? null : ((await answer.json()) as unknown);
    },
    onSuccess: async () => {
      setKey(newKey());
      void message.success(t("admin.done"));
      await Promise.all([...touched, "changes"].map((name) => client.invalidateQueries({ queryKey: [name] })));
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
  return { send: write.mutateAsync, busy: write.isPending, reasons, clear: write.reset };
}
