/** The case that is open: what it is, what can be done next, and behind tabs all that is known of it. */
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { newKey } from "@/shared/api";
import { type Feed, useCards } from "@/shared/feed";
import { clockTime, clockTimeWithSeconds, dayAndTime, plateText } from "@/shared/format";
import { NotYet } from "@/shared/notyet";
import { countdown, StateMark, toneOf } from "@/shared/states";
import { useWords } from "@/shared/words";
import { ask } from "./ask";
import { Candidates } from "./candidates";
import type { Candidate, Case, Dealer } from "./contract";
import { useKeys } from "./keys";
import { lineOf } from "./line";
import { refresh, useCandidates, useCase, useTasks, useVehiclesOf } from "./queries";
import { useSending } from "./sending";
import { activeTrip, askWhyNotNearest, makeOffer, pendingOffer, type StepTools, stepsOf } from "./steps";
import { TaskRow } from "./tasks";
import { Timeline } from "./timeline";
import { Sheets, Trips } from "./trips";

export const TABS = ["timeline", "candidates", "trips", "sheet", "calls"] as const;
export type Tab = (typeof TABS)[number];

/** What the service says of a case that can be offered. */
export const OFFERABLE: ReadonlySet<string> = new Set(["open", "unassigned"]);

interface CaseDrawerProps {
  id: string;
  tab: Tab;
  onTab: (tab: Tab) => void;
  feed: Feed;
  now: number;
  dealers: ReadonlyMap<string, Dealer>;
  dealerName: (code: string) => string;
  followed: string | null;
  onFollow: (plate: string) => void;
  onLook: (lat: number, lon: number) => void;
  onCandidates: (candidates: readonly Candidate[]) => void;
  onCorrectPlace: (known: Case) => void;
  onReplay: () => void;
  onClose: () => void;
  /** The keyboard belongs to the candidates, as after a new case. */
  toCandidates: boolean;
}

const NONE: readonly Candidate[] = [];

