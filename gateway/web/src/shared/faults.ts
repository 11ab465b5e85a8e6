/** What the faults and the tools for them are called: faults as the administrator has named them, which the page's own words may not know yet. */
import type { components } from "@/api/schema";
import { api, told } from "./api";
import { hasWord, learnWords, t, type Words } from "./words";

export type Fault = components["schemas"]["FaultView"];

/** The names as last told, for a visit without a connection. */
const KEPT_AS = "faults";

/** The fault table (R2); every page calls the faults by its names from now on. Throws like `told`. */
export async function learnFaults(): Promise<Fault[]> {
  const kept = localStorage.getItem(KEPT_AS);
  if (kept) learnWords(JSON.parse(kept) as Words);
  const faults = await told(api.GET("/api/v1/faults"));
  const named = Object.fromEntries(
    faults.map(({ code, name_zh, name_en }) => [`fault.${code}`, { zh: name_zh, en: name_en }]),
  );
  localStorage.setItem(KEPT_AS, JSON.stringify(named));
  learnWords(named);
  return faults;
}

/** A tool or part by its name; one that was typed is its own name. */
export const toolText = (code: string): string => (hasWord(`tool.${code}`) ? t(`tool.${code}`) : code);
