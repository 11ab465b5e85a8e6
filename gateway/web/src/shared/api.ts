/** The service's API, typed by its own OpenAPI document; a refusal is a `Problem` with the server's words. */
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "@/api/schema";
import { currentLanguage, t } from "./words";

export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  /** English; `reason` says the same in the language of the title. */
  detail: string;
  reason: string;
  code: string;
  rule?: string;
  field?: string;
  errors?: { field: string; detail: string; reason: string }[];
}

/** What the server refused, and why; nothing was changed. */
export class Problem extends Error {
  /** `retryAfterMs`: how long the service asks to be left alone; 0 where it says nothing of that. */
  constructor(
    readonly document: ProblemDocument,
    readonly retryAfterMs = 0,
  ) {
    super(document.reason || document.title);
    this.name = "Problem";
  }
  get code(): string {
    return this.document.code;
  }
  /** Another request was done under this one's key: an earlier answer was lost, and what was sent changed since. */
  get usedKey(): boolean {
    return this.code === "conflict" && this.document.field === "Idempotency-Key";
  }
  /** The reasons by field: `location.lat` and so on; "" for what belongs to no field. */
  get byField(): ReadonlyMap<string, string> {
    const { errors, field, reason, title } = this.document;
    if (errors?.length) return new Map(errors.map((one) => [withoutBody(one.field), one.reason]));
    return new Map([[withoutBody(field ?? ""), reason || title]]);
  }
}

const withoutBody = (field: string): string => field.replace(/^body\./, "");

/** No answer came: the line is down, or the service is. */
export class Offline extends Error {
  constructor() {
    super("offline");
    this.name = "Offline";
  }
}

/** Why it was not done, in words: the service's reason, or that nobody answered. Throws whatever else went wrong. */
export function whyNot(error: unknown): string {
  if (error instanceof Problem) return error.message;
  if (error instanceof Offline) return t("page.no_answer");
  throw error;
}

/** The same by field, for a form: "" for what belongs to no field, such as that nobody answered. */
export const whyNotByField = (error: unknown): ReadonlyMap<string, string> =>
  error instanceof Problem ? error.byField : new Map([["", whyNot(error)]]);

let whenSignedOut: () => void = () => undefined;

/** Told whenever an answer says that nobody is signed in any more. */
export function onSignedOut(listener: () => void): void {
  whenSignedOut = listener;
}

const speaking: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept-Language", currentLanguage());
    return request;
  },
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && schemaPath !== "/api/v1/session") whenSignedOut();
  },
  onError() {
    return new Offline();
  },
};

export const api = createClient<paths>({ credentials: "same-origin" });
api.use(speaking);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The answer's data. Throws `Problem` for a refusal, `Offline` where none came. */
export async function told<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problemOf(error, response);
  return data as T;
}

/** A call outside the typed paths: bytes up or down. Throws like `told`. */
export async function fetched(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      ...init,
      credentials: "same-origin",
      headers: { "Accept-Language": currentLanguage(), ...init.headers },
    });
  } catch {
    throw new Offline();
  }
  if (response.status === 401) whenSignedOut();
  if (!response.ok) throw problemOf(await response.json().catch(() => undefined), response);
  return response;
}

function problemOf(document: unknown, response: Response): Problem {
  const known = document as ProblemDocument | undefined;
  const retryAfterMs = retryAfter(response.headers.get("Retry-After"), Date.now());
  if (known && typeof known === "object" && "code" in known) return new Problem(known, retryAfterMs);
  const { status, statusText: title } = response;
  return new Problem({ type: "", title, status, detail: "", reason: "", code: "internal" }, retryAfterMs);
}

/** The header in milliseconds from `now`; it has either seconds or a date. */
export function retryAfter(header: string | null, now: number): number {
  if (!header) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Math.max(0, ms || 0);
}

/** Names one intention of a person: sent twice with the same key, it is done once. */
export const newKey = (): string => crypto.randomUUID();
