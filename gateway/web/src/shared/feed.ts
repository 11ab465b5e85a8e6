/**
 * The live feed: a snapshot, then every event after it; after a break it goes on from the last number (decision 8).
 * Its law is that of `gateway/live/protocol.py`: what it holds is what a fresh snapshot would show.
 */
import { useSyncExternalStore } from "react";
import { setClock } from "./clock";

/** A case as a row on the board shows it; the server's `dispatch/card.py` says what each field means. */
export interface Card {
  id: string;
  number: string;
  status: string;
  channel: string;
  priority: number;
  plate: string;
  fault: string;
  needs: "service" | "tow";
  lat: number;
  lon: number;
  address: string;
  city_code: string | null;
  doubts: string[];
  dealer: string;
  dealers: string[];
  vehicle: string;
  opened_at: string;
  deadline_at: string | null;
  deadline_kind: "offer" | "promise" | null;
  late: boolean;
}

export interface Vehicle {
  plate: string;
  kind?: "service" | "tow" | null;
  dealer?: string;
  on_duty?: boolean | null;
  lat: number;
  lon: number;
  speed_mps: number | null;
  course_deg: number | null;
  fix_time: string;
}

export interface FeedEvent {
  type: "event";
  seq: number;
  kind: string;
  case: string;
  actor: string;
  at: string;
  data: Record<string, unknown>;
  card: Card | null;
}

type Item = [string, number, number, number | null, number | null, string];
type Bbox = [number, number, number, number];

type Message =
  | { type: "snapshot"; seq: number; now: string; speed: number; partial: boolean; cases: Card[]; vehicles: Vehicle[] }
  | FeedEvent
  | { type: "positions"; items: Item[]; vehicles?: Partial<Vehicle>[]; whole?: boolean }
  | { type: "heartbeat"; seq: number; now: string; speed: number }
  | { type: "error"; code: string; detail: string };

const OFF_THE_BOARD = new Set(["closed", "cancelled", "failed"]);
const SESSION_ENDED = 4401;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Six heartbeats: the line is dead though nobody said so. */
const SILENT_MS = 12_000;
export const SLOW_MS = 5_000;
export const STOPPED_MS = 15_000;

export class Feed {
  seq: number | null = null;
  cards: ReadonlyMap<string, Card> = new Map();
  /** Changes in place; `onPositions` says that it did. */
  readonly vehicles = new Map<string, Vehicle>();
  /** By the wall, in `performance.now()` milliseconds; null before the first. */
  heartbeatAt: number | null = null;
  /** By the service's clock, in epoch milliseconds. */
  heartbeatTime: number | null = null;
  readonly startedAt = performance.now();

  private partial = false;
  private waitMs = FIRST_WAIT_MS;
  private heardAt = 0;
  private socket: WebSocket | null = null;
  private bbox: Bbox | null = null;
  private timers = new Set<number>();
  /** Goes up with each stop: what was asked before is answered to nobody. */
  private stops = 0;
  private watch: number | undefined;
  private readonly cardListeners = new Set<() => void>();
  private readonly positionListeners = new Set<(changed: readonly string[] | "all") => void>();
  private readonly eventListeners = new Set<(event: FeedEvent) => void>();

  constructor(private readonly ended: () => void) {}

  start(): void {
    this.watch = window.setInterval(() => this.lookAtLine(), 1000);
    this.connect();
  }

