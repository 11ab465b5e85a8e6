/** One job, filling the screen: what it is, and the one thing to do now at the bottom where a thumb reaches it. */
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useNow } from "@/shared/clock";
import { toolText } from "@/shared/faults";
import { clockTime, duration, kilometres, minutesAndSeconds, plateText } from "@/shared/format";
import { StateMark } from "@/shared/states";
import { useWords } from "@/shared/words";
import { Accept, Change, Outcome, Reasoned } from "./answer";
import type { Job, Offer } from "./jobs";
import { leftMs } from "./offers";
import { perform, useDeeds } from "./outbox";
import { nextAfter } from "./project";
import { Sheet } from "./sheet";
import { Sign } from "./sign";

const AT_ONCE = new Set(["depart", "arrive", "complete"]);
const WAITS = new Set(["phone_completion", "wait_unsigned", "wait_second"]);
/** As long as a second tap may follow the first: a button that has just become another step does not take it. */
const SETTLES_MS = 700;
const BESIDE = ["checksheet", "decline", "change", "give_back"];

interface JobScreenProps {
  job: Job;
  quiet: boolean;
  onQuiet: () => void;
  /** Something is done here: this is the job at hand. */
  onAt: (id: string) => void;
}

export function JobScreen({ job, quiet, onQuiet, onAt }: JobScreenProps) {
  const t = useWords();
  const waiting = useDeeds().filter((deed) => deed.case === job.case.id && !deed.refused);
  const [open, setOpen] = useState<string | null>(null);
  const under = useRef<string | null>(null);
  const steps = nextAfter(
    {
      next: job.next,
      consentNeeded: job.case.consent_needed && !job.trip?.consent_by,
      kind: job.trip?.kind ?? job.case.needs,
      hasSheet: job.trip?.sheet != null,
      signed: job.trip?.signed ?? false,
      result: job.trip?.result ?? null,
    },
    waiting,
  );
  const [first, ...others] = steps;
  const settled = useSettled(first);
  const beside = others.filter((step) => BESIDE.includes(step) || (step === "arrive" && first === "depart"));

  function go(step: string) {
    if (!settled) return;
    onAt(job.case.id);
    if (!AT_ONCE.has(step)) {
      setOpen(step);
      return;
    }
    const path = `/api/v1/trips/${job.trip?.id}/${step}`;
    const body = { at: new Date().toISOString() };
    if (under.current === step) return; // a thumb that trembles taps once
    under.current = step;
    void perform(job.case, { step, method: "POST", path, body }).finally(() => {
      under.current = null;
    });
  }

  return (
    <article className="job">
      {job.offer ? <Ring offer={job.offer} quiet={quiet} onQuiet={onQuiet} /> : null}
      <header className="job-head">
        <StateMark status={job.case.status} />
        <span className="number">{job.case.number}</span>
        <h2>
          {t(`fault.${job.case.fault}`)}
          <small>{t(`vehicle.kind.${job.case.needs}`)}</small>
        </h2>
      </header>
      <Facts job={job} />
      <footer className="job-actions">
        {waiting.length ? <p className="hint">{t("dealer.saved_here", { n: waiting.length })}</p> : null}
        {first && WAITS.has(first) ? (
          <p className="wait" role="status">
            {t(`dealer.step_${first}`)}
          </p>
        ) : null}
        {first && !WAITS.has(first) ? (
          <button type="button" className="primary" aria-disabled={!settled} onClick={() => go(first)}>
            {t(`dealer.step_${first}`)}
          </button>
        ) : null}
        {beside.length ? (
          <div className="beside">
            {beside.map((step) => (
              <button key={step} type="button" aria-disabled={!settled} onClick={() => go(step)}>
                {t(`dealer.step_${step}`)}
              </button>
            ))}
          </div>
        ) : null}
      </footer>
      <Forms job={job} open={open} onClose={() => setOpen(null)} />
    </article>
  );
}

/** Whether the step has stood long enough to be meant: what changes under a thumb is not what the thumb chose. */
function useSettled(step: string | undefined): boolean {
  const [stands, setStands] = useState<string>();
  useEffect(() => {
    const timer = window.setTimeout(() => setStands(step), SETTLES_MS);
    return () => window.clearTimeout(timer);
  }, [step]);
  return stands === step;
}

function Forms({ job, open, onClose }: { job: Job; open: string | null; onClose: () => void }): ReactNode {
  const t = useWords();
  switch (open) {
    case "accept":
      return <Accept job={job} onClose={onClose} />;
    case "decline":
      return (
        <Reasoned
          title={t("dealer.decline")}
          word={t("dealer.decline_now")}
          step="decline"
          job={job}
          path={`/api/v1/offers/${job.offer?.id}/decline`}
          danger
          onClose={onClose}
        />
      );
    case "give_back":
      return (
        <Reasoned
          title={t("dealer.step_give_back")}
          word={t("dealer.give_back_now")}
          step="give_back"
          job={job}
          path={`/api/v1/trips/${job.trip?.id}/give_back`}
          danger
          onClose={onClose}
        />
      );
    case "change":
      return <Change job={job} onClose={onClose} />;
    case "checksheet":
      return <Sheet job={job} onClose={onClose} />;
    case "outcome":
      return <Outcome job={job} onClose={onClose} />;
    case "sign":
    case "consent":
      return <Sign job={job} consent={open === "consent"} onClose={onClose} />;
    default:
      return null;
  }
}

