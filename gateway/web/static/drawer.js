// One case, opened at the side: what is known of it, and its timeline.

import { icon, make } from "./dom.js";
import { SHAPES, countdown, plateText, tone } from "./states.js";
import { clockTime, clockTimeWithSeconds, dayAndTime, serviceNow } from "./time.js";
import { currentLanguage, word } from "./words.js";

const SOON_MS = 250;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

export class Drawer {
  constructor(element, { dealerName, closed }) {
    this.element = element;
    this.dealerName = dealerName;
    this.closed = closed;
    this.id = null;
    this.asked = 0;
  }

  open(id) {
    if (this.id !== id) {
      this.id = id;
      this.element.replaceChildren(make("p", "faint", word("page.loading")));
      this.element.scrollTop = 0;
    }
    this.element.hidden = false;
    this.#read();
  }

  close() {
    this.id = null;
    this.element.hidden = true;
    this.closed();
  }

  // The case had an event: read again, once for a burst of them.
  touched(id) {
    if (id !== this.id) return;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.#read(), SOON_MS);
  }

  // Write again, in the other language.
  rewrite() {
    if (this.id && this.shown) this.#write(...this.shown);
  }

  tick(card) {
    if (!this.id || !this.head || !card) return;
    const now = serviceNow();
    this.head.dataset.tone = tone(card, now);
    this.left.textContent = countdown(card, now).text;
  }

