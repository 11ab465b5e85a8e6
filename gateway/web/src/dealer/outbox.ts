/**
 * What a person did on the phone, in its order, until the service has it. Each entry has a key of its own, so that what
 * is sent twice is done once. Without a connection entries wait; what the service refuses comes back with its reason.
 */
import { type IDBPDatabase, openDB } from "idb";
import { useSyncExternalStore } from "react";
import { fetched, newKey, Offline, Problem } from "@/shared/api";

export interface Deed {
  /** Orders the entries; given by the store. */
  id?: number;
  key: string;
  /** Which step of which case it is, as in the job's `next`. */
  step: string;
  case: string;
  method: "POST" | "PUT" | "PATCH";
  path: string;
  body: unknown;
  /** A photograph instead of a JSON body. */
  blob?: Blob;
  at: string;
  /** The service's reason, once it has refused. */
  refused?: string;
}

const DATABASE = "nearside-dealer";
const STORE = "deeds";
const KEPT_JOBS = "jobs";
const AGAIN_MS = 4_000;

let database: Promise<IDBPDatabase> | null = null;
let deeds: readonly Deed[] = [];
let offline = false;
let sending: Promise<void> | null = null;
let timer: number | undefined;
const listeners = new Set<() => void>();
let whenDone: () => Promise<void> = () => Promise.resolve();

function open(): Promise<IDBPDatabase> {
  database ??= openDB(DATABASE, 1, {
    upgrade(db) {
      db.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
      db.createObjectStore(KEPT_JOBS);
    },
  });
  return database;
}

function tell(): void {
  for (const listener of listeners) listener();
}

async function read(): Promise<void> {
  deeds = (await (await open()).getAll(STORE)) as Deed[];
  tell();
}

/**
 * Begin with what an earlier visit left. `done` is called whenever the service has taken something; until it is over,
 * the deed stays in the outbox, so that nothing on the page goes back to what it was before.
 */
export async function openOutbox(done: () => Promise<void>): Promise<void> {
  whenDone = done;
  await read();
  window.addEventListener("online", () => void flush());
  await flush();
}

/** Keep the deed, then try to send it. Gives when it is kept; it may be sent later. */
export async function perform(deed: Omit<Deed, "id" | "key" | "at">): Promise<void> {
  await (await open()).add(STORE, { ...deed, key: newKey(), at: new Date().toISOString() });
  await read();
  await flush();
}

/** Forget a deed that was refused. */
export async function forget(id: number): Promise<void> {
  await (await open()).delete(STORE, id);
  await read();
}

/** Send what waits, in order; one round at a time. */
export function flush(): Promise<void> {
  sending ??= round().finally(() => {
    sending = null;
  });
  return sending;
}

async function round(): Promise<void> {
  window.clearTimeout(timer);
  for (let deed = nextWaiting(); deed; deed = nextWaiting()) {
    try {
      await send(deed);
      await whenDone();
      await (await open()).delete(STORE, deed.id ?? 0);
    } catch (error) {
      const away = error instanceof Offline || (error instanceof Problem && error.document.status >= 500);
      const signedOut = error instanceof Problem && error.document.status === 401;
      if (away || signedOut) {
        become(away);
        timer = window.setTimeout(() => void flush(), AGAIN_MS);
        return;
      }
      if (!(error instanceof Problem)) throw error;
      await (await open()).put(STORE, { ...deed, refused: error.message });
    }
    await read();
    become(false);
  }
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

/** The jobs as last told, for a visit without a connection. */
export async function keepJobs(jobs: unknown): Promise<void> {
  await (await open()).put(KEPT_JOBS, jobs, "last");
}

export async function keptJobs(): Promise<unknown> {
  return (await open()).get(KEPT_JOBS, "last");
}

/** A draft by its name, such as a check sheet that is not saved yet. */
export async function keepDraft(name: string, draft: unknown): Promise<void> {
  await (await open()).put(KEPT_JOBS, draft, `draft:${name}`);
}

export async function draftOf(name: string): Promise<unknown> {
  return (await open()).get(KEPT_JOBS, `draft:${name}`);
}
