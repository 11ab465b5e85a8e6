/** What stands on a check sheet, as text; what the phone marks by codes, in words. */
import { hasWord, inLanguage, t } from "./words";

/** The parts in which the phone marks what it shows as drawings. */
const MARKED: ReadonlySet<string> = new Set(["damage", "lights"]);

/** `name` is the part's; whatever another phone has put there is told as it is. "" where nothing stands there. */
export function sheetText(name: string, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map((one) => sheetText(name, one)).join(inLanguage("、", ", "));
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([part, one]) => `${mark(name, part)}${inLanguage("：", ": ")}${sheetText(name, one)}`)
      .join(inLanguage("；", "; "));
  }
  return typeof value === "boolean" ? (value ? "✓" : "✗") : mark(name, String(value));
}

const mark = (name: string, code: string): string =>
  MARKED.has(name) && hasWord(`sheet.mark_${code}`) ? t(`sheet.mark_${code}`) : code;

export const sheetPart = (name: string): string => (hasWord(`sheet.${name}`) ? t(`sheet.${name}`) : name);