  stop(): void {
    this.stops += 1;
    window.clearInterval(this.watch);
    for (const timer of this.timers) window.clearTimeout(timer);
    this.timers.clear();
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  /** Milliseconds since the last heartbeat. */
  get silenceMs(): number {
    return performance.now() - (this.heartbeatAt ?? this.startedAt);
  }

  /** Ask for positions inside `bbox` only: west, south, east, north. */
  show(bbox: Bbox | null): void {
    this.bbox = bbox;
    if (bbox && this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ type: "view", bbox }));
    }
  }

  onCards = (listener: () => void): (() => void) => {
    this.cardListeners.add(listener);
    return () => this.cardListeners.delete(listener);
  };

  onPositions(listener: (changed: readonly string[] | "all") => void): () => void {
    this.positionListeners.add(listener);
    return () => this.positionListeners.delete(listener);
  }

  onEvent(listener: (event: FeedEvent) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  private connect(): void {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const since = this.seq === null ? "" : `?since=${this.seq}`;
    const socket = new WebSocket(`${scheme}//${location.host}/api/v1/live${since}`);
    this.socket = socket;
    this.heardAt = performance.now();
    socket.onopen = () => this.show(this.bbox);
    socket.onmessage = (message) => {
      if (socket === this.socket) this.take(JSON.parse(message.data as string) as Message);
    };
    socket.onclose = (event) => {
      if (socket === this.socket) void this.lost(event.code);
    };
  }

  private async lost(code: number): Promise<void> {
    this.socket = null;
    const { stops } = this;
    const over = code === SESSION_ENDED || (await signedOut());
    if (stops !== this.stops) return;
    if (over) {
      this.stop();
      this.ended();
      return;
    }
    const wait = this.waitMs * (0.5 + Math.random() / 2); // so that not all screens come back at once
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
    const timer = window.setTimeout(() => {
      this.timers.delete(timer);
      this.connect();
    }, wait);
    this.timers.add(timer);
  }

  private lookAtLine(): void {
    if (this.socket && performance.now() - this.heardAt > SILENT_MS) {
      const dead = this.socket;
      this.socket = null;
      dead.close();
      void this.lost(0);
    }
  }

  /** Public for tests: one message from the socket. */
  take(message: Message): void {
    this.heardAt = performance.now();
    this.waitMs = FIRST_WAIT_MS;
    if (message.type === "snapshot") {
      setClock(message.now, message.speed);
      this.seq = message.seq;
      this.partial = message.partial;
      this.cards = new Map(
        message.cases.filter((card) => !OFF_THE_BOARD.has(card.status)).map((card) => [card.id, card]),
      );
      this.vehicles.clear();
      for (const vehicle of message.vehicles) this.vehicles.set(vehicle.plate, vehicle);
      this.beat(message.now);
      this.tellCards();
      this.tellPositions("all");
    } else if (message.type === "event") {
      this.takeEvent(message);
    } else if (message.type === "positions") {
      this.takePositions(message.items, message.vehicles ?? [], message.whole ?? false);
    } else if (message.type === "heartbeat") {
      setClock(message.now, message.speed);
      this.beat(message.now);
      if (this.seq !== null && message.seq > this.seq) {
        if (!this.partial) this.broken();
        else this.seq = message.seq;
      }
    }
  }

  private beat(now: string): void {
    this.heartbeatAt = performance.now();
    this.heartbeatTime = Date.parse(now);
  }

  private takeEvent(event: FeedEvent): void {
    if (this.seq === null || event.seq <= this.seq) return;
    if (event.seq > this.seq + 1 && !this.partial) {
      this.broken();
      return;
    }
    this.seq = event.seq;
    const cards = new Map(this.cards);
    if (!event.card || OFF_THE_BOARD.has(event.card.status)) cards.delete(event.case);
    else cards.set(event.case, event.card);
    this.cards = cards;
    this.tellCards();
    for (const listener of this.eventListeners) listener(event);
  }

  private takePositions(items: Item[], told: Partial<Vehicle>[], whole: boolean): void {
    const before = whole ? new Map(this.vehicles) : this.vehicles;
    if (whole) this.vehicles.clear();
    for (const vehicle of told) {
      if (vehicle.plate === undefined) continue;
      this.vehicles.set(vehicle.plate, { ...before.get(vehicle.plate), ...vehicle } as Vehicle);
    }
    for (const [plate, lat, lon, speed_mps, course_deg, fix_time] of items) {
      const known = this.vehicles.get(plate) ?? before.get(plate);
      this.vehicles.set(plate, { ...known, plate, lat, lon, speed_mps, course_deg, fix_time });
    }
    this.tellPositions(whole ? "all" : items.map((item) => item[0]));
  }

  private tellCards(): void {
    for (const listener of this.cardListeners) listener();
  }

  private tellPositions(changed: readonly string[] | "all"): void {
    for (const listener of this.positionListeners) listener(changed);
  }

  /** An event is missing: ask for everything anew. */
  private broken(): void {
    this.seq = null;
    this.socket?.close();
  }
}

async function signedOut(): Promise<boolean> {
  try {
    return (await fetch("/api/v1/session")).status === 401;
  } catch {
    return false; // no connection: that says nothing of the session
  }
}

/** The cards now; renders again when they change. */
export const useCards = (feed: Feed): ReadonlyMap<string, Card> => useSyncExternalStore(feed.onCards, () => feed.cards);