export function CaseDrawer(props: CaseDrawerProps) {
  const { id, tab, onTab, feed, now, dealers, dealerName, onFollow, onCandidates, onLook } = props;
  const t = useWords();
  const send = useSending();
  const client = useQueryClient();
  const query = useCase(id);
  const known = query.data;
  const card = useCards(feed).get(id);
  const offerable = known !== undefined && OFFERABLE.has(known.status);
  const offer = known ? pendingOffer(known) : undefined;
  const trip = known ? activeTrip(known) : undefined;
  const found = useCandidates(id, tab === "candidates" || offerable || offer !== undefined);
  const candidates = found.data ?? NONE;
  const vehicles = useVehiclesOf(offer?.dealer ?? trip?.dealer).data;
  const tasks = useTasks().data?.filter((task) => task.case === id) ?? [];
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    onCandidates(offerable ? candidates : NONE);
  }, [offerable, candidates, onCandidates]);

  const anew = useCallback(() => refresh(client, id), [client, id]);

  const run = useCallback(
    async (work: (key: string) => Promise<unknown>): Promise<boolean> => {
      setBusy(true);
      try {
        const done = await send(() => work(newKey()));
        const seen = anew();
        if (done) await seen; // until it is, the page would let the same be done once more
        return done;
      } finally {
        setBusy(false);
      }
    },
    [anew, send],
  );

  const fresh = useCallback(
    (act: () => void) => {
      const line = lineOf(feed);
      if (line.state !== "stopped") {
        act();
        return;
      }
      const time = line.heardTime === null ? "—" : clockTimeWithSeconds(line.heardTime);
      ask({
        title: t("console.stale_title"),
        detail: t("console.stale_detail", { time }),
        confirm: t("console.do_it_anyway"),
        danger: true,
        send: act,
      });
    },
    [feed, t],
  );

  const tools = useMemo<StepTools>(
    () => ({
      run,
      refresh: anew,
      fresh,
      pickPlace: known ? () => props.onCorrectPlace(known) : null,
      vehicles: vehicles ?? null,
      candidates,
      dealerName,
      showLink: (url) =>
        ask({
          title: t("console.follow_link"),
          detail: t("console.follow_link_detail"),
          fields: [{ name: "url", label: t("console.progress_link"), value: url }],
          confirm: t("console.copy_link"),
          send: () => navigator.clipboard.writeText(url),
        }),
    }),
    [run, anew, fresh, known, props.onCorrectPlace, vehicles, candidates, dealerName, t],
  );

  const steps = known ? stepsOf(known, tools) : [];
  const plate = trip?.vehicle;
  const guarded = (act: () => void) => () => {
    if (!busy) fresh(act);
  };
  useKeys({
    ...Object.fromEntries(steps.filter((step) => step.hot).map((step) => [step.hot?.toLowerCase(), guarded(step.act)])),
    ...Object.fromEntries(TABS.map((name, at) => [String(at + 1), () => onTab(name)])),
    ...(plate && props.followed === null ? { f: () => onFollow(plate) } : {}), // with it one ends, too: see the page
  });

  const offerIt = (candidate: Candidate) => {
    if (!known) return;
    guarded(() => {
      if (candidate.rank === 1) void makeOffer(known, "", "", tools);
      else askWhyNotNearest(known, candidate, tools);
    })();
  };

  if (!known) {
    return (
      <section className="drawer" aria-label={t("page.case")}>
        <NotYet error={query.error} />
      </section>
    );
  }
  const words: Record<Tab, string> = {
    timeline: t("page.timeline"),
    candidates: t("console.candidates"),
    trips: t("console.vehicle_and_driver"),
    sheet: t("console.sheet"),
    calls: t("console.calls"),
  };
  return (
    <section className="drawer" aria-label={t("console.case_n", { number: known.number })}>
      <header className="drawer-head">
        <StateMark status={known.status} {...(card ? { tone: toneOf(card, now) } : {})} />
        <h2>
          {known.number} {known.car.plate ? plateText(known.car.plate) : t("page.no_plate")}
        </h2>
        {card ? <span className="row-countdown">{countdown(card, now).text}</span> : null}
        <div className="steps">
          {steps.map((step) => (
            <button
              key={step.id}
              type="button"
              className={step.look ?? ""}
              disabled={busy}
              onClick={guarded(step.act)}
              data-step={step.id}
            >
              {step.word} {step.hot ? <kbd>{step.hot}</kbd> : null}
            </button>
          ))}
        </div>
        <button type="button" className="plain" onClick={props.onReplay}>
          {t("map.replay")} <kbd>R</kbd>
        </button>
        <button type="button" className="plain" onClick={props.onClose}>
          {t("page.close")} <kbd>Esc</kbd>
        </button>
      </header>
      <div className="drawer-body">
        <Facts
          known={known}
          dealers={dealers}
          onLook={() => {
            const { lat, lon } = known.location.hand_over ?? known.location; // where its mark stands (R18)
            onLook(lat, lon);
          }}
        />
        <div className="tabs">
          <div role="tablist" aria-label={t("page.case")}>
            {TABS.map((name, at) => (
              <button
                key={name}
                type="button"
                role="tab"
                id={`tab-${name}`}
                aria-selected={tab === name}
                aria-controls="tab-panel"
                onClick={() => onTab(name)}
              >
                <kbd>{at + 1}</kbd> {words[name]}
                {name === "calls" && tasks.length ? <b className="count">{tasks.length}</b> : null}
              </button>
            ))}
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a panel that scrolls must be reachable by keys */}
          <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
            {tab === "timeline" ? <Timeline id={id} dealerName={dealerName} /> : null}
            {tab === "candidates" ? (
              <Candidates
                key={id}
                candidates={candidates}
                open={offerable}
                loading={found.data === undefined}
                error={found.error}
                focus={props.toCandidates}
                onOffer={offerIt}
                onLook={(candidate) => onLook(candidate.start.lat, candidate.start.lon)}
              />
            ) : null}
            {tab === "trips" ? (
              <Trips known={known} dealerName={dealerName} onFollow={onFollow} followed={props.followed} />
            ) : null}
            {tab === "sheet" ? <Sheets known={known} /> : null}
            {tab === "calls" ? (
              <ul className="tasks">
                {tasks.length === 0 ? <p className="empty">{t("console.no_calls")}</p> : null}
                {tasks.map((task) => (
                  <TaskRow key={`${task.kind} ${task.trip}`} task={task} now={now} dealerName={dealerName} />
                ))}
              </ul>
            ) : null}
          </div>
        </div>
      </div>
    </section>
  );
}

