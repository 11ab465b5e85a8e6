/** The dealer's page: one job fills the screen; the bar says what is not sent yet; beside it vehicles, people, figures. */
import { QueryClient, QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Problem } from "@/shared/api";
import { useNow } from "@/shared/clock";
import { minutesAndSeconds, plateText } from "@/shared/format";
import { Gate, LanguageSwitch, SignOutButton } from "@/shared/gate";
import { NotYet } from "@/shared/notyet";
import { type Role, useSession } from "@/shared/session";
import { StateMark } from "@/shared/states";
import "@/shared/states.css";
import "@/shared/theme";
import { useWords } from "@/shared/words";
import "./dealer.css";
import { Figures, History, People, Vehicles } from "./desk";
import { JobScreen } from "./job";
import { JOBS, type Job, type Offer, PHOTOS, useJobs } from "./jobs";
import { leftMs, useGone, useRinging } from "./offers";
import { type Deed, flush, forget, openOutbox, tryAgain, useDeeds, useOffline } from "./outbox";

const client = new QueryClient({
  defaultOptions: {
    // A phone without a connection says so at once; it does not wait for one in silence.
    queries: {
      networkMode: "always",
      staleTime: 5_000,
      retry: (failures, error) => !(error instanceof Problem) && failures < 2,
    },
  },
});

export function DealerPage() {
  useEffect(() => {
    void navigator.serviceWorker?.register("/dealer/sw.js", { scope: "/dealer" });
  }, []);
  return (
    <QueryClientProvider client={client}>
      <Gate title="page.dealer_desk" roles={ROLES} offline>
        <Desk />
      </Gate>
    </QueryClientProvider>
  );
}

const ROLES: readonly Role[] = ["dealer", "driver"];
const ROOMS = ["jobs", "history", "vehicles", "people", "figures"] as const;
type Room = (typeof ROOMS)[number];

