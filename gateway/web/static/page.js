// The page: sign in, follow the feed, and show it as board, map and drawer.

import { Board } from "./board.js";
import { byId, icon, make, setText } from "./dom.js";
import { Drawer } from "./drawer.js";
import { Feed } from "./feed.js";
import { LiveMap, scaleBar } from "./map.js";
import { SHAPES, freshness, isLate, needsDispatcher, plateText, statusWord } from "./states.js";
import { age, clockTimeWithSeconds, serviceNow } from "./time.js";
import { currentLanguage, loadWords, switchLanguage, word, writeWords } from "./words.js";

const SLOW_MS = 5000;
const STOPPED_MS = 15_000;
const COUNTED = ["open", "offered", "accepted", "en_route", "on_scene", "towing", "completed"];

const dealers = new Map();
const dealerName = (code) => dealers.get(code) ?? code;

let feed = null;
let who = null;

const board = new Board(byId("rows"), byId("empty"), { open: openCase, dealerName, ready: () => feed?.seq !== null });
const drawer = new Drawer(byId("drawer"), { dealerName, closed: closeCase });
const map = new LiveMap(byId("canvas"), {
  picked: (mark) => (mark?.kind === "case" ? openCase(mark.id) : point(mark)),
  pointed: point,
  moved: viewMoved,
});

function openCase(id) {
  drawer.open(id);
  byId("desk").classList.add("reading");
  choose(id);
  drawer.tick(feed.cards.get(id));
}

function closeCase() {
  byId("desk").classList.remove("reading");
  choose(null);
}

function choose(id) {
  board.select(id);
  map.select(id, byId("drawer").offsetWidth);
}

// ---- the feed ----

function follow() {
  feed = new Feed({ changed, ended: askToSignIn });
  feed.start();
  show(true);
}

function changed({ snapshot = false, event = null }) {
  if (event) drawer.touched(event.case);
  if (snapshot && drawer.id) drawer.touched(drawer.id);
  scheduled ??= requestAnimationFrame(() => {
    scheduled = null;
    show(false);
  });
  atOnce ||= snapshot;
}
let scheduled = null;
let atOnce = false;

function show(now) {
  if (!feed) return;
  board.show(feed.cards, now || atOnce);
  atOnce = false;
  map.show(feed.cards, feed.vehicles);
  showCounts();
  drawer.tick(feed.cards.get(drawer.id));
}

function tick() {
  if (!feed) return;
  board.tick();
  map.redraw();
  showCounts();
  showFeed();
  drawer.tick(feed.cards.get(drawer.id));
}

function showFeed() {
  const silence = feed.silence;
  const state = silence > STOPPED_MS ? "stopped" : silence > SLOW_MS ? "slow" : feed.heartbeatAt === null ? "starting" : "live";
  document.body.dataset.feed = state;
  setText(byId("feed-word"), word(`page.feed_${state}`));
  setText(byId("feed-age"), state === "starting" ? "" : `${(silence / 1000).toFixed(silence < 9950 ? 1 : 0)} s`);
  const stopped = byId("stopped");
  stopped.hidden = state !== "stopped";
  const time = feed.heartbeatTime === null ? "" : clockTimeWithSeconds(feed.heartbeatTime);
  setText(stopped, stopped.hidden ? "" : word("page.stopped", { time }));
}

function showCounts() {
  const cards = [...feed.cards.values()];
  const now = serviceNow();
  const counts = COUNTED.map((status) => [status, SHAPES[status], word(`case.status.${status}`), cards.filter((card) => card.status === status).length]);
  const late = cards.filter((card) => !needsDispatcher(card) && isLate(card, now)).length;
  const needs = cards.filter(needsDispatcher).length;
  counts.unshift(["needs", SHAPES.unassigned, word("page.needs"), needs], ["late", SHAPES.late, word("page.late"), late]);
  const key = JSON.stringify(counts);
  if (showCounts.before === key) return;
  showCounts.before = key;
  byId("counts").replaceChildren(
    ...counts.map(([name, shape, text, count]) => {
      const item = make("li", count ? "" : "none", icon(shape), text, make("b", "", String(count)));
      item.dataset.tone = name;
      return item;
    }),
  );
}

// ---- the map's surroundings ----

function viewMoved(camera) {
  const { w, s, e, n } = camera.bbox;
  const [right, up] = [(e - w) / 5, (n - s) / 5];
  const within = (value, limit) => Math.max(-limit, Math.min(limit, value));
  feed?.show([within(w - right, 180), within(s - up, 90), within(e + right, 180), within(n + up, 90)]);
  const { metres, pixels } = scaleBar(camera);
  byId("scale").style.width = `${pixels}px`;
  setText(byId("scale"), metres >= 1000 ? `${metres / 1000} km` : `${metres} m`);
}

