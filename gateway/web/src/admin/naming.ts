/** What the record's codes are called: of rules as their form calls them, of things by their kind and name. */

import { toolText } from "@/shared/faults";
import { plateText } from "@/shared/format";
import { hasWord, t } from "@/shared/words";
import type { Change } from "./data";

/** Each figure of the rules: what it is called, its unit, and how much of the figure one unit is. */
export const FIGURES = {
  offer_timeout_s: ["admin.offer_timeout", "admin.seconds"],
  auto_close_s: ["admin.auto_close", "admin.hours", 3600],
  "promise.district_minutes": ["admin.district", "admin.minutes"],
  "promise.county_minutes": ["admin.county", "admin.minutes"],
  "promise.near_m": ["admin.near", "admin.metres"],
  "promise.near_minutes": ["admin.near_minutes", "admin.minutes"],
  "promise.far_m": ["admin.far", "admin.metres"],
  "promise.far_minutes": ["admin.far_minutes", "admin.minutes"],
  min_cases_ranked: ["admin.min_cases", "admin.cases"],
  "retention.position_days": ["admin.position_days", "admin.days"],
  "retention.quarantine_days": ["admin.quarantine_days", "admin.days"],
  "retention.photo_days": ["admin.photo_days", "admin.days"],
  "retention.motorist_link_days": ["admin.link_days", "admin.days"],
} as const satisfies Record<string, readonly [string, string, number?]>;
export type Figure = keyof typeof FIGURES;

const PARTS: Record<string, string> = {
  promise: "admin.part_promise",
  retention: "admin.part_retention",
  weights: "admin.weight",
  targets: "admin.part_targets",
  person: "admin.person",
};
const FIELDS: Record<string, string> = {
  keep_brands_apart: "admin.brands_apart",
  city_code: "admin.city",
  site: "page.place",
  user: "admin.role",
  password: "page.password",
  dealer: "admin.of_dealer",
  needs: "page.needs_vehicle",
  drives: "page.driver",
  caller_file: "admin.caller_file",
};
const ROLE_FIELDS: ReadonlySet<string> = new Set(["role", "user"]);
const KINDS: Record<string, string> = {
  dealer: "page.dealer",
  vehicle: "dealer.vehicle",
  terminal: "page.terminal",
  user: "page.username",
  fault: "page.fault",
  case: "page.case",
};

/** What stands on record in place of what is kept nowhere: that somebody looked, or that a secret is another one. */
const DONE: Record<string, string> = {
  seen: "admin.seen",
  "a new one": "admin.renewed",
  token: "admin.secret",
  "another token": "admin.renewed",
};
const WITHOUT_VALUE = /^(caller_file|password|vehicle:.*)$/;
const SHARE = /^(weights|targets)\./;

/** The case that a change is about, for the address of its page; "" where it is about something else. */
export const caseOf = ({ subject, case_number }: Change): string =>
  case_number ? subject.slice(subject.indexOf(":") + 1) : "";

/** `rules`, `dealer:D1`, `fault:battery`, `vehicle:沪A12345`… */
export function subjectText(subject: string): string {
  if (subject === "rules") return t("admin.tab_rules");
  const at = subject.indexOf(":");
  const [kind, name] = [subject.slice(0, at), subject.slice(at + 1)];
  const said = kind === "fault" && hasWord(`fault.${name}`) ? t(`fault.${name}`) : name;
  const word = KINDS[kind];
  return `${word ? t(word) : kind} ${kind === "vehicle" ? plateText(name) : said}`;
}

/** `promise.district_minutes`, `weights.arrival`, `active`, `vehicle:沪A12345`… */
export function fieldText(field: string): string {
  if (field.startsWith("vehicle:")) return subjectText(field);
  const [whole, ...below] = field.split(".");
  const leaf = below.join(".");
  const part = leaf && whole && PARTS[whole] ? `${t(PARTS[whole])} · ` : "";
  if (field in FIGURES) return part + t(FIGURES[field as Figure][0]);
  if (part) return part + (hasWord(`kpi.${leaf}`) ? t(`kpi.${leaf}`) : named(leaf));
  return named(field);
}

const named = (field: string): string =>
  t(FIELDS[field] ?? (hasWord(`admin.${field}`) ? `admin.${field}` : `field.${field}`));

/** What a field was or is: codes by their words, figures with their unit. */
export function valueText(field: string, value: string): string {
  if (!value) return "";
  if (value === "True" || value === "False") return t(value === "True" ? "admin.yes" : "admin.no");
  if (field in FIGURES) return figureText(field as Figure, Number(value));
  if (SHARE.test(field)) return `${value} %`;
  if (WITHOUT_VALUE.test(field)) return DONE[value] ? t(DONE[value]) : value;
  if (ROLE_FIELDS.has(field)) return roleText(value);
  if (field === "tools" || field === "parts") return value.split(", ").map(toolText).join(" · ");
  return field === "needs" || field === "kind" ? t(`vehicle.kind.${value}`) : value;
}

function figureText(figure: Figure, value: number): string {
  const [, unit, per = 1] = FIGURES[figure];
  return `${Number((value / per).toFixed(2))} ${t(unit)}`;
}

/** `dealer D1`: a role, and whose. */
function roleText(value: string): string {
  const [role = "", ...dealer] = value.split(" ");
  return [hasWord(`role.${role}`) ? t(`role.${role}`) : role, ...dealer].join(" ");
}
