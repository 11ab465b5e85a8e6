/** Where help was needed, where it came late, who refused where, and how far each dealer reaches; each with its table. */
import { DownloadOutlined } from "@ant-design/icons";
import { Button, Checkbox, Segmented } from "antd";
import { type GeoJSONSource, type MapMouseEvent, Popup } from "maplibre-gl";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { type Ground, useGround } from "@/map/base";
import type { LonLat } from "@/map/datum";
import { around } from "@/map/overlay";
import { number } from "@/shared/format";
import { useWords } from "@/shared/words";
import { CaseStory } from "./behind";
import {
  exportPath,
  type Hexagon,
  middle,
  type Span,
  useCoverage,
  useDemand,
  useLate,
  useRefused,
  type View,
} from "./data";
import { MapTables } from "./maptables";

const LAYERS = ["demand", "coverage", "late", "refused"] as const;
type Layer = (typeof LAYERS)[number];
const RINGS = [20, 45, 60];
/** Hexagons of the H3 grid between these, each 40 to 100 pixels from edge to edge at its zoom in the middle of China. */
const COARSEST = 3;
const FINEST = 8;
/** By three zooms the scale grows 8 times, and by two resolutions the hexagons shrink 7 times. */
const resolutionAt = (zoom: number): number => Math.max(COARSEST, Math.min(FINEST, Math.floor((zoom * 2) / 3 + 0.1)));
/** A dot is small: a click or a thumb that is so far off still means it. */
const NEAR_PX = 5;
const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** What was clicked, drawn `at`: cases by their ids, or else a hexagon. */
interface Picked {
  at: LonLat;
  cases: readonly string[];
  hexagon?: string;
}

export function NetworkMap({ span }: { span: Span }) {
  const t = useWords();
  const container = useRef<HTMLDivElement>(null);
  const ground = useGround(container);
  // The rings of a whole network hide the rest, so one asks for them.
  const [shown, setShown] = useState<readonly Layer[]>(["demand", "late", "refused"]);
  const [ring, setRing] = useState(45);
  const [picked, setPicked] = useState<Picked | null>(null);
  const [story, setStory] = useState<string | null>(null);
  const view = useView(ground);
  const coverage = useCoverage().data;
  const late = useLate(span).data;
  const refused = useRefused(span).data;
  const demand = useDemand(view, span).data;
  const most = Math.max(1, ...(demand ?? []).map(({ count }) => count));

  useEffect(() => {
    if (ground) addLayers(ground);
  }, [ground]);

  const pick = useCallback((what: Picked | null) => {
    const [only, ...others] = what?.cases ?? [];
    if (only && !others.length) setStory(only);
    setPicked(only && !others.length ? null : what);
  }, []);
  useEffect(() => (ground ? listen(ground, pick) : undefined), [ground, pick]);

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
    const point = ({ lon, lat, case: id }: { lon: number; lat: number; case: string }): GeoJSON.Feature => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: ground.drawn([lon, lat]) },
      properties: { case: id },
    });
    return {
      demand: (demand ?? []).map(({ h3, ring, count }) => ({
        type: "Feature",
        geometry: {
          type: "Polygon",
          coordinates: [[...ring, ...ring.slice(0, 1)].map((corner) => ground.drawn(corner as [number, number]))],
        },
        properties: { h3, share: count / most, count: number(count) },
      })),
      coverage: (coverage ?? [])
        .filter(({ on_duty }) => on_duty > 0)
        .map((dealer) => around(ground, dealer, dealer.rings.find(({ minutes }) => minutes === ring)?.radius_m ?? 0)),
      late: (late ?? []).map(point),
      refused: (refused ?? []).map(point),
    };
  }, [ground, demand, most, coverage, late, refused, ring]);

  useEffect(() => {
    if (!ground || !features) return;
    for (const layer of LAYERS) {
      const told = shown.includes(layer) ? features[layer] : [];
      void ground.map.getSource<GeoJSONSource>(layer)?.setData({ type: "FeatureCollection", features: told });
    }
  }, [ground, features, shown]);

  const numbers = new Map([...(late ?? []), ...(refused ?? [])].map((one) => [one.case, one.number]));
  const hexagon = demand?.find(({ h3 }) => h3 === picked?.hexagon);
  const showHexagon = (one: Hexagon) => {
    if (!ground) return;
    const at = ground.drawn(middle(one));
    ground.map.easeTo({ center: at });
    setPicked({ at, cases: [], hexagon: one.h3 });
  };

  return (
    <>
      <div className="behind-tools">
        <Checkbox.Group<Layer>
          value={[...shown]}
          onChange={(layers) => {
            setShown(layers);
            setPicked(null);
          }}
          options={LAYERS.map((layer) => ({
            value: layer,
            label: t(`oem.layer_${layer}`, { n: features?.[layer].length ?? 0 }),
          }))}
        />
        <Segmented
          value={ring}
          onChange={setRing}
          disabled={!shown.includes("coverage")}
          options={RINGS.map((minutes) => ({ value: minutes, label: t("page.minutes", { n: minutes }) }))}
        />
        <Button icon={<DownloadOutlined />} href={exportPath("cases", { ...span })}>
          Excel
        </Button>
      </div>
      <section className="map-room oem-map" aria-label={t("oem.map")}>
        <div className="map-ground" ref={container} />
        <Legend layers={shown} values={{ demand: most, coverage: ring }} />
      </section>
      {ground && picked && (hexagon || picked.cases.length) ? (
        <Bubble ground={ground} at={picked.at}>
          {hexagon ? (
            <p>
              {hexagon.city_name} <strong>{t("oem.cases_here", { n: hexagon.count })}</strong>
            </p>
          ) : null}
          {picked.cases.map((id) => (
            <p key={id}>
              <button type="button" className="figure" onClick={() => setStory(id)}>
                {numbers.get(id) ?? t("oem.case")}
              </button>
            </p>
          ))}
        </Bubble>
      ) : null}
      <MapTables demand={demand ?? []} late={late ?? []} onHexagon={showHexagon} onCase={setStory} />
      <CaseStory id={story} onClose={() => setStory(null)} />
    </>
  );
}

