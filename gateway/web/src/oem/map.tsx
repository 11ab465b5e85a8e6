/** Where help was needed, where it came late, who refused where, and how far each dealer reaches. */
import { useQuery } from "@tanstack/react-query";
import { Checkbox, Segmented } from "antd";
import type { GeoJSONSource } from "maplibre-gl";
import { useEffect, useMemo, useRef, useState } from "react";
import { type Ground, useGround } from "@/map/base";
import { around } from "@/map/overlay";
import { api, told } from "@/shared/api";
import { number } from "@/shared/format";
import { useWords } from "@/shared/words";
import { type Span, useCoverage, useLate, useRefused } from "./data";

const LAYERS = ["demand", "coverage", "late", "refused"] as const;
type Layer = (typeof LAYERS)[number];
const RINGS = [20, 45, 60];
/** Hexagons of the H3 grid between these, each 40 to 100 pixels from edge to edge at its zoom in the middle of China. */
const COARSEST = 3;
const FINEST = 8;
/** By three zooms the scale grows 8 times, and by two resolutions the hexagons shrink 7 times. */
const resolutionAt = (zoom: number): number => Math.max(COARSEST, Math.min(FINEST, Math.floor((zoom * 2) / 3 + 0.1)));
const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

export function NetworkMap({ span }: { span: Span }) {
  const t = useWords();
  const container = useRef<HTMLDivElement>(null);
  const ground = useGround(container);
  const [shown, setShown] = useState<readonly Layer[]>(["demand", "coverage", "late"]);
  const [ring, setRing] = useState(45);
  const view = useView(ground);
  const coverage = useCoverage().data;
  const late = useLate(span).data;
  const refused = useRefused(span).data;
  const demand = useQuery({
    queryKey: ["demand", view, span],
    enabled: view !== null,
    placeholderData: (before) => before,
    queryFn: () =>
      told(
        api.GET("/api/v1/network/demand", {
          params: { query: { bbox: view?.bbox ?? "", resolution: view?.resolution ?? COARSEST, ...span } },
        }),
      ),
  }).data;

  useEffect(() => {
    if (ground) addLayers(ground);
  }, [ground]);

  const seen = useRef(false);
  useEffect(() => {
    const [first] = coverage ?? [];
    if (!ground || !coverage || !first || seen.current) return;
    seen.current = true;
    const lons = coverage.map(({ lon }) => lon);
    const lats = coverage.map(({ lat }) => lat);
    ground.map.fitBounds(
      [ground.drawn([Math.min(...lons), Math.min(...lats)]), ground.drawn([Math.max(...lons), Math.max(...lats)])],
      { padding: 80, maxZoom: 11, animate: false },
    );
  }, [ground, coverage]);

  const features = useMemo((): Record<Layer, GeoJSON.Feature[]> | null => {
    if (!ground) return null;
    const point = (lon: number, lat: number): GeoJSON.Feature => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: ground.drawn([lon, lat]) },
      properties: {},
    });
    const most = Math.max(1, ...(demand ?? []).map(({ count }) => count));
    return {
      demand: (demand ?? []).map(({ ring, count }) => ({
        type: "Feature",
        geometry: {
          type: "Polygon",
          coordinates: [[...ring, ...ring.slice(0, 1)].map((corner) => ground.drawn(corner as [number, number]))],
        },
        properties: { share: count / most, count: number(count) },
      })),
      coverage: (coverage ?? [])
        .filter(({ on_duty }) => on_duty > 0)
        .map((dealer) => around(ground, dealer, dealer.rings.find(({ minutes }) => minutes === ring)?.radius_m ?? 0)),
      late: (late ?? []).map(({ lon, lat }) => point(lon, lat)),
      refused: (refused ?? []).map(({ lon, lat }) => point(lon, lat)),
    };
  }, [ground, demand, coverage, late, refused, ring]);

  useEffect(() => {
    if (!ground || !features) return;
    for (const layer of LAYERS) {
      const told = shown.includes(layer) ? features[layer] : [];
      void ground.map.getSource<GeoJSONSource>(layer)?.setData({ type: "FeatureCollection", features: told });
    }
  }, [ground, features, shown]);

  return (
    <>
      <div className="behind-tools">
        <Checkbox.Group<Layer>
          value={[...shown]}
          onChange={setShown}
          options={LAYERS.map((layer) => ({
            value: layer,
            label: t(`oem.layer_${layer}`, { n: features?.[layer].length ?? 0 }),
          }))}
        />
        <Segmented
          value={ring}
          onChange={setRing}
          options={RINGS.map((minutes) => ({ value: minutes, label: t("page.minutes", { n: minutes }) }))}
        />
        <span className="faint">{t("oem.rings_estimate")}</span>
      </div>
      <section className="map-room oem-map" aria-label={t("oem.map")}>
        <div className="map-ground" ref={container} />
      </section>
    </>
  );
}

interface View {
  bbox: string;
  resolution: number;
}

function useView(ground: Ground | null): View | null {
  const [view, setView] = useState<View | null>(null);
  useEffect(() => {
    if (!ground) return;
    const { map, meant } = ground;
    const look = () => {
      const bounds = map.getBounds();
      const [west, south] = meant(bounds.getSouthWest().toArray() as [number, number]);
      const [east, north] = meant(bounds.getNorthEast().toArray() as [number, number]);
      const edges = [Math.max(-180, west), Math.max(-90, south), Math.min(180, east), Math.min(90, north)];
      setView({ bbox: edges.map((edge) => edge.toFixed(4)).join(), resolution: resolutionAt(map.getZoom()) });
    };
    look();
    map.on("moveend", look);
    return () => {
      map.off("moveend", look);
    };
  }, [ground]);
  return view;
}

function addLayers({ map }: Ground): void {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  for (const layer of LAYERS) map.addSource(layer, { type: "geojson", data: EMPTY });
  map.addLayer({
    id: "coverage",
    type: "fill",
    source: "coverage",
    paint: {
      "fill-color": colour("--tone-en_route"),
      "fill-opacity": 0.1,
      "fill-outline-color": colour("--tone-en_route"),
    },
  });
  map.addLayer({
    id: "demand",
    type: "fill",
    source: "demand",
    paint: {
      "fill-color": colour("--tone-towing"),
      "fill-opacity": ["interpolate", ["linear"], ["get", "share"], 0, 0.12, 1, 0.65],
    },
  });
  map.addLayer({
    id: "demand-count",
    type: "symbol",
    source: "demand",
    layout: { "text-field": ["get", "count"], "text-font": ["sans"], "text-size": 11 },
    paint: { "text-color": colour("--ink"), "text-halo-color": colour("--map-halo"), "text-halo-width": 1.2 },
  });
  const dot = (id: Layer, name: string, radius: number) =>
    map.addLayer({
      id,
      type: "circle",
      source: id,
      paint: {
        "circle-color": colour(name),
        "circle-radius": radius,
        "circle-stroke-color": colour("--map-halo"),
        "circle-stroke-width": 1.5,
      },
    });
  dot("refused", "--tone-offered", 4);
  dot("late", "--tone-late", 5);
}
