// The live map: outlines of the prefectures, vehicles and cases, drawn on one canvas.

import { Camera, projected } from "./projection.js";
import { Outlines } from "./outlines.js";
import { Hand } from "./hand.js";
import { drawCase, drawLabel, drawVehicle, stripes } from "./marks.js";
import { SHAPES, freshness, plateText, tone } from "./states.js";
import { serviceNow } from "./time.js";

const NEAR_PX = 16;
const LABELS_AT_MOST = 40;
const VIEW_SETTLE_MS = 300;
const TONES = ["open", "offered", "accepted", "en_route", "on_scene", "towing", "completed", "late", "needs"];
const INKS = ["sea", "land", "border", "border-far", "place", "ink", "halo", "vehicle", "grey", "pick"];

export class LiveMap {
  constructor(canvas, { picked, pointed, moved }) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.camera = new Camera();
    this.outlines = new Outlines(() => this.redraw());
    this.cards = new Map();
    this.vehicles = new Map();
    this.selected = null;
    this.picked = picked;
    this.pointed = pointed;
    this.moved = moved;
    this.marks = [];
    this.shapes = {};
    this.fitted = false;
    this.#readColours();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#readColours());
    new ResizeObserver(() => this.#resize()).observe(canvas);
    new Hand(canvas, this.camera, {
      changed: () => this.viewChanged(),
      tapped: (left, top) => this.picked(this.#nearest(left, top)),
      hovered: (left, top) => this.pointed(this.#nearest(left, top), left, top),
    });
  }

  show(cards, vehicles) {
    this.cards = cards;
    this.vehicles = vehicles;
    if (!this.fitted && this.camera.width > 1 && (cards.size || vehicles.size)) this.fit();
    this.redraw();
  }

  // Mark a case and bring it into view; `covered` pixels at the right are hidden by something else.
  select(id, covered = 0) {
    this.selected = id;
    const card = this.cards.get(id);
    if (card) {
      const [x, y] = projected(card.lat, card.lon);
      const [left, top] = this.camera.toScreen(x, y);
      const margin = 60;
      if (left < margin || top < margin || left > this.camera.width - covered - margin || top > this.camera.height - margin) {
        const aside = covered + 2 * margin < this.camera.width ? covered / 2 : 0;
        this.camera.x = x + aside / this.camera.scale;
        this.camera.y = y;
        this.viewChanged();
      }
    }
    this.redraw();
  }

  fit() {
    // The middle nine tenths each way, so that one stray vehicle does not shrink the city to a dot.
    const places = [...this.cards.values(), ...this.vehicles.values()];
    const cut = Math.floor(places.length / 20);
    const bounds = (values) => values.sort((a, b) => a - b).slice(cut, values.length - cut);
    const lats = bounds(places.map((place) => place.lat));
    const lons = bounds(places.map((place) => place.lon));
    if (!lats.length) return;
    this.camera.fit([projected(lats[0], lons[0]), projected(lats.at(-1), lons.at(-1))]);
    this.fitted = true;
    this.viewChanged();
  }

  zoom(factor) {
    this.camera.zoom(factor);
    this.viewChanged();
  }

  viewChanged() {
    this.redraw();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.moved(this.camera), VIEW_SETTLE_MS);
  }

  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#draw();
    });
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const first = this.camera.width === 1;
    const density = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * density);
    this.canvas.height = Math.round(height * density);
    this.camera.width = width;
    this.camera.height = height;
    if (first) this.show(this.cards, this.vehicles);
    this.viewChanged();
  }

  #readColours() {
    const style = getComputedStyle(document.documentElement);
    const read = (names, prefix) => Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${prefix}${name}`).trim()]));
    this.inks = read(INKS, "map-");
    this.tones = read(TONES, "tone-");
    this.tones.needs = stripes(this.context, this.tones.late, this.inks.halo);
    this.redraw();
  }

  #draw() {
    const { context, camera, inks } = this;
    if (camera.width === 1) return; // not on show yet
    const density = devicePixelRatio || 1;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.fillStyle = inks.sea;
    context.fillRect(0, 0, camera.width, camera.height);
    this.taken = [];
    this.marks = [];
    this.#drawLand();
    const now = serviceNow();
    this.#drawLinks(now);
    this.#drawVehicles(now);
    this.#drawCases(now);
    this.#drawLabels();
  }

  #drawLand() {
    const { context, camera, inks } = this;
    const [left, top] = camera.toWorld(0, 0);
    const [right, bottom] = camera.toWorld(camera.width, camera.height);
    const degreesPerPixel = 360 / camera.scale;
    const names = [];
    context.lineJoin = "round";
    for (const unit of this.outlines.within(camera.bbox, degreesPerPixel)) {
      const { box } = unit;
      if (box.left > right || box.right < left || box.top > bottom || box.bottom < top) continue;
      context.beginPath();
      for (const line of unit.lines) {
        for (let at = 0; at < line.length; at += 2) {
          const x = (line[at] - camera.x) * camera.scale + camera.width / 2;
          const y = (line[at + 1] - camera.y) * camera.scale + camera.height / 2;
          if (at) context.lineTo(x, y);
          else context.moveTo(x, y);
        }
        context.closePath();
      }
      context.fillStyle = inks.land;
      context.fill("evenodd");
      context.strokeStyle = camera.scale > 20_000 ? inks.border : inks["border-far"];
      context.lineWidth = camera.scale > 20_000 ? 1.2 : 0.7;
      context.stroke();
      const wide = (unit.widest.right - unit.widest.left) * camera.scale;
      if (wide > 90 && wide < camera.width * 2.5) names.push(unit);
    }
    context.font = `12px ${FONT}`;
    context.fillStyle = inks.place;
    context.textAlign = "center";
    for (const { name, widest } of names) {
      const [x, y] = camera.toScreen((widest.left + widest.right) / 2, (widest.top + widest.bottom) / 2);
      context.fillText(name, x, y);
    }
  }

  // From each vehicle under way to its case.
  #drawLinks(now) {
    const { context } = this;
    context.lineWidth = 1;
    context.setLineDash([2, 3]);
    this.byVehicle = new Map();
    for (const card of this.cards.values()) {
      if (!card.vehicle) continue;
      this.byVehicle.set(card.vehicle, card);
      const vehicle = this.vehicles.get(card.vehicle);
      if (!vehicle || vehicle.lat === undefined) continue;
      context.strokeStyle = this.tones[tone(card, now)];
      context.beginPath();
      context.moveTo(...this.#place(vehicle));
      context.lineTo(...this.#place(card));
      context.stroke();
    }
    context.setLineDash([]);
  }

  #drawVehicles(now) {
    for (const vehicle of this.vehicles.values()) {
      if (vehicle.lat === undefined) continue;
      const [left, top] = this.#place(vehicle);
      if (this.#outside(left, top)) continue;
      const card = this.byVehicle.get(vehicle.plate);
      const fresh = freshness(vehicle, now);
      const colour = fresh !== "fresh" ? this.inks.grey : card ? this.tones[tone(card, now)] : this.inks.vehicle;
      drawVehicle(this.context, vehicle, left, top, { colour, halo: this.inks.halo, lost: fresh === "lost" });
      this.marks.push({ kind: "vehicle", id: vehicle.plate, left, top, text: plateText(vehicle.plate), vehicle });
    }
  }

  #drawCases(now) {
    const chosen = this.cards.get(this.selected);
    const cards = [...this.cards.values()].filter((card) => card !== chosen);
    for (const card of chosen ? [...cards, chosen] : cards) {
      const [left, top] = this.#place(card);
      if (this.#outside(left, top)) continue;
      const picked = card === chosen;
      const name = tone(card, now);
      const shape = name === "needs" ? null : this.#shape(card.status);
      drawCase(this.context, left, top, { colour: this.tones[name], halo: this.inks.halo, shape, pick: picked && this.inks.pick });
      this.marks.push({ kind: "case", id: card.id, left, top, text: caseName(card), card, picked });
    }
  }

  // Labels where there is room; the picked case first, then cases, then vehicles.
  #drawLabels() {
    const weight = (mark) => (mark.picked ? 0 : mark.kind === "case" ? 1 : 2);
    const labelled = this.marks.filter((mark) => mark.picked || this.camera.scale > 30_000).sort((a, b) => weight(a) - weight(b));
    const taken = this.marks.map(({ left, top }) => [left - 9, top - 8, left + 9, top + 8]);
    this.context.font = `11px ${FONT}`;
    for (const mark of labelled.slice(0, LABELS_AT_MOST)) {
      const ink = mark.kind === "case" ? this.inks.ink : this.inks.place;
      drawLabel(this.context, mark, taken, { ink, halo: this.inks.land });
    }
  }

  #shape(status) {
    this.shapes[status] ??= new Path2D(SHAPES[status]);
    return this.shapes[status];
  }

  #place({ lat, lon }) {
    return this.camera.toScreen(...projected(lat, lon));
  }

  #outside(left, top) {
    return left < -20 || top < -20 || left > this.camera.width + 20 || top > this.camera.height + 20;
  }

  // The case, or else the vehicle, at this place of the canvas; null where there is none.
  #nearest(left, top) {
    let best = null;
    for (const mark of this.marks) {
      const away = Math.hypot(mark.left - left, mark.top - top) + (mark.kind === "case" ? 0 : 3);
      if (away <= NEAR_PX && away < (best?.away ?? Infinity)) best = { ...mark, away };
    }
    return best;
  }
}

// The plate that a dispatcher hears on the phone; the number for those who may not see it.
const caseName = (card) => (card.plate && !card.plate.includes("*") ? plateText(card.plate) : card.number);

const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

// A round length that fits into about a hundred pixels: metres, and its pixels.
export function scaleBar(camera) {
  const most = camera.metresPerPixel * 110;
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = [5, 2, 1].map((step) => step * power).find((length) => length <= most) ?? power;
  return { metres, pixels: metres / camera.metresPerPixel };
}
