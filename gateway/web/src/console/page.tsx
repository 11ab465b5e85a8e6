/** The dispatcher's console: figures and the feed above, the board left, the map right, the case below. */
import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { LiveMap } from "@/map/live";
import type { ReplaySubject } from "@/map/replay";
import { useNow } from "@/shared/clock";
import { TopBar } from "@/shared/desk";
import { type Card, Feed, useCards } from "@/shared/feed";
import { plateText } from "@/shared/format";
import { sessionEnded, useSession } from "@/shared/session";
import { byUrgency } from "@/shared/states";
import { useWords } from "@/shared/words";
import { Asking, ask } from "./ask";
import { Board } from "./board";
import { BoardBar } from "./boardbar";
import { useCalmOrder } from "./calm";
import { CaseDrawer, OFFERABLE, type Tab } from "./casedrawer";
import { correctPlace } from "./commands";
import "./console.css";
import { useDealersByCode } from "@/shared/network";
import type { Candidate, Case, Task } from "./contract";
import { copyRows } from "./copy";
import { type Draft, newDraft, onMap } from "./draft";
import { Figures } from "./figures";
import { counted, type Filters, NO_FILTERS, passes } from "./filters";
import { Help } from "./help";
import { Intake } from "./intake";
import { useKeys } from "./keys";
import { LineDot, StoppedFrame, useLineState } from "./line";
import { OtherCases } from "./othercases";
import { refresh, useRefreshing, useTasks } from "./queries";
import { type Tray, TrayPanel, useSounding } from "./tray";
import { UndoBar } from "./undo";

const ReplayView = lazy(() => import("@/map/replay").then(({ ReplayView }) => ({ default: ReplayView })));

const TRAY_KEYS: readonly [Tray, string][] = [
  ["alarms", "L"],
  ["tasks", "T"],
  ["shift", "H"],
];
const SHOWN_WAYS = 5;
const MAP_SETTLES_MS = 120;
const LINKED_CASE = /^\/console\/cases\/([\w-]+)$/;

interface Focus {
  lat: number;
  lon: number;
  at: number;
}