function point(mark, left = mark?.left, top = mark?.top) {
  const tip = byId("tip");
  tip.hidden = !mark;
  byId("canvas").classList.toggle("over", mark?.kind === "case");
  if (!mark) return;
  tip.replaceChildren(...(mark.kind === "case" ? caseTip(mark.card) : vehicleTip(mark.vehicle)));
  const room = byId("canvas").clientWidth;
  tip.style.left = `${Math.min(left + 14, room - tip.offsetWidth - 6)}px`;
  tip.style.top = `${Math.max(6, top - tip.offsetHeight - 12)}px`;
}

const caseTip = (card) => [
  make("b", "", `${plateText(card.plate) || card.number} ${word(`fault.${card.fault}`)}`),
  make("span", "", [statusWord(card), dealerName(card.dealer)].filter(Boolean).join(" · ")),
];

function vehicleTip(vehicle) {
  const now = serviceNow();
  const speed = vehicle.speed_mps === null ? null : word("page.speed", { n: Math.round(vehicle.speed_mps * 3.6) });
  const stale = { grey: "page.fix_old", lost: "page.fix_lost" }[freshness(vehicle, now)];
  return [
    make("b", "", plateText(vehicle.plate)),
    make("span", "", [vehicle.kind && word(`vehicle.kind.${vehicle.kind}`), vehicle.dealer && dealerName(vehicle.dealer)].filter(Boolean).join(" · ")),
    make("span", "", [speed, age(now - Date.parse(vehicle.fix_time)), stale && word(stale)].filter(Boolean).join(" · ")),
  ];
}

function writeLegend() {
  const entry = (mark, key) => {
    const item = make("li", "", make("i", mark), word(key));
    return item;
  };
  byId("legend").replaceChildren(
    entry("diamond", "page.case"),
    entry("triangle", "vehicle.kind.service"),
    entry("square", "vehicle.kind.tow"),
    entry("square grey", "page.fix_old"),
    entry("square lost", "page.fix_lost"),
  );
}

// ---- language and session ----

function write() {
  writeWords();
  writeLegend();
  if (who) setText(byId("who"), [who.username, word(`role.${who.role}`), who.dealer && dealerName(who.dealer)].filter(Boolean).join(" · "));
  showCounts.before = null;
  if (feed) show(false);
  if (feed) showFeed();
  drawer.rewrite();
}

async function readDealers() {
  let cursor = "";
  do {
    const answer = await fetch(`/api/v1/dealers?limit=200&cursor=${encodeURIComponent(cursor)}`);
    if (!answer.ok) return;
    for (const { code, name } of await answer.json()) dealers.set(code, name);
    cursor = answer.headers.get("X-Next-Cursor") ?? "";
  } while (cursor);
}

async function begin(session) {
  who = session;
  byId("sign-in").hidden = true;
  byId("desk").hidden = false;
  await readDealers().catch(() => {}); // codes stand for names then
  write();
  follow();
}

function askToSignIn() {
  feed?.stop();
  feed = null;
  who = null;
  document.body.dataset.feed = "";
  byId("desk").hidden = true;
  byId("sign-in").hidden = false;
  byId("sign-in").username.focus();
}

byId("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("[type=submit]");
  const said = byId("sign-in-problem");
  button.disabled = true;
  setText(said, "");
  try {
    const answer = await fetch("/api/v1/session", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": currentLanguage() },
      body: JSON.stringify({ username: form.username.value, password: form.password.value }),
    });
    const body = await answer.json();
    if (answer.ok) {
      form.password.value = "";
      await begin(body);
    } else {
      setText(said, answer.status === 401 ? word("page.wrong_password") : body.title);
    }
  } catch {
    setText(said, word("page.no_answer"));
  } finally {
    button.disabled = false;
  }
});

byId("sign-out").addEventListener("click", async () => {
  await fetch("/api/v1/session", { method: "DELETE" }).catch(() => {});
  location.reload();
});

for (const button of document.querySelectorAll(".language")) {
  button.addEventListener("click", () => {
    switchLanguage();
    write();
  });
}

for (const button of document.querySelectorAll("[data-tab]")) {
  button.addEventListener("click", () => (document.body.dataset.tab = button.dataset.tab));
}

byId("fit").append(icon("M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10"));
byId("zoom-in").addEventListener("click", () => map.zoom(1.6));
byId("zoom-out").addEventListener("click", () => map.zoom(1 / 1.6));
byId("fit").addEventListener("click", () => map.fit());

document.addEventListener("keydown", (event) => {
  if (!feed || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input")) return;
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (step) {
    const id = board.neighbour(step);
    if (!id) return;
    event.preventDefault();
    choose(id);
    board.reveal(id);
    if (drawer.id) openCase(id);
  } else if (event.key === "Enter" && board.selected && !event.target.closest("button")) {
    openCase(board.selected);
  } else if (event.key === "Escape" && drawer.id) {
    drawer.close();
  } else if (event.key === "m") {
    byId("canvas").focus();
  }
});

document.body.dataset.tab = "board";
setInterval(tick, 500);
await loadWords().catch(() => {});
write();
const session = await fetch("/api/v1/session").catch(() => null);
if (session?.ok) await begin(await session.json());
else askToSignIn();