  async #read() {
    const id = this.id;
    const asked = (this.asked += 1);
    this.element.classList.add("loading");
    try {
      const headers = { "Accept-Language": currentLanguage() };
      const answers = await Promise.all(["", "/timeline?limit=1000"].map((tail) => fetch(`/api/v1/cases/${id}${tail}`, { headers })));
      if (id !== this.id || asked !== this.asked) return;
      const refused = answers.find((answer) => !answer.ok);
      if (refused) this.#fail((await refused.json().catch(() => ({}))).title);
      else this.#write(...(await Promise.all(answers.map((answer) => answer.json()))));
    } catch {
      if (id === this.id) this.#fail();
    } finally {
      this.element.classList.remove("loading");
    }
  }

  // What was shown stays; without anything shown, say so.
  #fail(title = word("page.no_answer")) {
    if (this.shown?.[0].id === this.id) return;
    this.shown = null;
    this.element.replaceChildren(this.#closeButton(), make("p", "problem", title));
  }

  #write(theCase, timeline) {
    this.shown = [theCase, timeline];
    const status = make("span", "status", icon(SHAPES[theCase.status] ?? SHAPES.open), word(`case.status.${theCase.status}`));
    this.left = make("span", "countdown");
    this.head = make("header", "", make("h2", "", theCase.number), status, this.left, this.#closeButton());
    this.head.dataset.tone = theCase.status;
    this.element.replaceChildren(
      this.head,
      this.#facts(theCase),
      ...theCase.trips.map((trip) => this.#trip(trip)),
      make("h3", "", word("page.timeline")),
      make("ol", "timeline", ...timeline.map((event) => this.#event(event)).reverse()),
    );
  }

  #closeButton() {
    const button = make("button", "plain close", "×");
    button.type = "button";
    button.title = word("page.close");
    button.setAttribute("aria-label", button.title);
    button.addEventListener("click", () => this.close());
    return button;
  }

  #facts(theCase) {
    const { car, location, caller } = theCase;
    const road = location.expressway;
    return factList([
      ["page.car", [plateText(car.plate), car.brand, car.model, car.energy && word(`energy.${car.energy}`)]],
      ["page.fault", [word(`fault.${theCase.fault}`), word(`vehicle.kind.${theCase.needs}`)]],
      ["page.place", [location.address, road && [road.road, road.direction, road.kilometre_post].filter(Boolean).join(" "), theCase.city_name]],
      ["page.position", [`${location.lat.toFixed(5)}, ${location.lon.toFixed(5)}`]],
      ["page.doubts", theCase.doubts.map((doubt) => word(`doubt.${doubt}`))],
      ["page.caller", [caller.name, caller.phone]],
      ["page.channel", [word(`channel.${theCase.channel}`), word(`scope.${theCase.scope}`)]],
      ["page.opened_at", [dayAndTime(Date.parse(theCase.opened_at))]],
      ["page.dealer", [theCase.dealer && this.dealerName(theCase.dealer)]],
      ["page.promised_at", [theCase.promised_at && dayAndTime(Date.parse(theCase.promised_at))]],
      ["page.note", [theCase.note]],
      ["kpi.satisfaction", [theCase.satisfaction !== null && `${theCase.satisfaction} %`]],
    ]);
  }

  #trip(trip) {
    const time = (value, source) => value && [clockTime(Date.parse(value)), source && word(`source.${source}`)].filter(Boolean).join(" ");
    const arrived = time(trip.arrived_at, trip.arrival_source) ?? time(trip.reported_arrived_at, "reported");
    return make(
      "section",
      "trip",
      make("h3", "", `${word(`vehicle.kind.${trip.kind}`)} ${plateText(trip.vehicle)} · ${word(`trip.status.${trip.status}`)}`),
      factList([
        ["page.dealer", [this.dealerName(trip.dealer), word(`monitoring.${trip.monitoring}`)]],
        ["page.driver", [trip.driver.name, trip.driver.phone, trip.crew && word("page.crew", { n: trip.crew })]],
        ["page.promised_at", [time(trip.promised_at)]],
        ["event.vehicle_departed", [time(trip.departed_at ?? trip.reported_departed_at)]],
        ["event.vehicle_arrived", [arrived]],
        ["event.outcome_reported", [trip.result && word(`result.${trip.result}`)]],
      ]),
    );
  }

  #event(event) {
    const at = Date.parse(event.at);
    const time = make("time", "", clockTimeWithSeconds(at));
    time.dateTime = event.at;
    time.title = dayAndTime(at);
    const said = this.#details(event.data);
    return make(
      "li",
      "",
      time,
      make("b", "", word(`event.${event.kind}`)),
      make("span", "faint actor", actorText(event.actor)),
      said && make("span", "said", said),
    );
  }

  #details(data) {
    const parts = [];
    const add = (key, text) => text && parts.push(key ? `${word(key)} ${text}` : text);
    if (data.dealer) add("", this.dealerName(data.dealer));
    if (data.automatic) add("", word("page.automatic"));
    if (data.distance_m) add("", word("page.km", { n: (data.distance_m / 1000).toFixed(1) }));
    if (data.plate) add("", plateText(data.plate));
    if (data.driver?.name) add("", data.driver.name);
    if (data.expires_at) add("deadline.offer", clockTimeWithSeconds(Date.parse(data.expires_at)));
    if (data.before !== undefined && data.after !== undefined) add("", `${valueText(data.before)} → ${valueText(data.after)}`);
    if (data.promised_at) add("page.promised_at", clockTime(Date.parse(data.promised_at)));
    if (data.source) add("", word(`source.${data.source}`));
    if (data.result) add("", word(`result.${data.result}`));
    if (data.satisfaction !== undefined) add("", `${data.satisfaction} %`);
    if (data.signer) add("", data.signer);
    if (data.by) add("", word(`cancelled_by.${data.by}`));
    for (const name of ["override_reason", "reason", "note", "comment"]) {
      const known = word(`end_reason.${data[name]}`);
      if (data[name]) add("", data[name] === "owner_not_reached" || data[name] === "surveyed" ? known : data[name]);
    }
    return parts.join(" · ");
  }
}

const valueText = (value) => (ISO_TIME.test(value) ? clockTime(Date.parse(value)) : plateText(String(value)));

function actorText(actor) {
  const [kind, name] = [actor.slice(0, actor.indexOf(":")), actor.slice(actor.indexOf(":") + 1)];
  if (kind === "user") return name;
  return kind === "terminal" ? word("page.terminal", { id: name }) : word("page.system");
}

function factList(facts) {
  const list = make("dl", "facts");
  for (const [key, values] of facts) {
    const text = values.filter(Boolean).join(" · ");
    if (text) list.append(make("dt", "", word(key)), make("dd", "", text));
  }
  return list;
}
