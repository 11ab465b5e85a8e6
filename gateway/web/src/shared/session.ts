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

/** Whose what is kept on this device is now; null where nobody is signed in. */
export const currentUser = (): string | null => session.who?.username ?? null;

/** The service itself has said who is signed in, and has not said since that the session is over. */
export const isConfirmed = (): boolean => session.state === "in" && session.epoch > 0;

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

/** The last person whom this page was shown to, signed in still or not. */
let shownTo: string | null = null;

/** Another person than before begins with a fresh page, which has nothing of the one before. */
function beginAnewFor(username: string): boolean {
  const another = shownTo !== null && shownTo !== username;
  if (another) location.reload();
  else shownTo = username;
  return another;
}

/** As the service says. */
function enter(who: Who): void {
  keep(who);
  if (!beginAnewFor(who.username)) become({ state: "in", who, epoch: session.epoch + 1 });
}

// Pages of one browser share its session: who signs in on one is whom the service sees behind the others.
window.addEventListener("storage", ({ key, newValue }) => {
  if (key === KEPT_AS && newValue && shownTo !== null) beginAnewFor((JSON.parse(newValue) as Who).username);
});

/** Begin without a connection, as whoever was signed in last; the service has the last word once it answers. */
export function assumeSession(): void {
  const kept = localStorage.getItem(KEPT_AS);
  if (session.state !== "unknown" || !kept) return;
  const who = JSON.parse(kept) as Who;
  shownTo = who.username;
  become({ state: "in", who });
}

/** Ask whether this browser is signed in. Throws where the service does not say. */
export async function lookUpSession(): Promise<void> {
  try {
    enter(await told(api.GET("/api/v1/session")));
  } catch (error) {
    if (!(error instanceof Problem && error.document.status === 401)) throw error;
    keep(null);
    become({ state: "out", who: null });
  }
}

/** Throws `Problem` for a wrong name or password. */
export async function signIn(username: string, password: string): Promise<void> {
  const opened = await told(api.POST("/api/v1/session", { body: { username, password } }));
  const { role, dealer, expires_at } = opened;
  enter({ username: opened.username, role, dealer, expires_at });
}

/** Throws where the service does not say that the session is over: it may be used until it is. */
export async function signOut(): Promise<void> {
  try {
    await told(api.DELETE("/api/v1/session"));
  } catch (error) {
    if (!(error instanceof Problem && error.document.status === 401)) throw error;
  }
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