export function ConsolePage() {
  const t = useWords();
  const client = useQueryClient();
  const { message } = App.useApp();
  const { epoch } = useSession();
  const [feed] = useState(() => new Feed(sessionEnded));
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new session begins the feed anew
  useEffect(() => {
    feed.start();
    void client.invalidateQueries();
    return () => feed.stop();
  }, [feed, client, epoch]);
  useRefreshing(feed);

  const now = useNow();
  const cards = useCards(feed);
  const line = useLineState(feed);
  const dealers = useDealersByCode();
  const dealerName = useCallback((code: string) => dealers.get(code)?.name ?? code, [dealers]);
  const waiting = useSounding();
  const tasks = useTasks().data?.length ?? 0;

  const [filters, setFilters] = useState<Filters>(NO_FILTERS);
  const [cursor, setCursor] = useState<string | null>(null);
  const [opened, setOpened] = useState<string | null>(() => LINKED_CASE.exec(location.pathname)?.[1] ?? null);
  const [tab, setTab] = useState<Tab>("timeline");
  const [toCandidates, setToCandidates] = useState(false);
  const [intake, setIntake] = useState(false);
  const [draft, setDraft] = useState<Draft>(newDraft);
  const [tray, setTray] = useState<Tray | null>(null);
  const [filtering, setFiltering] = useState(false);
  const [help, setHelp] = useState(false);
  const [followed, setFollowed] = useState<string | null>(null);
  const [focus, setFocus] = useState<Focus | null>(null);
  const [candidates, setCandidates] = useState<readonly Candidate[]>([]);
  const [placing, setPlacing] = useState<Case | null>(null);
  const [replayed, setReplayed] = useState<ReplaySubject | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const mapRoom = useRef<HTMLDivElement>(null);
  const boardRoom = useRef<HTMLElement>(null);

  const words = useCallback(
    (card: Card) => `${t(`fault.${card.fault}`)} ${t(`case.status.${card.status}`)} ${dealerName(card.dealer)}`,
    [t, dealerName],
  );
  const sorted = useMemo(
    () =>
      byUrgency(
        [...cards.values()].filter((card) => passes(card, filters, now, words)),
        now,
      ).map(({ id }) => id),
    [cards, filters, now, words],
  );
  const { order, moved } = useCalmOrder(sorted, JSON.stringify(filters));
  const counts = useMemo(() => counted(cards.values(), now), [cards, now]);

  const look = useCallback((lat: number, lon: number) => {
    // The drawer may just have taken room from the map, which must know its size before it goes anywhere.
    window.setTimeout(() => setFocus({ lat, lon, at: Date.now() }), MAP_SETTLES_MS);
  }, []);
  const open = useCallback(
    (id: string, to: Tab = "timeline", candidatesFirst = false) => {
      if (id !== opened) setFollowed(null);
      setOpened(id);
      setCursor(id);
      setTab(to);
      setToCandidates(candidatesFirst);
      setPlacing(null);
      setReplayed(null);
      history.replaceState(null, "", `/console/cases/${id}`);
      const card = feed.cards.get(id);
      if (card) look(card.lat, card.lon);
    },
    [feed, look, opened],
  );
  const close = useCallback(() => {
    if (placing) {
      setPlacing(null);
      return;
    }
    setOpened(null);
    setReplayed(null);
    setCandidates([]);
    setFollowed(null);
    history.replaceState(null, "", "/console");
  }, [placing]);

  const move = (step: number) => {
    const at = cursor === null ? -1 : order.indexOf(cursor);
    const next = order[Math.max(0, Math.min(order.length - 1, at < 0 ? 0 : at + step))];
    if (next) setCursor(next);
  };
  /** Whoever goes to the candidates has the keyboard there: Enter offers. */
  const goToTab = (to: Tab) => {
    setTab(to);
    setToCandidates(to === "candidates");
  };
  const begin = () => {
    setIntake(true);
    setPlacing(null);
    setReplayed(null);
  };
  const follow = useCallback((plate: string) => setFollowed((before) => (before === plate ? null : plate)), []);

  const toggle = (name: Tray) => setTray((before) => (before === name ? null : name));
  const inTray: Partial<Record<Tray, number>> = { alarms: waiting.length, tasks };

  /** What lies on top is closed first. */
  const leave = () => {
    if (filtering) setFiltering(false);
    else if (tray) setTray(null);
    else if (replayed) setReplayed(null);
    else if (intake) setIntake(false);
    else if (opened) close();
  };

  useKeys({
    escape: leave,
    n: begin,
    "/": () => search.current?.focus(),
    "?": () => setHelp(true),
    j: () => move(1),
    k: () => move(-1),
    arrowdown: () => move(1),
    arrowup: () => move(-1),
    enter: () => {
      const at = cursor === null ? undefined : cards.get(cursor);
      if (!at) return;
      if (at.id !== opened) open(at.id, OFFERABLE.has(at.status) ? "candidates" : "timeline");
      else if (OFFERABLE.has(at.status)) goToTab("candidates");
    },
    m: () => mapRoom.current?.querySelector<HTMLElement>("canvas")?.focus(),
    l: () => toggle("alarms"),
    t: () => toggle("tasks"),
    h: () => toggle("shift"),
    ...(followed === null ? {} : { f: () => setFollowed(null) }),
    r: () => {
      if (opened) setReplayed({ kind: "case", id: opened });
      else setReplayed(followed ? { kind: "vehicle", plate: followed } : { kind: "city" });
    },
  });

  const copy = () =>
    copyRows([
      [
        t("page.case"),
        t("console.state"),
        t("console.plate"),
        t("page.fault"),
        t("page.place"),
        t("page.dealer"),
        t("console.vehicle"),
        t("page.opened_at"),
      ],
      ...order.flatMap((id) => {
        const card = cards.get(id);
        if (!card) return [];
        return [
          [
            card.number,
            t(`case.status.${card.status}`),
            card.plate,
            t(`fault.${card.fault}`),
            card.address,
            dealerName(card.dealer),
            card.vehicle,
            card.opened_at,
          ],
        ];
      }),
    ]).then(() => message.success(t("console.copied_rows", { n: order.length })));

  const card = opened ? cards.get(opened) : undefined;
  const lines = useMemo(
    () =>
      card
        ? candidates
            .filter((candidate) => candidate.eligible)
            .slice(0, SHOWN_WAYS)
            .map(({ start, name, rank }) => ({
              from: [start.lon, start.lat] as [number, number],
              to: [card.lon, card.lat] as [number, number],
              label: `${rank ?? ""} ${name}`.trim(),
              best: rank === 1,
            }))
        : [],
    [card, candidates],
  );
  const { standing } = draft;
  const spot = useMemo(
    () => (intake && standing ? { ...standing.shown, accuracy_m: standing.accuracy_m } : null),
    [intake, standing],
  );
  useEffect(() => {
    if (spot) look(spot.lat, spot.lon);
  }, [spot, look]);

  const pick = useMemo(() => {
    if (placing) {
      return (lat: number, lon: number) => {
        setPlacing(null);
        askCorrectPlace(placing, lat, lon, t, () => refresh(client, placing.id));
      };
    }
    return intake ? (lat: number, lon: number) => setDraft((now) => onMap(now, lat, lon)) : null;
  }, [placing, intake, t, client]);

  const doTask = (task: Task) => open(task.case, task.kind === "monitoring_call" ? "calls" : "trips");
  const filtered = JSON.stringify(filters) !== JSON.stringify(NO_FILTERS);

  return (
    <div className="console" data-line={line}>
      <TopBar title="page.console">
        <Figures late={counts.late} />
        <span className="spring" />
        {TRAY_KEYS.map(([name, key]) => (
          <button
            key={name}
            type="button"
            className="top-tray"
            data-alarm={(name === "alarms" && waiting.length > 0) || undefined}
            aria-expanded={tray === name}
            onClick={() => toggle(name)}
          >
            {t(`console.${name}`)} {inTray[name] === undefined ? null : <b>{inTray[name]}</b>} <kbd>{key}</kbd>
          </button>
        ))}
        <button type="button" className="top-tray" onClick={() => setHelp(true)} aria-label={t("console.all_keys")}>
          <kbd>?</kbd>
        </button>
        <LineDot feed={feed} />
      </TopBar>
      <main className="console-rooms" data-intake={intake || undefined} data-drawer={opened !== null || undefined}>
        <section className="board-room" aria-label={t("page.board")} ref={boardRoom}>
          <BoardBar
            counts={counts}
            filters={filters}
            onFilters={setFilters}
            filtering={filtering}
            onFiltering={setFiltering}
            dealers={dealers}
            search={search}
            onLeaveSearch={() => {
              search.current?.blur();
              setCursor(order[0] ?? null);
              if (order.length === 0) boardRoom.current?.querySelector<HTMLElement>(".other-cases button")?.focus();
            }}
            onNew={begin}
            onCopy={() => void copy()}
          />
          <Board
            order={order}
            moved={moved}
            cards={cards}
            cursor={cursor}
            opened={opened}
            now={now}
            dealerName={dealerName}
            onOpen={open}
            empty={filtered ? t("console.nothing_found") : t("page.empty_board")}
          />
          <OtherCases text={filters.text} isShown={(id) => order.includes(id)} onOpen={open} />
        </section>
        {intake ? (
          <Intake
            draft={draft}
            onDraft={setDraft}
            dealers={dealers}
            onOpened={(made) => {
              setIntake(false);
              client.setQueryData(["case", made.id], made);
              open(made.id, "candidates", true);
              const scene = made.location.hand_over ?? made.location; // where its mark stands (R18)
              look(scene.lat, scene.lon);
            }}
            onExisting={(id) => {
              setIntake(false);
              open(id);
            }}
            onClose={() => setIntake(false)}
          />
        ) : null}
        <div className="map-side" ref={mapRoom}>
          {replayed ? (
            <Suspense fallback={<p className="empty">{t("page.loading")}</p>}>
              <ReplayView subject={replayed} onClose={() => setReplayed(null)} />
            </Suspense>
          ) : (
            <LiveMap
              feed={feed}
              selected={opened}
              followed={followed}
              lines={lines}
              spot={spot}
              focus={focus}
              onCase={open}
              onVehicle={(plate) => {
                const going = [...cards.values()].find((one) => one.vehicle === plate);
                if (going) open(going.id, "trips");
                follow(plate);
              }}
              onDealer={(code) => {
                const dealer = dealers.get(code);
                if (dealer)
                  void message.info(
                    `${dealer.name} · ${dealer.phone} · ${dealer.specialist.name} ${dealer.specialist.phone}`,
                  );
              }}
              onPick={pick}
            />
          )}
          {placing ? <p className="map-hint">{t("console.click_place")}</p> : null}
          {followed && !replayed ? (
            <div className="map-hint">
              <button type="button" className="plain" onClick={() => setFollowed(null)}>
                {t("console.following", { plate: plateText(followed) })} <kbd>F</kbd>
              </button>
              <button type="button" className="plain" onClick={() => setReplayed({ kind: "vehicle", plate: followed })}>
                {t("map.replay")} {opened ? null : <kbd>R</kbd>}
              </button>
            </div>
          ) : null}
          {tray ? (
            <TrayPanel
              tray={tray}
              onTray={setTray}
              now={now}
              dealerName={dealerName}
              onOpen={open}
              onTask={doTask}
              opened={opened}
            />
          ) : null}
        </div>
        {opened ? (
          <CaseDrawer
            key={opened}
            id={opened}
            tab={tab}
            onTab={goToTab}
            feed={feed}
            now={now}
            dealers={dealers}
            dealerName={dealerName}
            followed={followed}
            onFollow={follow}
            onLook={look}
            onCandidates={setCandidates}
            onCorrectPlace={setPlacing}
            onReplay={() => setReplayed({ kind: "case", id: opened })}
            onClose={close}
            toCandidates={toCandidates}
          />
        ) : null}
      </main>
      <UndoBar />
      <Asking />
      {help ? <Help onClose={() => setHelp(false)} /> : null}
      <StoppedFrame feed={feed} />
    </div>
  );
}

function askCorrectPlace(known: Case, lat: number, lon: number, t: (key: string) => string, done: () => void): void {
  ask({
    title: t("console.correct_place"),
    detail: `${lat.toFixed(5)}, ${lon.toFixed(5)} (WGS-84)`,
    fields: [
      { name: "location.address", label: t("page.place"), value: known.location.address, optional: true },
      { name: "reason", label: t("console.why"), often: [t("console.why_owner_said"), t("console.why_crew_said")] },
    ],
    confirm: t("console.keep"),
    send: async (answers, key) => {
      const place = { lat, lon, address: answers["location.address"] ?? "" };
      await correctPlace(known.id, place, answers.reason ?? "", key);
      done();
    },
  });
}
