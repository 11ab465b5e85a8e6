/** What the search finds beside the rows shown: cases that have ended, and those found by phone or name, which no row has. */
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/shared/api";
import { dayAndTime, plateText } from "@/shared/format";
import { StateMark } from "@/shared/states";
import { useWords } from "@/shared/words";
import { useSettled } from "./callerfile";

const PAUSE_MS = 400;
const WORTH_ASKING = 3;
const MOST = 50;

export function OtherCases({
  text,
  isShown,
  onOpen,
}: {
  text: string;
  /** Whether the board has a row of it now. */
  isShown: (id: string) => boolean;
  onOpen: (id: string) => void;
}) {
  const t = useWords();
  const typed = text.trim().replace(/·/g, "");
  const q = useSettled(typed, PAUSE_MS);
  const { data = [] } = useQuery({
    queryKey: ["cases", q],
    queryFn: () => told(api.GET("/api/v1/cases", { params: { query: { q, limit: MOST } } })),
    enabled: q.length >= WORTH_ASKING,
  });
  const others = q === typed ? data.filter((one) => !isShown(one.id)) : [];
  if (others.length === 0) return null;
  return (
    <section className="other-cases" aria-label={t("console.other_cases")}>
      <h3>{t("console.other_cases")}</h3>
      <ul>
        {others.map((one) => (
          <li key={one.id}>
            <button type="button" onClick={() => onOpen(one.id)}>
              <StateMark status={one.status} /> {one.number} {plateText(one.car.plate)} · {t(`fault.${one.fault}`)} ·{" "}
              {one.caller.name} · {dayAndTime(one.opened_at)}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
