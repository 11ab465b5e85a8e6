// Outlines of the prefectures from the service, fetched by tile and kept, at the detail that the zoom needs.

import { projected } from "./projection.js";

// Degrees that a line may stray, and the side of a tile at that detail; the coarsest in one piece.
const LEVELS = [
  { tolerance: 0.064, tile: null },
  { tolerance: 0.016, tile: 16 },
  { tolerance: 0.004, tile: 4 },
  { tolerance: 0.001, tile: 1 },
];
const COUNTRY = { w: 72, s: 2, e: 138, n: 56 };
const MOST_TILES = 12;
const AGAIN_MS = 5000;

export class Outlines {
  constructor(arrived) {
    this.arrived = arrived;
    this.levels = LEVELS.map((level) => ({ ...level, tiles: new Map(), units: new Map() }));
  }

  // What to draw for this view: the finest detail that is all here, and no finer than a pixel shows.
  within(bbox, degreesPerPixel) {
    const wish = this.levels.findLastIndex((level) => level.tolerance >= degreesPerPixel * 0.75);
    const start = Math.max(0, wish);
    for (let index = start; index >= 0; index -= 1) {
      const level = this.levels[index];
      const keys = tilesOf(level, bbox);
      if (keys.length > MOST_TILES) continue;
      const missing = keys.filter((key) => level.tiles.get(key) !== "here");
      if (index === start || index === 0) missing.forEach((key) => this.#fetch(level, key));
      if (!missing.length) return level.units.values();
    }
    return this.levels[0].units.values();
  }

  async #fetch(level, key) {
    if (level.tiles.has(key)) return;
    level.tiles.set(key, "asked");
    try {
      const answer = await fetch(`/api/v1/outlines?${key}&tolerance_deg=${level.tolerance}`);
      if (!answer.ok) throw new Error(answer.statusText);
      for (const unit of await answer.json()) {
        if (!level.units.has(unit.code)) level.units.set(unit.code, prepared(unit));
      }
      level.tiles.set(key, "here");
      this.arrived();
    } catch {
      setTimeout(() => {
        level.tiles.delete(key);
        this.arrived();
      }, AGAIN_MS);
    }
  }
}

function tilesOf({ tile }, { w, s, e, n }) {
  if (tile === null) return [query(COUNTRY)];
  const keys = [];
  const west = Math.floor(Math.max(w, COUNTRY.w) / tile) * tile;
  const south = Math.floor(Math.max(s, COUNTRY.s) / tile) * tile;
  for (let x = west; x < Math.min(e, COUNTRY.e); x += tile) {
    for (let y = south; y < Math.min(n, COUNTRY.n); y += tile) keys.push(query({ w: x, s: y, e: x + tile, n: y + tile }));
  }
  return keys;
}

const query = ({ w, s, e, n }) => `w=${w}&s=${s}&e=${e}&n=${n}`;

function prepared({ code, name, rings }) {
  const lines = rings.map((ring) => Float64Array.from(ring.flatMap(([lon, lat]) => projected(lat, lon))));
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  let widest = null;
  for (const line of lines) {
    const own = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
    for (let at = 0; at < line.length; at += 2) {
      own.left = Math.min(own.left, line[at]);
      own.right = Math.max(own.right, line[at]);
      own.top = Math.min(own.top, line[at + 1]);
      own.bottom = Math.max(own.bottom, line[at + 1]);
    }
    if (!widest || own.right - own.left > widest.right - widest.left) widest = own;
    box.left = Math.min(box.left, own.left);
    box.right = Math.max(box.right, own.right);
    box.top = Math.min(box.top, own.top);
    box.bottom = Math.max(box.bottom, own.bottom);
  }
  return { code, name, lines, box, widest };
}
