/** The case's log in words: what happened, when, by whom, and by which source the time is known. */
import { clockTimeWithSeconds, dayAndTime } from "@/shared/format";
import { whatHappened, whoDid } from "@/shared/happened";
import { NotYet } from "@/shared/notyet";
import { useWords } from "@/shared/words";
import { copyRows } from "./copy";
import { useTimeline } from "./queries";

export function Timeline({ id, dealerName }: { id: string; dealerName: (code: string) => string }) {
  const t = useWords();
  const { data, error } = useTimeline(id);
  if (!data) return <NotYet error={error} />;
  const entries = data.toReversed();
  const copy = () =>
    copyRows(
      entries.map((entry) => [
        dayAndTime(entry.at),
        t(`event.${entry.kind}`),
        whatHappened(entry.data, dealerName),
        whoDid(entry.actor),
      ]),
    );
  return (
    <div className="timeline">
      <ol>
        {entries.map((entry) => (
          <li key={entry.seq}>
            <time dateTime={entry.at} title={dayAndTime(entry.at)}>
              {clockTimeWithSeconds(entry.at)}
            </time>
            <strong>{t(`event.${entry.kind}`)}</strong>
            <span>{whatHappened(entry.data, dealerName)}</span>
            <span className="actor">{whoDid(entry.actor)}</span>
          </li>
        ))}
      </ol>
      <button type="button" className="plain" onClick={() => void copy()}>
        {t("console.copy")}
      </button>
    </div>
  );
}
