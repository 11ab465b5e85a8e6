/** The live map of the console: who is where, now. */
import type { GeoJSONSource, MapMouseEvent } from "maplibre-gl";
import { useEffect, useRef, useState } from "react";
import { serviceNow } from "@/shared/clock";
import { type Feed, useCards } from "@/shared/feed";
import { age, plateText } from "@/shared/format";
import { useDealers } from "@/shared/network";
import { freshness } from "@/shared/states";
import { useWords } from "@/shared/words";
import { type Ground, useGround } from "./base";
import { CROWDS_LAYER, Fleet, VEHICLES_LAYER } from "./fleet";
import {
  addCases,
  addOverlay,
  CASES_LAYER,
  DEALERS_LAYER,
  type Spot,
  showCases,
  showDealers,
  showSpot,
  showWays,
  type Way,
} from "./overlay";

export interface LiveMapProps {
  feed: Feed;
  /** The case that is open, by its id. */
  selected: string | null;
  /** The plate of a vehicle that the map keeps in its middle. */
  followed: string | null;
  lines: readonly Way[];
  /** The place that is being entered. */
  spot: Spot | null;
  /** Where to look; a new `at` looks there again. */
  focus: { lat: number; lon: number; at: number } | null;
  onCase: (id: string) => void;
  onVehicle: (plate: string) => void;
  onDealer: (code: string) => void;
  /** Set while a click on the map names a place, in WGS-84. */
  onPick: ((lat: number, lon: number) => void) | null;
}

const FOCUS_ZOOM = 13;
const REDRAW_CASES_MS = 5_000;
/** Positions are asked for a little beyond what is seen, so that a small move shows no gap. */
const MARGIN = 0.15;
const CLICKABLE = [CASES_LAYER, VEHICLES_LAYER, DEALERS_LAYER];

export function LiveMap(props: LiveMapProps) {
  const { feed, selected, followed, lines, spot, focus, onPick } = props;
  const t = useWords();
  const container = useRef<HTMLDivElement>(null);
  const ground = useGround(container);
  const latest = useRef(props);
  latest.current = props;
  const cards = useCards(feed);
  const dealers = useDealers().data;
  const [hover, setHover] = useState<{ x: number; y: number; plate: string } | null>(null);

  useEffect(() => {
    if (!ground) return;
    addOverlay(ground);
    const fleet = new Fleet(ground, feed);
    addCases(ground);
    const unlisten = listen(ground, latest, setHover);
    return () => {
      fleet.stop();
      unlisten();
    };
  }, [ground, feed]);

  useFirstView(ground, feed);

  useEffect(() => {
    if (!ground) return;
    const draw = () => showCases(ground, cards.values(), selected, serviceNow());
    draw();
    const timer = window.setInterval(draw, REDRAW_CASES_MS); // a case may grow late without an event
    return () => window.clearInterval(timer);
  }, [ground, cards, selected]);

  useEffect(() => {
    if (ground && dealers) showDealers(ground, dealers);
  }, [ground, dealers]);

  useEffect(() => {
    if (ground) showWays(ground, lines);
  }, [ground, lines]);

  useEffect(() => {
    if (ground) showSpot(ground, spot);
  }, [ground, spot]);

  useEffect(() => {
    if (!ground || !focus) return;
    const zoom = Math.max(FOCUS_ZOOM, ground.map.getZoom());
    ground.map.easeTo({ center: ground.drawn([focus.lon, focus.lat]), zoom });
  }, [ground, focus]);

  useEffect(() => {
    if (!ground || !followed) return;
    const look = () => {
      const vehicle = feed.vehicles.get(followed);
      if (vehicle) ground.map.easeTo({ center: ground.drawn([vehicle.lon, vehicle.lat]), duration: 300 });
    };
    look();
    return feed.onPositions((changed) => {
      if (changed === "all" || changed.includes(followed)) look();
    });
  }, [ground, feed, followed]);

  const hovered = hover ? feed.vehicles.get(hover.plate) : undefined;
  return (
    <section className="map-room" aria-label={t("map.title")} data-picking={onPick ? true : undefined}>
      <div className="map-ground" ref={container} />
      <Legend />
      {hover && hovered ? (
        <div className="map-hover" style={{ left: hover.x, top: hover.y }}>
          <strong>{plateText(hovered.plate)}</strong>
          <span>
            {[hovered.kind ? t(`vehicle.kind.${hovered.kind}`) : "", hovered.dealer ?? ""].filter(Boolean).join(" · ")}
          </span>
          <span>
            {t("map.fix_age", { age: age(serviceNow() - Date.parse(hovered.fix_time)) })}
            {freshness(hovered, serviceNow()) === "lost" ? ` · ${t("map.silent")}` : ""}
          </span>
        </div>
      ) : null}
    </section>
  );
}

