/** One event of a case in words, beside its kind: which dealer, which car, until when, and why; and who did it. */
import { clockTime, plateText } from "./format";
import { hasWord, t } from "./words";

/** `data` is the event's own; `dealerName` calls a dealer by its code. */
export function whatHappened(data: Readonly<Record<string, unknown>>, dealerName: (code: string) => string): string {
  const parts: string[] = [];
  const text = (name: string): string => (typeof data[name] === "string" ? (data[name] as string) : "");
  if (text("dealer")) parts.push(dealerName(text("dealer")));
  if (typeof data.rank === "number") parts.push(t("page.rank", { n: data.rank }));
  if (text("plate")) parts.push(plateText(text("plate")));
  if (text("promised_at")) parts.push(`${t("page.promised_at")} ${clockTime(text("promised_at"))}`);
  for (const [name, prefix] of [
    ["source", "source"],
    ["result", "result"],
    ["by", "cancelled_by"],
  ] as const) {
    if (text(name)) parts.push(translated(prefix, text(name)));
  }
  for (const name of ["reason", "override_reason", "note", "comment", "before", "after"]) {
    if (text(name)) parts.push(translated("end_reason", text(name)));
  }
  if (typeof data.satisfaction === "number") parts.push(t("page.satisfaction", { n: data.satisfaction }));
  return parts.join(" · ");
}

const translated = (prefix: string, value: string): string =>
  hasWord(`${prefix}.${value}`) ? t(`${prefix}.${value}`) : value;

/** `user:zhang` is called zhang. */
export function whoDid(actor: string): string {
  if (!actor || actor === "system") return t("page.system");
  if (actor.startsWith("terminal:")) return t("page.terminal_named", { id: actor.slice("terminal:".length) });
  if (actor.startsWith("motorist:")) return t("page.caller");
  return actor.replace(/^user:/, "");
}