function Desk() {
  const t = useWords();
  const { who, epoch } = useSession();
  const [room, setRoom] = useState<Room>("jobs");
  const told = useJobs();
  const [quiet, toggleQuiet] = useRinging(told.jobs);
  const [gone, dismiss] = useGone(told.jobs);
  const at = useAtHand(told.jobs);
  const elsewhere = told.jobs.flatMap((job) => {
    const onScreen = room === "jobs" && job.case.id === at.shown?.case.id;
    return job.offer && !onScreen ? [{ job, offer: job.offer }] : [];
  });
  const queries = useQueryClient();
  const main = useRef<HTMLElement>(null);
  const shown = at.shown?.case.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another job, or room, is read from its top
  useLayoutEffect(() => {
    main.current?.scrollTo(0, 0);
  }, [shown, room]);

  useEffect(() => {
    void openOutbox(async () => {
      await Promise.all([JOBS, PHOTOS].map((queryKey) => queries.invalidateQueries({ queryKey })));
    });
  }, [queries]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what waited for a sign-in goes on
  useEffect(() => {
    void flush();
  }, [epoch]);

  const rooms = who?.role === "driver" ? (["jobs"] as const) : ROOMS;
  return (
    <div className="dealer">
      <header className="dealer-top">
        <img src="/mark.svg" alt="" width={20} height={20} />
        <h1>{t("page.dealer_desk")}</h1>
        <span>{who?.username}</span>
        <LanguageSwitch />
        <SignOutButton />
      </header>
      {rooms.length > 1 ? (
        <nav className="dealer-rooms" aria-label={t("page.places")}>
          {rooms.map((name) => (
            <button
              key={name}
              type="button"
              aria-current={name === room ? "page" : undefined}
              onClick={() => setRoom(name)}
            >
              {t(`dealer.room_${name}`)}
            </button>
          ))}
        </nav>
      ) : null}
      <Line />
      {gone.map((one) => (
        <div key={one.offer} className="refused" role="alert">
          <p>
            <strong>{one.number}</strong> {plateText(one.plate)} {t(`dealer.offer_${one.why}`)}
          </p>
          <button type="button" onClick={() => dismiss(one.offer)}>
            {t("dealer.understood")}
          </button>
        </div>
      ))}
      {elsewhere.map(({ job, offer }) => (
        <Asking
          key={offer.id}
          job={job}
          offer={offer}
          onLook={() => {
            setRoom("jobs");
            at.look(job.case.id);
          }}
        />
      ))}
      <main ref={main}>
        {room === "jobs" ? <Jobs told={told} at={at} quiet={quiet} onQuiet={toggleQuiet} /> : null}
        {room === "history" ? <History /> : null}
        {room === "vehicles" ? <Vehicles /> : null}
        {room === "people" ? <People /> : null}
        {room === "figures" ? <Figures /> : null}
      </main>
    </div>
  );
}

/** Yellow while there is no connection, and what the service did not take, each with its reason. */
function Line() {
  const t = useWords();
  const deeds = useDeeds();
  const offline = useOffline();
  const waiting = deeds.filter((deed) => deed.refused === undefined);
  const refused = deeds.filter((deed) => deed.refused !== undefined);
  return (
    <>
      {offline ? (
        <p className="offline" role="status">
          {t("dealer.offline", { n: waiting.length })}
        </p>
      ) : null}
      {refused.map((deed) => (
        <RefusedDeed key={deed.key} deed={deed} />
      ))}
    </>
  );
}

function RefusedDeed({ deed }: { deed: Deed }) {
  const t = useWords();
  return (
    <div className="refused" role="alert">
      <p>
        <strong>{t("dealer.not_taken", { what: t(`dealer.step_${deed.step}`) })}</strong> {deed.number} {deed.refused}
      </p>
      <button type="button" onClick={() => void tryAgain(deed)}>
        {t("dealer.try_again")}
      </button>
      <button type="button" onClick={() => void forget(deed.id ?? 0)}>
        {t("dealer.understood")}
      </button>
    </div>
  );
}

const AT_HAND = "nearside:job-at-hand";
const asks = (job: Job): boolean => job.next.length > 0 || job.offer !== null;

interface AtHand {
  shown: Job | null;
  look: (id: string) => void;
  keepTo: (id: string) => void;
}

/**
 * Which job fills the screen: the one that was chosen to be looked at; else the one at which something was done last,
 * also after the page was closed, until it asks for nothing more; else the first that asks.
 */
function useAtHand(jobs: readonly Job[]): AtHand {
  const [looked, setLooked] = useState<string | null>(null);
  const [at, setAt] = useState(() => localStorage.getItem(AT_HAND));
  const wanted = jobs.find((job) => job.case.id === (looked ?? at)) ?? null;
  const shown = wanted && (looked !== null || asks(wanted)) ? wanted : (jobs.find(asks) ?? null);
  return {
    shown,
    look: setLooked,
    keepTo: (id) => {
      setLooked(null);
      setAt(id);
      localStorage.setItem(AT_HAND, id);
    },
  };
}

/** An offer that is not on the screen, wherever one is: how long there is to answer it. */
function Asking({ job, offer, onLook }: { job: Job; offer: Offer; onLook: () => void }) {
  const t = useWords();
  const now = useNow();
  return (
    <button type="button" className="asking" onClick={onLook}>
      <strong>{t("dealer.offer")}</strong>
      <span>
        {t(`fault.${job.case.fault}`)} · {plateText(job.case.car.plate) || job.case.number}
      </span>
      <b role="timer">{minutesAndSeconds(leftMs(offer, now))}</b>
    </button>
  );
}

interface JobsProps {
  told: ReturnType<typeof useJobs>;
  at: AtHand;
  quiet: ReadonlySet<string>;
  onQuiet: (offer: string) => void;
}

function Jobs({ told, at, quiet, onQuiet }: JobsProps) {
  const t = useWords();
  const { jobs, loaded, error } = told;
  const { shown } = at;
  if (!loaded) return <NotYet error={error} />;
  const others = jobs.filter((job) => job.case.id !== shown?.case.id);
  return (
    <div className="jobs">
      {shown ? (
        <JobScreen
          key={shown.case.id}
          job={shown}
          quiet={quiet.has(shown.offer?.id ?? "")}
          onQuiet={() => shown.offer && onQuiet(shown.offer.id)}
          onAt={at.keepTo}
        />
      ) : (
        <p className="empty">{t("dealer.no_jobs")}</p>
      )}
      {others.length ? (
        <aside aria-label={t("dealer.other_jobs")}>
          <h2>{t("dealer.other_jobs")}</h2>
          <ul>
            {others.map((job) => (
              <li key={job.case.id}>
                <JobRow job={job} onChoose={() => at.look(job.case.id)} />
              </li>
            ))}
          </ul>
        </aside>
      ) : null}
    </div>
  );
}

function JobRow({ job, onChoose }: { job: Job; onChoose: () => void }) {
  const t = useWords();
  return (
    <button type="button" className="job-row" data-asks={job.offer ? true : undefined} onClick={onChoose}>
      <StateMark status={job.case.status} />
      <span>{plateText(job.case.car.plate) || job.case.number}</span>
      <span>{t(`fault.${job.case.fault}`)}</span>
    </button>
  );
}