/** At first the map shows everything that there is to see, once it is known. */
function useFirstView(ground: Ground | null, feed: Feed): void {
  const done = useRef(false);
  useEffect(() => {
    if (!ground || done.current) return;
    const look = () => {
      const points = [...feed.vehicles.values(), ...feed.cards.values()];
      const [first] = points;
      if (done.current || !first) return;
      done.current = true;
      const lons = points.map(({ lon }) => lon);
      const lats = points.map(({ lat }) => lat);
      const bounds: [[number, number], [number, number]] = [
        ground.drawn([Math.min(...lons), Math.min(...lats)]),
        ground.drawn([Math.max(...lons), Math.max(...lats)]),
      ];
      ground.map.fitBounds(bounds, { padding: 60, maxZoom: 13, animate: false });
    };
    look();
    return feed.onPositions(look);
  }, [ground, feed]);
}

/** Clicks, hovers, and what part of the country the feed is asked for. Gives the way to end it. */
function listen(
  ground: Ground,
  latest: { readonly current: LiveMapProps },
  setHover: (hover: { x: number; y: number; plate: string } | null) => void,
): () => void {
  const { map, meant } = ground;

  const click = (event: MapMouseEvent) => {
    const { onPick, onCase, onVehicle, onDealer } = latest.current;
    if (onPick) {
      const [lon, lat] = meant(event.lngLat.toArray() as [number, number]);
      onPick(lat, lon);
      return;
    }
    const crowd = map.queryRenderedFeatures(event.point, { layers: [CROWDS_LAYER] })[0];
    if (crowd) {
      void zoomInto(ground, crowd.properties.cluster_id as number, event);
      return;
    }
    const [hit] = map.queryRenderedFeatures(event.point, { layers: CLICKABLE });
    if (!hit) return;
    if (hit.layer.id === CASES_LAYER) onCase(String(hit.properties.id));
    else if (hit.layer.id === VEHICLES_LAYER) onVehicle(String(hit.properties.plate));
    else onDealer(String(hit.properties.code));
  };

  const move = (event: MapMouseEvent) => {
    if (latest.current.onPick) return;
    const [hit] = map.queryRenderedFeatures(event.point, { layers: CLICKABLE });
    map.getCanvas().style.cursor = hit ? "pointer" : "";
    const vehicle = hit?.layer.id === VEHICLES_LAYER ? String(hit.properties.plate) : null;
    setHover(vehicle ? { x: event.point.x, y: event.point.y, plate: vehicle } : null);
  };

  const view = () => {
    const bounds = map.getBounds();
    const [west, south] = meant(bounds.getSouthWest().toArray() as [number, number]);
    const [east, north] = meant(bounds.getNorthEast().toArray() as [number, number]);
    const [dx, dy] = [(east - west) * MARGIN, (north - south) * MARGIN];
    latest.current.feed.show([
      Math.max(-180, west - dx),
      Math.max(-90, south - dy),
      Math.min(180, east + dx),
      Math.min(90, north + dy),
    ]);
  };

  map.on("click", click);
  map.on("mousemove", move);
  map.on("moveend", view);
  return () => {
    map.off("click", click);
    map.off("mousemove", move);
    map.off("moveend", view);
  };
}

async function zoomInto({ map }: Ground, cluster: number, event: MapMouseEvent): Promise<void> {
  const zoom = await map.getSource<GeoJSONSource>("vehicles")?.getClusterExpansionZoom(cluster);
  if (zoom !== undefined) map.easeTo({ center: event.lngLat, zoom: zoom + 0.3 });
}

function Legend() {
  const t = useWords();
  return (
    <ul className="map-legend">
      <li>
        <LegendMark path="M8 1 15 8 8 15 1 8z" fill="var(--tone-offered)" />
        {t("map.case")}
      </li>
      <li>
        <LegendMark path="M8 2 13 14 8 11.5 3 14z" fill="var(--map-vehicle)" />
        {t("vehicle.kind.service")}
      </li>
      <li>
        <LegendMark path="M3 3h10v10H3z" fill="var(--map-vehicle)" />
        {t("vehicle.kind.tow")}
      </li>
      <li>
        <LegendMark path="M8 2 13 14 8 11.5 3 14z" fill="var(--map-grey)" />
        {t("map.old")}
      </li>
      <li>
        <LegendMark path="M8 2 13 14 8 11.5 3 14z" fill="none" dashed />
        {t("map.lost")}
      </li>
      <li>
        <LegendMark path="M8 2 14 7.5H12V14H4V7.5H2z" fill="var(--panel)" outline />
        {t("map.dealer")}
      </li>
    </ul>
  );
}

function LegendMark({
  path,
  fill,
  dashed,
  outline,
}: {
  path: string;
  fill: string;
  dashed?: boolean;
  outline?: boolean;
}) {
  const stroke = dashed ? "var(--map-grey)" : outline ? "var(--map-vehicle)" : "none";
  return (
    <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} fill={fill} stroke={stroke} strokeWidth={1.5} strokeDasharray={dashed ? "2.5 2" : undefined} />
    </svg>
  );
}
