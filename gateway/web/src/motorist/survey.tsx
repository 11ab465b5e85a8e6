/** How it was: one thumb, and a word if it was low (K11). */
import { useState } from "react";
import { useWords } from "@/shared/words";
import { type Standing, useSaying } from "./api";

/** Five faces for the percentage that the score is made of. */
const FACES = [
  { stars: 5, percent: 100, mouth: "M7 14q5 5 10 0" },
  { stars: 4, percent: 80, mouth: "M8 14q4 3 8 0" },
  { stars: 3, percent: 60, mouth: "M8 15h8" },
  { stars: 2, percent: 40, mouth: "M8 16q4-3 8 0" },
  { stars: 1, percent: 0, mouth: "M7 17q5-5 10 0" },
] as const;
const LOW_PERCENT = 60;

export function Survey({ standing, onTold }: { standing: Standing; onTold: (standing: Standing) => void }) {
  const t = useWords();
  const [chosen, setChosen] = useState<number | null>(null);
  const [comment, setComment] = useState("");
  const { say, busy, wrong } = useSaying(onTold);
  const send = (satisfaction: number) => void say("survey", { satisfaction, comment });

  if (!standing.survey_open) {
    return (
      <p className="thanks" role="status">
        {t("motorist.thanks")}
      </p>
    );
  }
  const low = chosen !== null && chosen < LOW_PERCENT;
  return (
    <section className="survey">
      <h3>{t("motorist.rate")}</h3>
      <div className="faces">
        {FACES.map(({ stars, percent, mouth }) => (
          <button
            key={stars}
            type="button"
            aria-pressed={chosen === percent}
            disabled={busy}
            onClick={() => (percent < LOW_PERCENT ? setChosen(percent) : send(percent))}
          >
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d={`M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20zM8.5 9v.5M15.5 9v.5${mouth}`} />
            </svg>
            {t(`motorist.rate_${stars}`)}
          </button>
        ))}
      </div>
      {low ? (
        <>
          <label>
            {t("motorist.word")}
            <textarea rows={3} maxLength={1000} value={comment} onChange={(event) => setComment(event.target.value)} />
          </label>
          <button type="button" className="primary" disabled={busy} onClick={() => send(chosen)}>
            {t("motorist.send")}
          </button>
        </>
      ) : null}
      {wrong ? <p role="alert">{wrong}</p> : null}
    </section>
  );
}
