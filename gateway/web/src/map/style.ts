/** What lies under everything: land, prefectures, roads or tiles, in the colours of the theme. */
import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Theme } from "@/shared/theme";
import { t } from "@/shared/words";
import type { TileDatum } from "./datum";

/** As `GET /api/v1/basemap` tells it. */
export interface BaseMap {
  outlines: boolean;
  roads: { tiles: string; minzoom: number; maxzoom: number; attribution: string } | null;
  tiles: {
    kind: "raster" | "vector";
    url: string;
    datum: TileDatum;
    minzoom: number;
    maxzoom: number;
    tile_size: number;
    attribution: string;
  } | null;
}

export const PLAIN: BaseMap = { outlines: false, roads: null, tiles: null };

interface Colours {
  land: string;
  line: string;
  text: string;
  halo: string;
  road: string;
  main: string;
}

const COLOURS: Record<Theme, Colours> = {
  light: { land: "#eef2f5", line: "#b9c3cd", text: "#55616e", halo: "#f7f9fa", road: "#d3dae1", main: "#bcc7d2" },
  dark: { land: "#12181e", line: "#3a4652", text: "#8593a1", halo: "#10151a", road: "#28323c", main: "#3b4855" },
};

const absolute = (url: string): string => (url.startsWith("/") ? location.origin + url : url);
const FONT = ["sans"];

export function styleOf(base: BaseMap, theme: Theme): StyleSpecification {
  const colours = COLOURS[theme];
  const sources: Record<string, SourceSpecification> = {};
  const layers: LayerSpecification[] = [
    { id: "land", type: "background", paint: { "background-color": colours.land } },
  ];
  if (base.tiles?.kind === "raster") addRaster(base.tiles, theme, sources, layers);
  if (base.tiles?.kind === "vector") addVector(base.tiles, colours, sources, layers);
  if (base.roads && !base.tiles) addRoads(base.roads, colours, sources, layers);
  // They are in WGS-84: over tiles of another datum they would lie beside the borders that those show.
  if (base.outlines && base.tiles?.datum !== "gcj02") addOutlines(colours, sources, layers, base.tiles === null);
  return { version: 8, sources, layers };
}

function addRaster(
  tiles: NonNullable<BaseMap["tiles"]>,
  theme: Theme,
  sources: Record<string, SourceSpecification>,
  layers: LayerSpecification[],
): void {
  const { url, tile_size: tileSize, minzoom, maxzoom, attribution } = tiles;
  sources.tiles = { type: "raster", tiles: [absolute(url)], tileSize, minzoom, maxzoom, attribution };
  // A night shift is not to be dazzled by a source made for the day.
  const paint = theme === "dark" ? { "raster-brightness-max": 0.55, "raster-saturation": -0.4 } : {};
  layers.push({ id: "tiles", type: "raster", source: "tiles", paint });
}

/** A vector source of unknown make: the layers that the OpenMapTiles schema names, which most follow. */
function addVector(
  tiles: NonNullable<BaseMap["tiles"]>,
  colours: Colours,
  sources: Record<string, SourceSpecification>,
  layers: LayerSpecification[],
): void {
  const { url, minzoom, maxzoom, attribution } = tiles;
  sources.tiles = { type: "vector", tiles: [absolute(url)], minzoom, maxzoom, attribution };
  const from = { source: "tiles" } as const;
  layers.push(
    { ...from, id: "water", "source-layer": "water", type: "fill", paint: { "fill-color": colours.road } },
    {
      ...from,
      id: "transportation",
      "source-layer": "transportation",
      type: "line",
      paint: { "line-color": colours.main, "line-width": ["interpolate", ["linear"], ["zoom"], 6, 0.6, 15, 4] },
    },
    {
      ...from,
      id: "place",
      "source-layer": "place",
      type: "symbol",
      layout: { "text-field": ["coalesce", ["get", "name:zh"], ["get", "name"]], "text-font": FONT, "text-size": 12 },
      paint: { "text-color": colours.text, "text-halo-color": colours.halo, "text-halo-width": 1.2 },
    },
  );
}

const MAIN_ROADS = ["motorway", "motorway_link", "trunk", "trunk_link", "primary"];

function addRoads(
  roads: NonNullable<BaseMap["roads"]>,
  colours: Colours,
  sources: Record<string, SourceSpecification>,
  layers: LayerSpecification[],
): void {
  const { tiles, minzoom, maxzoom, attribution } = roads;
  sources.roads = { type: "vector", tiles: [absolute(tiles)], minzoom, maxzoom, attribution };
  const main: ["in", ["get", string], ["literal", string[]]] = ["in", ["get", "class"], ["literal", MAIN_ROADS]];
  layers.push(
    {
      id: "roads",
      type: "line",
      source: "roads",
      "source-layer": "roads",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": ["case", main, colours.main, colours.road],
        "line-width": [
          "interpolate",
          ["exponential", 1.5],
          ["zoom"],
          8,
          ["case", main, 1, 0.3],
          12,
          ["case", main, 2.2, 0.8],
          16,
          ["case", main, 9, 4.5],
        ],
      },
    },
    {
      id: "road-names",
      type: "symbol",
      source: "roads",
      "source-layer": "roads",
      minzoom: 13,
      filter: ["has", "name"],
      layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-font": FONT, "text-size": 11 },
      paint: { "text-color": colours.text, "text-halo-color": colours.halo, "text-halo-width": 1.4 },
    },
  );
}

function addOutlines(
  colours: Colours,
  sources: Record<string, SourceSpecification>,
  layers: LayerSpecification[],
  named: boolean,
): void {
  sources.outlines = {
    type: "vector",
    tiles: [absolute("/api/v1/tiles/outlines/{z}/{x}/{y}.mvt")],
    minzoom: 0,
    maxzoom: 10,
    attribution: t("page.attribution"),
  };
  layers.push({
    id: "prefectures",
    type: "line",
    source: "outlines",
    "source-layer": "borders",
    paint: {
      "line-color": colours.line,
      "line-width": ["interpolate", ["linear"], ["zoom"], 3, 0.5, 8, 1.1, 14, 2],
      "line-dasharray": [3, 1.5],
    },
  });
  if (!named) return;
  layers.push({
    id: "prefecture-names",
    type: "symbol",
    source: "outlines",
    "source-layer": "labels",
    minzoom: 5,
    layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 12, "text-padding": 6 },
    paint: { "text-color": colours.text, "text-halo-color": colours.halo, "text-halo-width": 1.4 },
  });
}
