/** A map on the page: MapLibre with the base that the service is configured for. Whatever is laid over it comes by layers. */
import {
  AttributionControl,
  Map as MapLibre,
  type MapOptions,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { type RefObject, useEffect, useRef, useState } from "react";
import { fetched } from "@/shared/api";
import { useTheme } from "@/shared/theme";
import { t, useLanguage } from "@/shared/words";
import { fromTiles, type LonLat, toTiles } from "./datum";
import "./map.css";
import { drawMarks } from "./marks";
import { type BaseMap, PLAIN, styleOf } from "./style";

setWorkerUrl(workerUrl);

/** A map that is ready for layers, and the way between positions and what is drawn. */
export interface Ground {
  map: MapLibre;
  /** Where a WGS-84 position is drawn. */
  drawn: (position: LonLat) => LonLat;
  /** The WGS-84 position of a point on the map. */
  meant: (position: LonLat) => LonLat;
}

export const CHINA: [LonLat, LonLat] = [
  [73.5, 18],
  [135, 53.6],
];

async function baseMap(): Promise<BaseMap> {
  try {
    return (await (await fetched("/api/v1/basemap")).json()) as BaseMap;
  } catch {
    return PLAIN; // a map without a base still shows who is where
  }
}

/** `outlines`: false for those who are not signed in, who may not see them (decision 4). */
type Wishes = Partial<MapOptions> & { outlines?: boolean };

/**
 * Makes a map in `container`. Gives null until it is ready, and a new one when the theme changes: then all layers are
 * laid anew, at the same place.
 */
export function useGround(container: RefObject<HTMLElement | null>, options: Wishes = {}): Ground | null {
  const theme = useTheme();
  const language = useLanguage();
  const [base, setBase] = useState<BaseMap | null>(null);
  const [ground, setGround] = useState<Ground | null>(null);
  const first = useRef(options);
  const lastView = useRef<{ center: LonLat; zoom: number } | null>(null);

  useEffect(() => {
    let wanted = true;
    void baseMap().then((told) => {
      if (wanted) setBase(told);
    });
    return () => {
      wanted = false;
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a map is labelled once, in the language of its making
  useEffect(() => {
    if (!container.current || !base) return;
    const { outlines = true, ...wished } = first.current;
    const view = lastView.current ?? (wished.center ? {} : { bounds: CHINA });
    const map = new MapLibre({
      ...wished,
      ...view,
      container: container.current,
      style: styleOf({ ...base, outlines: base.outlines && outlines }, theme),
      attributionControl: false,
      locale: {
        "Map.Title": t("page.map"),
        "NavigationControl.ZoomIn": t("page.zoom_in"),
        "NavigationControl.ZoomOut": t("page.zoom_out"),
      },
      dragRotate: false,
      pitchWithRotate: false,
      localIdeographFontFamily: '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
      maxZoom: 19,
      fadeDuration: 0,
    });
    map.touchZoomRotate.disableRotation();
    map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new ScaleControl({ maxWidth: 90 }), "bottom-left");
    map.addControl(new AttributionControl({ compact: false }), "bottom-right");
    drawMarks(map);
    const datum = base.tiles?.datum ?? "wgs84";
    map.once("load", () => {
      setGround({
        map,
        drawn: (position) => toTiles(position, datum),
        meant: (position) => fromTiles(position, datum),
      });
    });
    map.on("moveend", () => {
      lastView.current = { center: map.getCenter().toArray(), zoom: map.getZoom() };
    });
    return () => {
      setGround(null);
      map.remove();
    };
  }, [base, theme, language, container]);

  return ground;
}
