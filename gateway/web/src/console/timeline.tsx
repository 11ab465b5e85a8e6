/** The case's log in words: what happened, when, by whom, and by which source the time is known. */
import { clockTimeWithSeconds, dayAndTime, plateText } from "@/shared/format";
import { hasWord, useWords, t as worded } from "@/shared/words";
import type { TimelineEntry } from "./contract";
import { copyRows } from "./copy";
import { useTimeline } from "./queries";

export function Timeline({ id, dealerName }: { id: string; dealerName: (code: string) => string }) {
  const t = useWords();
  const { data = [], isPending, isPlaceholderData } = useTimeline(id);
  if (isPending) return <p className="empty">{t("page.loading")}</p>;
  const entries = data.toReversed();
  const copy = () =>
    copyRows(
      entries.map((entry) => [
        dayAndTime(entry.at),
        t(`event.${entry.kind}`),
        said(entry, dealerName),
        actorOf(entry, t),
      ]),
    );
  return (
    <div className="timeline" data-old={isPlaceholderData || undefined}>
      <ol>
        {entries.map((entry) => (
          <li key={entry.seq}>
            <time dateTime={entry.at} title={dayAndTime(entry.at)}>
              {clockTimeWithSeconds(entry.at)}
            </time>
            <strong>{t(`event.${entry.kind}`)}</strong>
            <span>{said(entry, dealerName)}</span>
            <span className="actor">{actorOf(entry, t)}</span>
          </li>
        ))}
      </ol>
      <button type="button" className="plain" onClick={() => void copy()}>
        {t("console.copy")}
      </button>
    </div>
  );
}

function actorOf({ actor }: TimelineEntry, t: (key: string, values?: Record<string, string>) => string): string {
  if (!actor || actor === "system") return t("page.system");
  if (actor.startsWith("terminal:")) return t("page.terminal", { id: actor.slice("terminal:".length) });
  if (actor.startsWith("motorist:")) return t("page.caller");
  return actor.replace(/^user:/, "");
}

/** The parts of an event that a dispatcher reads: which dealer, which car, when it was promised, and why. */
function said({ data }: TimelineEntry, dealerName: (code: string) => string): string {
  const parts: string[] = [];
  const text = (name: string): string => (typeof data[name] === "string" ? (data[name] as string) : "");
  if (text("dealer")) parts.push(dealerName(text("dealer")));
  if (text("plate")) parts.push(plateText(text("plate")));
  if (text("promised_at")) parts.push(clockTimeWithSeconds(text("promised_at")));
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
  if (typeof data.satisfaction === "number") parts.push(String(data.satisfaction));
  return parts.join(" · ");
}

const translated = (prefix: string, value: string): string =>
  hasWord(`${prefix}.${value}`) ? worded(`${prefix}.${value}`) : value;
