/**
 * What a person did on the phone, in its order, until the service has it. Each entry has a key of its own, so that what
 * is sent twice is done once. Without a connection entries wait; what the service refuses comes back with its reason.
 * All that is kept belongs to whoever was signed in: on a phone that several share it waits until that person is back.
 */
import { type IDBPDatabase, openDB } from "idb";
import { useSyncExternalStore } from "react";
import { fetched, newKey, Offline, Problem } from "@/shared/api";
import { currentUser, isConfirmed } from "@/shared/session";
import { verdictOn } from "./verdict";

export interface Deed {
  /** Orders the entries; given by the store. */
  id?: number;
  key: string;
  /** Who did it. Absent in what an older page kept: that is taken for the present user's. */
  user?: string | null;
  /** Which step of which case it is, as in the job's `next`. */
  step: string;
  case: string;
  /** The case as people call it. Absent in what an older page kept. */
  number?: string;
  method: "POST" | "PUT" | "PATCH";
  path: string;
  body: unknown;
  /** A photograph instead of a JSON body. */
  blob?: Blob;
  at: string;
  /** The service's reason, once it has refused. */
  refused?: string;
  /** How often another transaction was in its way. */
  collisions?: number;
}

const DATABASE = "nearside-dealer";
const STORE = "deeds";
const KEPT = "jobs";
const AGAIN_MS = 4_000;

let database: Promise<IDBPDatabase> | null = null;
let deeds: readonly Deed[] = [];
let offline = false;
let sending: Promise<void> | null = null;
let timer: number | undefined;
/** Nothing is sent before, by `performance.now()`: the service has asked to be left alone so long. */
let restUntil = 0;
const listeners = new Set<() => void>();
let whenDone: () => Promise<void> = () => Promise.resolve();

function open(): Promise<IDBPDatabase> {
  database ??= openDB(DATABASE, 1, {
    upgrade(db) {
      db.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
      db.createObjectStore(KEPT);
    },
  }).then(async (db) => {
    await db.delete(KEPT, "last"); // an older page's jobs, which were anybody's
    return db;
  });
  return database;
}

function tell(): void {
  for (const listener of listeners) listener();
}

async function read(): Promise<void> {
  const all = (await (await open()).getAll(STORE)) as Deed[];
  const user = currentUser();
  deeds = all.filter((deed) => user !== null && (deed.user ?? user) === user);
  tell();
}

/**
 * Begin with what an earlier visit left. `done` is called whenever the service has taken or refused something; until it
 * is over, a deed that was taken stays in the outbox, so that nothing on the page goes back to what it was before.
 */
export async function openOutbox(done: () => Promise<void>): Promise<void> {
  whenDone = done;
  window.addEventListener("online", goOn);
  await flush();
}

const goOn = (): void => void flush();

/** Keep the deed, then try to send it; gives when it is kept. The draft of that name has become the deed. */
export async function perform(
  rescue: { id: string; number: string },
  deed: Pick<Deed, "step" | "method" | "path" | "body" | "blob">,
  draft?: string,
): Promise<void> {
  const user = currentUser();
  const kept = (await open()).transaction([STORE, KEPT], "readwrite");
  await kept.objectStore(STORE).add({
    ...deed,
    case: rescue.id,
    number: rescue.number,
    user,
    key: newKey(),
    at: new Date().toISOString(),
  });
  if (draft) await kept.objectStore(KEPT).delete(draftKey(user, draft));
  await kept.done;
  await read();
  void flush();
}

/** Forget a deed that was refused. */
export async function forget(id: number): Promise<void> {
  await (await open()).delete(STORE, id);
  await read();
}

/** Send a deed again that was refused: what was in its way may be gone. */
export async function tryAgain({ refused: _reason, collisions: _count, ...deed }: Deed): Promise<void> {
  await (await open()).put(STORE, deed);
  await read();
  await flush();
}

/** Send what waits, in order; one round at a time. */
export function flush(): Promise<void> {
  sending ??= round().finally(() => {
    sending = null;
  });
  return sending;
}

async function round(): Promise<void> {
  await read();
  if (performance.now() < restUntil) return; // the timer is set
  window.clearTimeout(timer);
  // The cookie says who acts: without the service's word whose it is, nobody's deeds are sent.
  for (let deed = nextWaiting(); deed && isConfirmed(); deed = nextWaiting()) {
    try {
      await send(deed);
      await whenDone();
      await (await open()).delete(STORE, deed.id ?? 0);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Offline)) throw error;
      const answer = error instanceof Problem ? error : null;
      const verdict = verdictOn(answer?.document ?? null, deed.collisions ?? 0);
      if (verdict === "wait" || verdict === "sign_in") {
        become(verdict === "wait");
        rest(answer?.retryAfterMs ?? 0);
        return;
      }
      const judged = verdict === "again" ? { collisions: (deed.collisions ?? 0) + 1 } : { refused: error.message };
      await (await open()).put(STORE, { ...deed, ...judged });
      if (verdict === "refused") await whenDone(); // what the page showed is not so
    }
    await read();
    become(false);
  }
}

/** Go on by itself later; not before `askedMs` have passed, whoever calls meanwhile. */
function rest(askedMs: number): void {
  restUntil = askedMs ? performance.now() + askedMs : 0;
  timer = window.setTimeout(
    () => {
      restUntil = 0;
      void flush();
    },
    Math.max(AGAIN_MS, askedMs),
  );
}

const nextWaiting = (): Deed | undefined => deeds.find((deed) => deed.refused === undefined);

function become(away: boolean): void {
  offline = away;
  tell();
}

/** Said by whoever else asks the service, so that the bar shows at once. */
export function lineIs(up: boolean): void {
  if (offline === up) become(!up);
  if (up && nextWaiting()) void flush();
}

async function send(deed: Deed): Promise<void> {
  const type = deed.blob ? deed.blob.type : "application/json";
  const body = deed.blob ?? (deed.body === undefined ? null : JSON.stringify(deed.body));
  await fetched(deed.path, {
    method: deed.method,
    headers: { "Idempotency-Key": deed.key, ...(body === null ? {} : { "Content-Type": type }) },
    body,
  });
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
};

export const useDeeds = (): readonly Deed[] => useSyncExternalStore(subscribe, () => deeds);
export const useOffline = (): boolean => useSyncExternalStore(subscribe, () => offline);

/** The jobs as last told to `user`, for a visit without a connection. */
export async function keepJobs(user: string, jobs: unknown): Promise<void> {
  await (await open()).put(KEPT, jobs, [user, "jobs"]);
}

export async function keptJobs(user: string): Promise<unknown> {
  return (await open()).get(KEPT, [user, "jobs"]);
}

/** A draft of the present user's by its name, such as a check sheet that is not saved yet. */
export async function keepDraft(name: string, draft: unknown): Promise<void> {
  await (await open()).put(KEPT, draft, draftKey(currentUser(), name));
}

export async function draftOf(name: string): Promise<unknown> {
  return (await open()).get(KEPT, draftKey(currentUser(), name));
}

const draftKey = (user: string | null, name: string) => [user ?? "", `draft:${name}`];
