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
  if (text("promised_at") && !text("before")) parts.push(`${t("page.promised_at")} ${clockTime(text("promised_at"))}`);
  for (const [name, prefix] of [
    ["source", "source"],
    ["result", "result"],
    ["by", "cancelled_by"],
  ] as const) {
    if (text(name)) parts.push(translated(prefix, text(name)));
  }
  if (typeof data.approved === "boolean" && data.needs !== undefined) {
    parts.push(t(data.approved ? "page.approved" : "page.not_approved"));
    if (data.approved && text("needs")) parts.push(translated("vehicle.kind", text("needs")));
  }
  if (text("before") || text("after")) parts.push(`${valueText(text("before")) || "–"} → ${changedTo(data)}`);
  for (const name of ["reason", "override_reason", "note", "comment", "signer", "confirmed_by"]) {
    if (text(name)) parts.push(translated("end_reason", text(name).replace(/^(user|terminal):/, "")));
  }
  if (typeof data.satisfaction === "number") parts.push(t("page.satisfaction", { n: data.satisfaction }));
  return parts.join(" · ");
}

/** A change of promise tells the new time by its own name. */
const changedTo = (data: Readonly<Record<string, unknown>>): string =>
  valueText(String(data.after ?? data.promised_at ?? "")) || "–";

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
const valueText = (value: string): string => (MOMENT.test(value) ? clockTime(value) : value);

const translated = (prefix: string, value: string): string =>
  hasWord(`${prefix}.${value}`) ? t(`${prefix}.${value}`) : value;

/** `user:zhang` is called zhang. */
export function whoDid(actor: string): string {
  if (!actor || actor === "system") return t("page.system");
  if (actor.startsWith("terminal:")) return t("page.terminal_named", { id: actor.slice("terminal:".length) });
  if (actor.startsWith("motorist:")) return t("page.caller");
  return actor.replace(/^user:/, "");
}
