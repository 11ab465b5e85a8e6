/** The motorist's one question, and the few things to say. */
import type { components } from "@/api/schema";
import { fetched } from "@/shared/api";

export type Standing = components["schemas"]["MotoristView"];

/** The link's secret, from this page's own address: /m/TOKEN. */
export const token = location.pathname.split("/")[2] ?? "";

const path = (end = ""): string => `/api/v1/motorist/${encodeURIComponent(token)}${end}`;

export const recordPath = path("/record.pdf");

export async function look(): Promise<Standing> {
  return (await (await fetched(path())).json()) as Standing;
}

export async function say(what: "position" | "cancel" | "survey", body: unknown): Promise<Standing> {
  const headers = { "Content-Type": "application/json" };
  return (await (
    await fetched(path(`/${what}`), { method: "POST", headers, body: JSON.stringify(body) })
  ).json()) as Standing;
}
