import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Feed } from "./feed";

class Socket {
  static opened: Socket[] = [];
  onclose: (event: { code: number }) => void = () => undefined;
  constructor() {
    Socket.opened.push(this);
  }
  close(): void {}
}

let answer: (response: { status: number }) => void;

beforeEach(() => {
  vi.useFakeTimers();
  Socket.opened = [];
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("location", { protocol: "https:", host: "nearside" });
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("fetch", () => new Promise((done) => (answer = done)));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const MINUTE_MS = 60_000;

test("a lost line is taken up again; not once the feed was stopped while it asked whether the session is over", async () => {
  const ended = vi.fn();
  const feed = new Feed(ended);
  feed.start();
  Socket.opened[0]?.onclose({ code: 1006 });
  answer({ status: 200 });
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(Socket.opened).toHaveLength(2);
  Socket.opened[1]?.onclose({ code: 1006 });
  feed.stop();
  answer({ status: 200 });
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(Socket.opened).toHaveLength(2);
  expect(ended).not.toHaveBeenCalled();
});

test("a feed that was begun anew meanwhile has one line, and the old question ends nothing", async () => {
  const ended = vi.fn();
  const feed = new Feed(ended);
  feed.start();
  Socket.opened[0]?.onclose({ code: 1006 });
  feed.stop();
  feed.start();
  answer({ status: 401 });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(Socket.opened).toHaveLength(2);
  expect(ended).not.toHaveBeenCalled();
  feed.stop();
});
