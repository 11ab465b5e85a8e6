// The live feed: snapshot, then every event after it; after a break it goes on from the last number.

import { setClock } from "./time.js";

const OFF_THE_BOARD = new Set(["closed", "cancelled", "failed"]);
const SESSION_ENDED = 4401;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const SILENT_MS = 12_000; // six heartbeats: the line is dead though nobody said so

export class Feed {
  constructor({ changed, ended }) {
    this.seq = null;
    this.partial = false;
    this.cards = new Map();
    this.vehicles = new Map();
    this.heartbeatAt = null; // by the wall, for the age of the feed
    this.heartbeatTime = null; // by the service's clock
    this.changed = changed;
    this.ended = ended;
    this.waitMs = FIRST_WAIT_MS;
    this.socket = null;
    this.bbox = null;
    this.timers = [];
  }

  start() {
    this.startedAt = performance.now();
    this.timers.push(setInterval(() => this.#watch(), 1000));
    this.#connect();
  }

  stop() {
    this.timers.forEach(clearTimeout);
    this.timers = [];
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  // Milliseconds since the last heartbeat.
  get silence() {
    return performance.now() - (this.heartbeatAt ?? this.startedAt);
  }

  show(bbox) {
    this.bbox = bbox;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: "view", bbox }));
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const since = this.seq === null ? "" : `?since=${this.seq}`;
    const socket = new WebSocket(`${scheme}//${location.host}/api/v1/live${since}`);
    this.socket = socket;
    this.heardAt = performance.now();
    socket.onopen = () => this.bbox && this.show(this.bbox);
    socket.onmessage = (message) => socket === this.socket && this.#take(JSON.parse(message.data));
    socket.onclose = (event) => socket === this.socket && this.#lost(event.code);
  }

  async #lost(code) {
    this.socket = null;
    if (code === SESSION_ENDED || (await signedOut())) {
      this.stop();
      this.ended();
      return;
    }
    const wait = this.waitMs * (0.5 + Math.random() / 2); // so that not all screens come back at once
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
    this.timers.push(setTimeout(() => this.#connect(), wait));
  }

  #watch() {
    if (this.socket && performance.now() - this.heardAt > SILENT_MS) {
      const dead = this.socket;
      this.socket = null;
      dead.close();
      this.#lost(0);
    }
  }

  #take(message) {
    this.heardAt = performance.now();
    this.waitMs = FIRST_WAIT_MS;
    if (message.type === "snapshot") this.#snapshot(message);
    else if (message.type === "event") this.#event(message);
    else if (message.type === "positions") this.#positions(message);
    else if (message.type === "heartbeat") this.#heartbeat(message);
  }

  #snapshot(message) {
    setClock(message.now, message.speed);
    this.seq = message.seq;
    this.partial = message.partial;
    this.cards = new Map(message.cases.map((card) => [card.id, card]));
    this.vehicles = new Map(message.vehicles.map((vehicle) => [vehicle.plate, vehicle]));
    this.changed({ snapshot: true });
  }

  #event(message) {
    if (message.seq <= this.seq) return;
    if (message.seq > this.seq + 1 && !this.partial) return this.#broken();
    this.seq = message.seq;
    if (!message.card || OFF_THE_BOARD.has(message.card.status)) this.cards.delete(message.case);
    else this.cards.set(message.case, message.card);
    this.changed({ event: message });
  }

  #positions(message) {
    const before = this.vehicles;
    if (message.whole) this.vehicles = new Map();
    for (const told of message.vehicles ?? []) {
      this.vehicles.set(told.plate, { ...before.get(told.plate), ...told });
    }
    for (const [plate, lat, lon, speed_mps, course_deg, fix_time] of message.items) {
      this.vehicles.set(plate, { plate, ...this.vehicles.get(plate), lat, lon, speed_mps, course_deg, fix_time });
    }
    this.changed({ positions: true });
  }

  #heartbeat(message) {
    setClock(message.now, message.speed);
    this.heartbeatAt = performance.now();
    this.heartbeatTime = Date.parse(message.now);
    if (message.seq > this.seq) {
      if (!this.partial) return this.#broken();
      this.seq = message.seq;
    }
  }

  // An event is missing: ask for everything anew.
  #broken() {
    this.seq = null;
    this.socket.close();
  }
}

async function signedOut() {
  try {
    return (await fetch("/api/v1/session")).status === 401;
  } catch {
    return false;
  }
}