/** What there is to answer, and a ring that empties. */
function Ring({ offer, quiet, onQuiet }: { offer: Offer; quiet: boolean; onQuiet: () => void }) {
  const t = useWords();
  const now = useNow();
  const whole = Date.parse(offer.expires_at) - Date.parse(offer.at);
  const left = leftMs(offer, now);
  const round = 2 * Math.PI * 44;
  return (
    <section className="ring" aria-label={t("dealer.offer")}>
      <svg viewBox="0 0 100 100" aria-hidden="true">
        <circle cx="50" cy="50" r="44" />
        <circle
          cx="50"
          cy="50"
          r="44"
          className="left"
          strokeDasharray={round}
          strokeDashoffset={round * (1 - Math.min(1, left / whole))}
        />
      </svg>
      <p role="timer">
        <strong>{minutesAndSeconds(left)}</strong>
        <span>{t("dealer.to_answer")}</span>
      </p>
      <dl>
        <dt>{t("dealer.distance")}</dt>
        <dd>{kilometres(offer.distance_m)}</dd>
        <dt>{t("dealer.drive")}</dt>
        <dd>{offer.travel_time_s === null ? "–" : duration(offer.travel_time_s * 1000)}</dd>
      </dl>
      <button type="button" className="quiet" onClick={onQuiet}>
        {t(quiet ? "dealer.loud" : "dealer.quiet")}
      </button>
    </section>
  );
}

function Facts({ job }: { job: Job }) {
  const t = useWords();
  const now = useNow();
  const { case: rescue, trip, navigation } = job;
  const { gcj02, bd09, wgs84 } = navigation;
  const name = encodeURIComponent(rescue.location.address || rescue.number);
  const road = rescue.location.expressway;
  const tools = [...job.tools, ...job.parts].map(toolText);
  const toGo = trip && !trip.arrived_at && rescue.ended_at === null;
  return (
    <dl className="facts">
      {toGo ? (
        <>
          <dt>{t("page.promised_at")}</dt>
          <dd className={Date.parse(trip.promised_at) < now ? "late" : ""}>
            {clockTime(trip.promised_at)}
            {" · "}
            {Date.parse(trip.promised_at) < now
              ? t("dealer.late_by", { t: duration(now - Date.parse(trip.promised_at)) })
              : t("dealer.left", { t: duration(Date.parse(trip.promised_at) - now) })}
          </dd>
        </>
      ) : null}
      <dt>{t("page.place")}</dt>
      <dd>
        {rescue.location.address || `${wgs84.lat.toFixed(5)}, ${wgs84.lon.toFixed(5)}`}
        {road ? ` · ${road.road} ${road.kilometre_post} ${road.direction}` : ""}
        {rescue.location.hand_over ? <strong> · {t("dealer.to_hand_over")}</strong> : null}
        <span className="links">
          <a
            href={`https://uri.amap.com/navigation?to=${gcj02.lon},${gcj02.lat},${name}&mode=car&coordinate=gaode&callnative=1`}
            target="_blank"
            rel="noreferrer"
          >
            {t("dealer.map_amap")}
          </a>
          <a
            href={`https://api.map.baidu.com/direction?destination=latlng:${bd09.lat},${bd09.lon}|name:${name}&mode=driving&coord_type=bd09ll&output=html&src=nearside`}
            target="_blank"
            rel="noreferrer"
          >
            {t("dealer.map_baidu")}
          </a>
          <a href={`geo:${wgs84.lat},${wgs84.lon}?q=${wgs84.lat},${wgs84.lon}`}>{t("dealer.map_phone")}</a>
        </span>
      </dd>
      <dt>{t("dealer.owners_car")}</dt>
      <dd>
        {[plateText(rescue.car.plate), rescue.car.brand, rescue.car.model].filter(Boolean).join(" · ") ||
          t("page.no_plate")}
      </dd>
      <dt>{t("page.caller")}</dt>
      <dd>
        {rescue.caller.name || "–"}{" "}
        {/\d/.test(rescue.caller.phone) ? (
          <a className="call" href={`tel:${rescue.caller.phone}`}>
            {rescue.caller.phone}
          </a>
        ) : null}
      </dd>
      {tools.length ? (
        <>
          <dt>{t("dealer.tools")}</dt>
          <dd>{tools.join(" · ")}</dd>
        </>
      ) : null}
      {rescue.note ? (
        <>
          <dt>{t("page.note")}</dt>
          <dd>{rescue.note}</dd>
        </>
      ) : null}
      {trip ? (
        <>
          <dt>{t("dealer.rescue_vehicle")}</dt>
          <dd>
            {plateText(trip.vehicle)} · {trip.driver.name}
          </dd>
        </>
      ) : null}
    </dl>
  );
}