function Facts({ known, dealers, onLook }: { known: Case; dealers: ReadonlyMap<string, Dealer>; onLook: () => void }) {
  const t = useWords();
  const { caller, car, location: place } = known;
  const road = place.expressway;
  const post = road ? [road.road, road.kilometre_post, road.direction].filter(Boolean).join(" ") : "";
  const dealer = known.dealer ? dealers.get(known.dealer) : undefined;
  return (
    <dl className="facts">
      <Fact word={t("page.caller")}>
        {caller.name} <strong>{caller.phone}</strong>
      </Fact>
      <Fact word={t("page.car")}>
        {[
          car.brand,
          car.model,
          car.energy ? t(`energy.${car.energy}`) : "",
          car.drive ? t(`drive.${car.drive}`) : "",
          car.vin,
        ]
          .filter(Boolean)
          .join(" · ") || "—"}
      </Fact>
      <Fact word={t("page.fault")}>
        {t(`fault.${known.fault}`)} · {t(`vehicle.kind.${known.needs}`)}
        {known.consent_needed ? ` · ${t("console.consent_needed")}` : ""}
      </Fact>
      <Fact word={t("page.place")}>
        {post && !place.address.includes(post) ? <strong>{post} </strong> : null}
        {place.address}
        {place.hand_over ? (
          <>
            <br />
            {t("page.hand_over")} {place.hand_over.lat.toFixed(5)}, {place.hand_over.lon.toFixed(5)}
          </>
        ) : null}
        <button type="button" className="plain" onClick={onLook} title={t("console.show_on_map")}>
          {place.lat.toFixed(5)}, {place.lon.toFixed(5)}
        </button>
        <small>
          {[
            known.city_name ?? "",
            known.scope === "unknown" ? "" : t(`scope.${known.scope}`),
            place.accuracy_m === null ? "" : t("console.accuracy", { n: Math.round(place.accuracy_m) }),
          ]
            .filter(Boolean)
            .join(" · ")}
        </small>
      </Fact>
      {known.doubts.length ? (
        <Fact word={t("page.doubts")}>
          <span className="wants">{known.doubts.map((doubt) => t(`doubt.${doubt}`)).join(" · ")}</span>
        </Fact>
      ) : null}
      {known.note ? <Fact word={t("page.note")}>{known.note}</Fact> : null}
      <Fact word={t("page.channel")}>
        {t(`channel.${known.channel}`)} · {t("page.opened_at")}{" "}
        <time title={dayAndTime(known.opened_at)}>{clockTime(known.opened_at)}</time>
      </Fact>
      {dealer ? (
        <Fact word={t("page.dealer")}>
          {dealer.name} {dealer.phone} · {dealer.specialist.name} {dealer.specialist.phone}
        </Fact>
      ) : null}
      {known.promised_at ? <Fact word={t("page.promised_at")}>{clockTime(known.promised_at)}</Fact> : null}
      {known.satisfaction === null ? null : (
        <Fact word={t("console.satisfaction")}>
          {known.satisfaction} {known.survey_comment}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ word, children }: { word: string; children: ReactNode }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </div>
  );
}
