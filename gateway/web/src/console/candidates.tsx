/** Who could go, nearest first, and why not the others (R1). The first is preselected; Enter offers it. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { duration, kilometres, plateText } from "@/shared/format";
import { NotYet } from "@/shared/notyet";
import { useWords } from "@/shared/words";
import type { Candidate } from "./contract";
import { copyRows } from "./copy";
import { onEnter } from "./keys";

/** Why a dealer is skipped and may still be asked, with a reason; every other hurdle the service keeps to (R1). */
const OVERRIDABLE: ReadonlySet<string> = new Set([
  "declined_before",
  "expired_before",
  "gave_back_before",
  "other_dealer_sends",
  "not_own_case",
]);

const canBeOffered = ({ reasons }: Candidate): boolean => reasons.every((reason) => OVERRIDABLE.has(reason));

interface CandidatesProps {
  candidates: readonly Candidate[];
  /** Whether the case can be offered now. */
  open: boolean;
  loading: boolean;
  error: unknown;
  /** Set while the keyboard belongs here, as after a new case. */
  focus: boolean;
  onOffer: (candidate: Candidate) => void;
  onLook: (candidate: Candidate) => void;
}

export function Candidates({ candidates, open, loading, error, focus, onOffer, onLook }: CandidatesProps) {
  const t = useWords();
  const list = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const able = candidates.filter((candidate) => candidate.eligible);
  const skipped = candidates.filter((candidate) => !candidate.eligible);
  const current = candidates.find((candidate) => candidate.dealer === chosen) ?? able[0];
  const ready = candidates.length > 0;

  useEffect(() => {
    if (focus && ready) list.current?.focus();
  }, [focus, ready]);

  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.key === "Escape") return;
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (step && current) {
      const at = candidates.indexOf(current) + step;
      const next = candidates[Math.max(0, Math.min(candidates.length - 1, at))];
      if (next) {
        setChosen(next.dealer);
        onLook(next);
      }
    } else if (event.key === "Enter" && current) {
      if (open && canBeOffered(current)) onOffer(current);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const copy = () =>
    copyRows([
      [
        t("console.rank"),
        t("page.dealer"),
        t("console.vehicle"),
        t("console.km"),
        t("console.way_minutes"),
        t("console.why_not"),
      ],
      ...candidates.map((one) => [
        one.rank ?? "",
        one.name,
        one.vehicle ?? "",
        Number((one.distance_m / 1000).toFixed(2)),
        Math.round(one.travel_time_s / 60),
        one.reasons.map((reason) => t(`reason.${reason}`)).join("；"),
      ]),
    ]);

  if (loading) return <NotYet error={error} />;
  if (!ready) return <p className="empty">{t("console.no_candidates")}</p>;
  const row = (candidate: Candidate) => (
    <div
      key={candidate.dealer}
      id={`candidate-${candidate.dealer}`}
      className="candidate"
      role="option"
      tabIndex={-1}
      aria-selected={open && candidate === current}
      data-skipped={!candidate.eligible || undefined}
      onClick={() => {
        setChosen(candidate.dealer);
        onLook(candidate);
      }}
      onDoubleClick={() => open && canBeOffered(candidate) && onOffer(candidate)}
      onKeyDown={onEnter(() => open && canBeOffered(candidate) && onOffer(candidate))}
    >
      <b className="rank">{candidate.rank ?? "–"}</b>
      <span className="who">
        {candidate.name}
        <small>{candidate.dealer}</small>
      </span>
      {candidate.eligible ? (
        <>
          <span>{candidate.vehicle ? plateText(candidate.vehicle) : ""}</span>
          <span title={t(`console.from.${candidate.start.source}`)}>{kilometres(candidate.distance_m)}</span>
          <span title={t(`travel.${candidate.travel_source}`)}>
            {duration(candidate.travel_time_s * 1000)}
            <small>{t(`travel.${candidate.travel_source}`)}</small>
          </span>
          <span>{t("console.promise_usual", { n: candidate.standard_minutes })}</span>
          <span>{t("console.load", { n: candidate.load })}</span>
          <span>
            {candidate.acceptance_rate === null
              ? t("console.no_rate")
              : t("console.rate", { n: Math.round(candidate.acceptance_rate) })}
          </span>
        </>
      ) : (
        <span className="why-not">
          {kilometres(candidate.distance_m)} · {candidate.reasons.map((reason) => t(`reason.${reason}`)).join("；")}
        </span>
      )}
    </div>
  );

  return (
    <div className="candidates">
      <div
        ref={list}
        role="listbox"
        tabIndex={0}
        aria-label={t("console.candidates")}
        aria-activedescendant={current ? `candidate-${current.dealer}` : undefined}
        onKeyDown={press}
      >
        {able.map(row)}
        {able.length === 0 ? <p className="wants">{t("console.nobody_able")}</p> : null}
        {skipped.length ? <p className="hint">{t("console.skipped", { n: skipped.length })}</p> : null}
        {skipped.map(row)}
      </div>
      <footer>
        <button type="button" className="plain" onClick={() => void copy()}>
          {t("console.copy")}
        </button>
        {open && current && canBeOffered(current) ? (
          <button type="button" className={current.rank === 1 ? "primary" : ""} onClick={() => onOffer(current)}>
            {t("console.offer_to", { dealer: current.name })} <kbd>↵</kbd>
          </button>
        ) : null}
      </footer>
    </div>
  );
}
