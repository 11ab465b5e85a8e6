/** The motorist's one question, and the few things to say. */
import { useState } from "react";
import type { components } from "@/api/schema";
import { fetched, whyNot } from "@/shared/api";

export type Standing = components["schemas"]["MotoristView"];

/** The link's secret, from this page's own address: /m/TOKEN. */
export const token = location.pathname.split("/")[2] ?? "";

const path = (end = ""): string => `/api/v1/motorist/${encodeURIComponent(token)}${end}`;

export const recordPath = path("/record.pdf");

export async function look(): Promise<Standing> {
  return (await (await fetched(path())).json()) as Standing;
}

async function tell(what: "position" | "cancel" | "survey", body: unknown): Promise<Standing> {
  const headers = { "Content-Type": "application/json" };
  return (await (
    await fetched(path(`/${what}`), { method: "POST", headers, body: JSON.stringify(body) })
  ).json()) as Standing;
}

/** Says one thing at a time; `wrong` tells why it was not taken, in words. Gives whether it was. */
export function useSaying(onTold: (standing: Standing) => void) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");

  async function say(what: "position" | "cancel" | "survey", body: unknown): Promise<boolean> {
    if (busy) return false;
    setBusy(true);
    setWrong("");
    try {
      onTold(await tell(what, body));
      return true;
    } catch (error) {
      setWrong(whyNot(error));
      return false;
    } finally {
      setBusy(false);
    }
  }

  return { say, busy, wrong };
}
