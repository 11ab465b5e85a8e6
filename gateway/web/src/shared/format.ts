/** How times, lengths and plates are written. Times are China Standard Time, whatever the browser's zone. */
import { currentLanguage, t } from "./words";

export type Moment = string | number | Date;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const locale = currentLanguage() === "zh" ? "zh-CN" : "en-GB";
  const key = locale + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, { timeZone: "Asia/Shanghai", hourCycle: "h23", ...options });
    formats.set(key, found);
  }
  return found;
}

const instant = (moment: Moment): Date => (moment instanceof Date ? moment : new Date(moment));
const HOUR: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };

/** 14:05 */
export const clockTime = (moment: Moment): string => format(HOUR).format(instant(moment));
/** 14:05:31 */
export const clockTimeWithSeconds = (moment: Moment): string =>
  format({ ...HOUR, second: "2-digit" }).format(instant(moment));
/** 11/25 14:05 */
export const dayAndTime = (moment: Moment): string =>
  format({ month: "2-digit", day: "2-digit", ...HOUR }).format(instant(moment));
/** 2026/11/25 */
export const day = (moment: Moment): string =>
  format({ year: "numeric", month: "2-digit", day: "2-digit" }).format(instant(moment));

/** The day in China Standard Time as the API reads it: 2026-11-25. */
export function isoDay(moment: Moment): string {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" });
  return parts.format(instant(moment));
}

/** A length of time in words: minutes, or hours and minutes. */
export function duration(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return t("page.minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return t("page.hours", { h: hours, n: minutes % 60 });
  return t("page.days", { d: Math.floor(hours / 24), h: hours % 24 });
}

/** 8 秒前 */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 100 ? t("page.seconds_ago", { n: seconds }) : t("page.ago", { t: duration(ms) });
}

/** 1:42 */
export function minutesAndSeconds(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** 3.4 公里 */
export function kilometres(metres: number): string {
  const km = metres / 1000;
  return t("page.km", { n: km < 10 ? km.toFixed(1) : Math.round(km) });
}

export function number(value: number, digits = 0): string {
  const locale = currentLanguage() === "zh" ? "zh-CN" : "en-GB";
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** 沪A12345 as it is painted on the car: 沪A·12345. */
export const plateText = (plate: string): string =>
  /^\p{Script=Han}[A-Z][0-9A-Z*\p{Script=Han}]/u.test(plate) ? `${plate.slice(0, 2)}·${plate.slice(2)}` : plate;
