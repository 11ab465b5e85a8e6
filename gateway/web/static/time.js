// The service's clock, which may run faster than the wall, and how times are written: China Standard Time.

import { word } from "./words.js";

let toldAt = performance.now();
let toldTime = Date.now();
let speed = 1;

export function setClock(now, clockSpeed) {
  toldAt = performance.now();
  toldTime = Date.parse(now);
  speed = clockSpeed;
}

export const serviceNow = () => toldTime + (performance.now() - toldAt) * speed;

const formats = {};
function format(options) {
  const key = JSON.stringify(options);
  formats[key] ??= new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", hour12: false, ...options });
  return formats[key];
}

const HOUR = { hour: "2-digit", minute: "2-digit" };
export const clockTime = (time) => format(HOUR).format(time);
export const clockTimeWithSeconds = (time) => format({ ...HOUR, second: "2-digit" }).format(time);
export const dayAndTime = (time) => format({ month: "2-digit", day: "2-digit", ...HOUR }).format(time);

// A length of time in words: minutes, or hours and minutes.
export function duration(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 60) return word("page.minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return word("page.hours", { h: hours, n: minutes % 60 });
  return word("page.days", { d: Math.floor(hours / 24), h: hours % 24 });
}

export function age(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  return seconds < 100 ? word("page.seconds_ago", { n: seconds }) : word("page.ago", { t: duration(milliseconds) });
}

export function minutesAndSeconds(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
