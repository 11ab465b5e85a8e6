/** Today's figures in the bar at the top. */
import { duration, number } from "@/shared/format";
import { useWords } from "@/shared/words";
import { useSummary } from "./queries";

export function Figures({ late }: { late: number }) {
  const t = useWords();
  const { data } = useSummary();
  if (!data) return null;
  const average = data.average_arrival_s;
  return (
    <dl className="figures">
      <Figure word={t("console.today")} value={number(data.today)} />
      <Figure word={t("console.running")} value={number(data.running)} />
      <Figure word={t("console.late")} value={number(late)} tone={late ? "late" : undefined} />
      <Figure word={t("console.average_arrival")} value={average === null ? "—" : duration(average * 1000)} />
    </dl>
  );
}

function Figure({ word, value, tone }: { word: string; value: string; tone?: string | undefined }) {
  return (
    <div data-tone={tone}>
      <dt>{word}</dt>
      <dd>{value}</dd>
    </div>
  );
}
