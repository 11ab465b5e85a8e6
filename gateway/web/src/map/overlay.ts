/** What lies over the base besides vehicles: cases, dealers, the ways of candidates, and the place being entered. */
import type { GeoJSONSource } from "maplibre-gl";
import type { Card } from "@/shared/feed";
import { plateText } from "@/shared/format";
import type { Dealer } from "@/shared/network";
import { toneOf, urgency } from "@/shared/states";
import type { Ground } from "./base";
import type { LonLat } from "./datum";
import { caseMark, DEALER_MARK } from "./marks";

export const CASES_LAYER = "cases";
export const DEALERS_LAYER = "dealers";

/** The way from where a candidate's vehicle stands to the scene. */
export interface Way {
  from: LonLat;
  to: LonLat;
  label: string;
  best: boolean;
}

export interface Spot {
  lat: number;
  lon: number;
  accuracy_m?: number | null;
}

const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
const FONT = ["sans"];
const EARTH_M_PER_DEGREE = 111_320;
const CIRCLE_POINTS = 48;

/** Adds the sources and layers, empty. Those that come first lie below. */
export function addOverlay({ map }: Ground): void {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--ink");
  const halo = style.getPropertyValue("--map-halo");
  const offered = style.getPropertyValue("--tone-offered");
  const quiet = style.getPropertyValue("--faint");
  for (const name of ["spot", "ways", DEALERS_LAYER, CASES_LAYER])
    map.addSource(name, { type: "geojson", data: EMPTY });
  const labelled = { "text-color": ink, "text-halo-color": halo, "text-halo-width": 1.4 };
  map.addLayer({
    id: "spot-area",
    type: "fill",
    source: "spot",
    filter: ["==", ["geometry-type"], "Polygon"],
    paint: { "fill-color": offered, "fill-opacity": 0.15 },
  });
  map.addLayer({
    id: "ways",
    type: "line",
    source: "ways",
    paint: {
      "line-color": ["case", ["get", "best"], offered, quiet],
      "line-width": ["case", ["get", "best"], 3, 1.5],
      "line-dasharray": [2, 1.2],
    },
  });
  map.addLayer({
    id: "way-names",
    type: "symbol",
    source: "ways",
    layout: { "symbol-placement": "line-center", "text-field": ["get", "label"], "text-font": FONT, "text-size": 12 },
    paint: labelled,
  });
  map.addLayer({
    id: DEALERS_LAYER,
    type: "symbol",
    source: DEALERS_LAYER,
    minzoom: 6,
    layout: {
      "icon-image": DEALER_MARK,
      "icon-size": 0.8,
      "icon-allow-overlap": true,
      "text-field": ["step", ["zoom"], "", 11, ["get", "name"]],
      "text-font": FONT,
      "text-size": 11,
      "text-anchor": "top",
      "text-offset": [0, 0.9],
      "text-optional": true,
    },
    paint: labelled,
  });
  map.addLayer({
    id: "spot-point",
    type: "circle",
    source: "spot",
    filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 7, "circle-color": offered, "circle-stroke-color": halo, "circle-stroke-width": 2.5 },
  });
}

/** Cases lie over vehicles, so they come after them. */
export function addCases({ map }: Ground): void {
  const style = getComputedStyle(document.documentElement);
  map.addLayer({
    id: CASES_LAYER,
    type: "symbol",
    source: CASES_LAYER,
    layout: {
      "icon-image": ["get", "look"],
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      "symbol-sort-key": ["get", "order"],
      "text-field": ["step", ["zoom"], "", 10.5, ["get", "label"]],
      "text-font": FONT,
      "text-size": 12,
      "text-anchor": "left",
      "text-offset": [1.1, 0],
      "text-optional": true,
    },
    paint: {
      "text-color": style.getPropertyValue("--ink"),
      "text-halo-color": style.getPropertyValue("--map-halo"),
      "text-halo-width": 1.6,
    },
  });
}

function set({ map }: Ground, source: string, features: GeoJSON.Feature[]): void {
  void map.getSource<GeoJSONSource>(source)?.setData({ type: "FeatureCollection", features });
}

export function showCases(ground: Ground, cards: Iterable<Card>, selected: string | null, now: number): void {
  const features = [...cards].map((card): GeoJSON.Feature => {
    const chosen = card.id === selected;
    return {
      type: "Feature",
      geometry: { type: "Point", coordinates: ground.drawn([card.lon, card.lat]) },
      properties: {
        id: card.id,
        look: caseMark(toneOf(card, now), chosen),
        label: plateText(card.plate) || card.number,
        order: chosen ? 100 : 10 - urgency(card, now)[0],
      },
    };
  });
  set(ground, CASES_LAYER, features);
}

export function showDealers(ground: Ground, dealers: readonly Dealer[]): void {
  const features = dealers.map(
    ({ code, name, location: { lat, lon } }): GeoJSON.Feature => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: ground.drawn([lon, lat]) },
      properties: { code, name },
    }),
  );
  set(ground, DEALERS_LAYER, features);
}

export function showWays(ground: Ground, ways: readonly Way[]): void {
  const features = ways.map(
    ({ from, to, label, best }): GeoJSON.Feature => ({
      type: "Feature",
      geometry: { type: "LineString", coordinates: [ground.drawn(from), ground.drawn(to)] },
      properties: { label, best },
    }),
  );
  set(ground, "ways", features);
}

export function showSpot(ground: Ground, spot: Spot | null): void {
  if (!spot) {
    set(ground, "spot", []);
    return;
  }
  const features: GeoJSON.Feature[] = [
    {
      type: "Feature",
      geometry: { type: "Point", coordinates: ground.drawn([spot.lon, spot.lat]) },
      properties: {},
    },
  ];
  if (spot.accuracy_m) features.push(around(ground, spot, spot.accuracy_m));
  set(ground, "spot", features);
}

/** A circle of `radius_m` on the ground; round enough for the few kilometres that a phone may be off. */
export function around(ground: Ground, { lat, lon }: Spot, radius_m: number): GeoJSON.Feature<GeoJSON.Polygon> {
  const height = radius_m / EARTH_M_PER_DEGREE;
  const width = height / Math.cos((lat * Math.PI) / 180);
  const ring = Array.from({ length: CIRCLE_POINTS + 1 }, (_, at) => {
    const turn = (at / CIRCLE_POINTS) * 2 * Math.PI;
    return ground.drawn([lon + width * Math.cos(turn), lat + height * Math.sin(turn)]);
  });
  return { type: "Feature", geometry: { type: "Polygon", coordinates: [ring] }, properties: {} };
}
