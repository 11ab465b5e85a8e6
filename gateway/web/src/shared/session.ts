/** Who is signed in on this page. A session that ends leaves the page as it is: the person signs in over it. */
import { useSyncExternalStore } from "react";
import { api, onSignedOut, Problem, told } from "./api";

export type Role = "dispatcher" | "dealer" | "driver" | "oem" | "admin";

export interface Who {
  username: string;
  role: Role;
  dealer: string | null;
  expires_at: string;
}

export interface SessionState {
  /** "unknown" until the server has been asked; "lost" when there was a session that has ended. */
  state: "unknown" | "out" | "in" | "lost";
  who: Who | null;
  /** Goes up with each sign-in, so that what hangs on a session starts anew. */
  epoch: number;
}

let session: SessionState = { state: "unknown", who: null, epoch: 0 };
const listeners = new Set<() => void>();

function become(next: Partial<SessionState>): void {
  session = { ...session, ...next };
  for (const listener of listeners) listener();
}

export const currentSession = (): SessionState => session;

export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useSession = (): SessionState => useSyncExternalStore(onSession, currentSession);

/** The session has ended, as an answer or the feed said. */
export function sessionEnded(): void {
  if (session.state === "in") become({ state: "lost" });
}

onSignedOut(sessionEnded);

/** Whom this browser knew last: what a page shows to a person who opens it without a connection. No secret. */
const KEPT_AS = "who";

function keep(who: Who | null): void {
  if (who) localStorage.setItem(KEPT_AS, JSON.stringify(who));
  else localStorage.removeItem(KEPT_AS);
}

/** Begin without a connection, as whoever was signed in last; the service has the last word once it answers. */
export function assumeSession(): void {
  const kept = localStorage.getItem(KEPT_AS);
  if (session.state === "unknown" && kept) become({ state: "in", who: JSON.parse(kept) as Who });
}

/** Ask whether this browser is signed in. Throws `Offline` where nobody answers. */
export async function lookUpSession(): Promise<void> {
  try {
    const who = await told(api.GET("/api/v1/session"));
    keep(who);
    become({ state: "in", who, epoch: session.epoch + 1 });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    keep(null);
    become({ state: "out", who: null });
  }
}

/** Throws `Problem` for a wrong name or password. Another person than before begins with a fresh page. */
export async function signIn(username: string, password: string): Promise<void> {
  const opened = await told(api.POST("/api/v1/session", { body: { username, password } }));
  const before = session.who;
  if (before && before.username !== opened.username) {
    location.reload();
    return;
  }
  const { role, dealer, expires_at } = opened;
  const who = { username: opened.username, role, dealer, expires_at };
  keep(who);
  become({ state: "in", who, epoch: session.epoch + 1 });
}

export async function signOut(): Promise<void> {
  await told(api.DELETE("/api/v1/session"));
  keep(null);
  become({ state: "out", who: null });
}

/** Where each role works. */
export const HOME: Record<Role, string> = {
  dispatcher: "/console",
  admin: "/admin",
  dealer: "/dealer",
  driver: "/dealer",
  oem: "/oem",
};