/** Tells what is clicked. Gives the way to end it. */
function listen({ map }: Ground, onPick: (picked: Picked | null) => void): () => void {
  const at = ({ point: { x, y } }: MapMouseEvent) => {
    const box: [[number, number], [number, number]] = [
      [x - NEAR_PX, y - NEAR_PX],
      [x + NEAR_PX, y + NEAR_PX],
    ];
    const dots = map.queryRenderedFeatures(box, { layers: ["late", "refused"] });
    const [hexagon] = map.queryRenderedFeatures([x, y], { layers: ["demand"] });
    return { cases: [...new Set(dots.map(({ properties }) => String(properties.case)))], hexagon };
  };
  const click = (event: MapMouseEvent) => {
    const { cases, hexagon } = at(event);
    const spot = event.lngLat.toArray();
    if (cases.length) onPick({ at: spot, cases });
    else onPick(hexagon ? { at: spot, cases, hexagon: String(hexagon.properties.h3) } : null);
  };
  const move = (event: MapMouseEvent) => {
    const { cases, hexagon } = at(event);
    map.getCanvas().style.cursor = cases.length || hexagon ? "pointer" : "";
  };
  map.on("click", click);
  map.on("mousemove", move);
  return () => {
    map.off("click", click);
    map.off("mousemove", move);
  };
}

/** What a spot of the map has to say, on the spot. A click elsewhere takes it away. */
function Bubble({ ground, at, children }: { ground: Ground; at: LonLat; children: ReactNode }) {
  const [inside] = useState(() => document.createElement("div"));
  useEffect(() => {
    const popup = new Popup({ closeButton: false, closeOnClick: false, className: "map-bubble" });
    popup.setLngLat(at).setDOMContent(inside).addTo(ground.map);
    return () => {
      popup.remove();
    };
  }, [ground, at, inside]);
  return createPortal(children, inside);
}

const SIGNS: Record<Layer, ReactNode> = {
  demand: <path d="M8 1l6 3.5v7L8 15l-6-3.5v-7z" fill="var(--tone-towing)" fillOpacity={0.65} />,
  coverage: <circle cx="8" cy="8" r="6.5" fill="none" stroke="var(--tone-en_route)" />,
  late: <circle cx="8" cy="8" r="5" fill="var(--tone-late)" />,
  refused: <circle cx="8" cy="8" r="4" fill="var(--tone-offered)" />,
};

function Legend({ layers, values }: { layers: readonly Layer[]; values: Partial<Record<Layer, number>> }) {
  const t = useWords();
  return (
    <ul className="map-legend" aria-label={t("oem.legend")}>
      {LAYERS.filter((layer) => layers.includes(layer)).map((layer) => (
        <li key={layer}>
          <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
            {SIGNS[layer]}
          </svg>
          {t(`oem.legend_${layer}`, { n: values[layer] ?? 0 })}
        </li>
      ))}
    </ul>
  );
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
    paint: { "fill-color": colour("--tone-en_route"), "fill-opacity": 0.03 },
  });
  map.addLayer({
    id: "coverage-line",
    type: "line",
    source: "coverage",
    paint: { "line-color": colour("--tone-en_route"), "line-width": 1.2, "line-opacity": 0.7 },
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
