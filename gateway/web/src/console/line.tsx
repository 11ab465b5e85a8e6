/** The line to the service: a dot with the age of the last heartbeat, and a red frame when the data have stopped. */
import { useEffect, useState } from "react";
import { type Feed, SLOW_MS, STOPPED_MS } from "@/shared/feed";
import { clockTimeWithSeconds } from "@/shared/format";
import { useWords } from "@/shared/words";

export interface Line {
  state: "starting" | "live" | "slow" | "stopped";
  /** Tenths of a second since the last heartbeat. */
  age_ds: number;
  /** The service's time at the last heartbeat, in epoch milliseconds. */
  heardTime: number | null;
}

const LOOK_MS = 500;

export function lineOf(feed: Feed): Line {
  const silence = feed.silenceMs;
  const starting = feed.heartbeatAt === null;
  const state = silence >= STOPPED_MS ? "stopped" : starting ? "starting" : silence >= SLOW_MS ? "slow" : "live";
  return { state, age_ds: Math.round(silence / 100), heardTime: feed.heartbeatTime };
}

export function useLine(feed: Feed): Line {
  const [line, setLine] = useState(() => lineOf(feed));
  useEffect(() => {
    const timer = window.setInterval(() => setLine(lineOf(feed)), LOOK_MS);
    return () => window.clearInterval(timer);
  }, [feed]);
  return line;
}

/** Renders again only when the state changes, not with each tenth of a second. */
export function useLineState(feed: Feed): Line["state"] {
  const [state, setState] = useState(() => lineOf(feed).state);
  useEffect(() => {
    const timer = window.setInterval(() => setState(lineOf(feed).state), LOOK_MS);
    return () => window.clearInterval(timer);
  }, [feed]);
  return state;
}

export function LineDot({ feed }: { feed: Feed }) {
  const t = useWords();
  const { state, age_ds } = useLine(feed);
  const word = {
    starting: t("page.feed_starting"),
    live: t("page.feed_live"),
    slow: t("page.feed_slow"),
    stopped: t("page.feed_stopped"),
  }[state];
  return (
    <span className="line-dot" data-state={state} title={t("console.line_hint")}>
      <i aria-hidden />
      {word}
      {state === "starting" ? null : <b>{t("console.seconds", { n: (age_ds / 10).toFixed(age_ds < 100 ? 1 : 0) })}</b>}
    </span>
  );
}

/** The whole page's red frame; it goes by itself when data come again. */
export function StoppedFrame({ feed }: { feed: Feed }) {
  const t = useWords();
  const state = useLineState(feed);
  if (state !== "stopped") return null;
  const time = feed.heartbeatTime === null ? "" : clockTimeWithSeconds(feed.heartbeatTime);
  return (
    <div className="stopped-frame" role="alert">
      <span>{t("page.stopped", { time })}</span>
    </div>
  );
}
