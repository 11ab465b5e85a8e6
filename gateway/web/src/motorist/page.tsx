/** The page at the kerb: who comes, when, what to do until then; afterwards how it was, and the signed record. */
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Offline, Problem } from "@/shared/api";
import "@/shared/base.css";
import { clockTime, kilometres, plateText } from "@/shared/format";
import { LanguageSwitch } from "@/shared/gate";
import { NotYet } from "@/shared/notyet";
import "@/shared/states.css";
import "@/shared/theme";
import { inChinese, useLanguage, useWords } from "@/shared/words";
import { look, recordPath, type Standing, useSaying } from "./api";
import "./motorist.css";
import { Survey } from "./survey";
import { Where } from "./where";

const TELLS_PLACE = new Set(["locating", "located", "waiting"]);
const OVER = new Set(["completed", "ended", "cancelled"]);
const LOOK_AGAIN_MS = 5_000;
/** The map is the heavy part: it comes after what matters is on the screen. */
const WayMap = lazy(() => import("./map").then(({ WayMap }) => ({ default: WayMap })));

export function MotoristPage() {
  const t = useWords();
  const [standing, setStanding] = useState<Standing | null>(null);
  const [gone, setGone] = useState(false);
  const [wrong, setWrong] = useState<Problem | Offline | null>(null);
  /** The service answers in any order: a look that was asked for before something was said does not undo it. */
  const said = useRef(0);

  const tell = useCallback((told: Standing) => {
    said.current += 1;
    setStanding(told);
  }, []);

  const ask = useCallback(async () => {
    const before = said.current;
    try {
      const seen = await look();
      if (before === said.current) tell(seen);
      setWrong(null);
    } catch (error) {
      if (error instanceof Problem && error.document.status === 404)
        setGone(true); // for good
      else if (error instanceof Offline || error instanceof Problem) setWrong(error);
      else throw error;
    }
  }, [tell]);

  useEffect(() => {
    document.title = t("motorist.title");
  }, [t]);

  useEffect(() => {
    if (gone) return;
    void ask();
    const timer = window.setInterval(() => void ask(), LOOK_AGAIN_MS);
    return () => window.clearInterval(timer);
  }, [ask, gone]);

  return (
    <div className="kerb">
      <header>
        <img src="/mark.svg" alt="" width={20} height={20} />
        <h1>{t("motorist.title")}</h1>
        <LanguageSwitch />
      </header>
      {wrong && standing && !gone ? (
        <p className="no-line" role="status">
          {t("motorist.no_line", { time: clockTime(standing.now) })}
        </p>
      ) : null}
      {gone ? (
        <main>
          <p className="gone">{t("motorist.gone")}</p>
        </main>
      ) : standing ? (
        <Told standing={standing} onTold={tell} />
      ) : (
        <main>
          <NotYet error={wrong} />
        </main>
      )}
    </div>
  );
}

function Told({ standing, onTold }: { standing: Standing; onTold: (standing: Standing) => void }) {
  const t = useWords();
  const language = useLanguage();
  const { state, scene, vehicle, arrival } = standing;
  const moving = (state === "coming" || state === "assigned") && scene !== null && vehicle?.lat != null;
  const over = OVER.has(state);
  return (
    <main>
      <section className="standing" data-state={state}>
        <h2>{t(`motorist.state_${state}`)}</h2>
        {standing.number ? <p>{t("motorist.number", { n: standing.number })}</p> : null}
        {arrival ? (
          <p className="arrival">
            <span>{t("motorist.arrives")}</span>
            <strong>
              {clockTime(arrival.start)}–{clockTime(arrival.end)}
            </strong>
            <small>{t(arrival.source === "gps" ? "motorist.by_gps" : "motorist.by_promise")}</small>
          </p>
        ) : null}
      </section>
      {TELLS_PLACE.has(state) ? <Where onTold={onTold} /> : null}
      {moving ? (
        <Suspense fallback={<div className="way" />}>
          <WayMap scene={scene} vehicle={vehicle} />
        </Suspense>
      ) : null}
      {over ? null : <Who standing={standing} />}
      {standing.advice.length ? (
        <section>
          <h3>{t("motorist.advice")}</h3>
          <ol className="advice">
            {standing.advice.map((code) => (
              <li key={code}>{t(`motorist.advice_${code}`)}</li>
            ))}
          </ol>
        </section>
      ) : null}
      {standing.survey_open || standing.satisfaction !== null ? <Survey standing={standing} onTold={onTold} /> : null}
      {standing.has_record ? (
        <a className="button" href={`${recordPath}?lang=${language}`} target="_blank" rel="noreferrer">
          {t("motorist.record")}
        </a>
      ) : null}
      {over ? <Who standing={standing} over /> : null}
      {standing.can_cancel ? <Cancel onTold={onTold} /> : null}
    </main>
  );
}

/** Who comes, or came: to be called at once while help is needed. */
function Who({ standing, over = false }: { standing: Standing; over?: boolean }) {
  const t = useWords();
  const call = over ? "button" : "button call";
  const { service, vehicle, driver, hotline, scene, distance_m } = standing;
  return (
    <section className="who">
      {service ? (
        <dl>
          <dt>{t("motorist.who")}</dt>
          <dd>
            {service.dealer_name}
            {driver ? ` · ${t("motorist.driver", { name: driver })}` : ""}
          </dd>
          {vehicle ? (
            <>
              <dt>{t(`vehicle.kind.${vehicle.kind}`)}</dt>
              <dd>
                <strong className="plate">{plateText(vehicle.plate)}</strong>
                {distance_m === null ? "" : ` ${t("motorist.away", { km: kilometres(distance_m) })}`}
              </dd>
            </>
          ) : null}
          {scene?.address ? (
            <>
              <dt>{t("motorist.place")}</dt>
              <dd>{scene.address}</dd>
            </>
          ) : null}
        </dl>
      ) : null}
      <div className="calls">
        {service?.dealer_phone ? (
          <a className={call} href={`tel:${service.dealer_phone}`}>
            {t("motorist.call_dealer")}
          </a>
        ) : null}
        {hotline ? (
          <a className={call} href={`tel:${hotline}`}>
            {t("motorist.call_hotline")}
          </a>
        ) : null}
      </div>
    </section>
  );
}

const REASONS = ["started", "other_help", "too_long"] as const;

function Cancel({ onTold }: { onTold: (standing: Standing) => void }) {
  const t = useWords();
  const [asking, setAsking] = useState(false);
  const { say, busy, wrong } = useSaying(onTold);

  if (!asking) {
    return (
      <button type="button" className="quiet" onClick={() => setAsking(true)}>
        {t("motorist.cancel")}
      </button>
    );
  }
  return (
    <section className="cancel">
      <h3>{t("motorist.cancel_why")}</h3>
      {REASONS.map((code) => (
        <button
          key={code}
          type="button"
          disabled={busy}
          onClick={() => void say("cancel", { reason: inChinese(`motorist.reason_${code}`) })}
        >
          {t(`motorist.reason_${code}`)}
        </button>
      ))}
      {wrong ? <p role="alert">{wrong}</p> : null}
      <button type="button" className="quiet" onClick={() => setAsking(false)}>
        {t("motorist.cancel_no")}
      </button>
    </section>
  );
}
