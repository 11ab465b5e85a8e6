/** What happened before: one vehicle, one case or the whole city, under a time slider; events are ticks on it. */
import { useQuery } from "@tanstack/react-query";
import type { GeoJSONSource } from "maplibre-gl";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, told, whyNot } from "@/shared/api";
import { clockTimeWithSeconds, plateText } from "@/shared/format";
import { toneOfStatus } from "@/shared/states";
import { useWords } from "@/shared/words";
import { type Ground, useGround } from "./base";
import type { LonLat } from "./datum";
import { caseMark, vehicleMark } from "./marks";
import "./replay.css";
import { caseStatusAt, placeAt, type Story, type Track } from "./tracks";

export type ReplaySubject = { kind: "vehicle"; plate: string } | { kind: "case"; id: string } | { kind: "city" };

type Past = Awaited<ReturnType<typeof past>>;

const SPEEDS = [1, 5, 20, 60] as const;
const FRAME_MS = 100;
/** What is shown stands clear of the head and of the bar. */
const PADDING = { top: 80, right: 70, bottom: 120, left: 70 };
const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

async function past(subject: ReplaySubject) {
  const query =
    subject.kind === "vehicle" ? { plate: subject.plate } : subject.kind === "case" ? { case: subject.id } : {};
  return told(api.GET("/api/v1/replay", { params: { query } }));
}

export function ReplayView({ subject, onClose }: { subject: ReplaySubject; onClose: () => void }) {
  const t = useWords();
  const container = useRef<HTMLDivElement>(null);
  const ground = useGround(container);
  const { data, error } = useQuery({ queryKey: ["replay", subject], queryFn: () => past(subject), staleTime: 60_000 });
  const span = useMemo(() => (data ? { from: Date.parse(data.from), to: Date.parse(data.to) } : null), [data]);
  const [at, setAt] = useState<number | null>(null);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(20);
  const now = at ?? span?.from ?? 0;

  useEffect(() => {
    if (!playing || !span) return;
    const timer = window.setInterval(() => {
      setAt((before) => {
        const next = (before ?? span.from) + FRAME_MS * speed;
        return Math.min(next, span.to);
      });
    }, FRAME_MS);
    return () => window.clearInterval(timer);
  }, [playing, span, speed]);

  useEffect(() => {
    if (ground) addLayers(ground);
  }, [ground]);

  const draw = useCallback(() => {
    if (ground && data) show(ground, data, now);
  }, [ground, data, now]);
  useEffect(draw, [draw]);
  useEffect(() => {
    if (ground && data) lookAtAll(ground, data);
  }, [ground, data]);

  const title =
    subject.kind === "city"
      ? t("map.replay_city")
      : t("map.replay_of", {
          what: subject.kind === "vehicle" ? plateText(subject.plate) : (data?.cases[0]?.number ?? t("page.case")),
        });
  const nothing = data && !data.vehicles.length && !data.cases.length;
  return (
    <section className="map-room replay" aria-label={title}>
      <div className="map-ground" ref={container} />
      <header className="replay-head">
        <strong>{title}</strong>
        <button type="button" onClick={onClose}>
          {t("map.close_replay")}
        </button>
      </header>
      {error ? (
        <p className="replay-note" role="alert">
          {whyNot(error)}
        </p>
      ) : nothing ? (
        <p className="replay-note">{t("map.nothing_moved")}</p>
      ) : null}
      {data && span ? (
        <footer className="replay-bar">
          <button type="button" onClick={() => setPlaying(!playing)}>
            {t(playing ? "map.pause" : "map.play")}
          </button>
          <output>{clockTimeWithSeconds(now)}</output>
          <div className="replay-time">
            <input
              type="range"
              aria-label={t("map.time")}
              aria-valuetext={clockTimeWithSeconds(now)}
              min={span.from}
              max={span.to}
              step={1000}
              value={now}
              onChange={(event) => setAt(Number(event.target.value))}
            />
            <Ticks past={data} from={span.from} to={span.to} onChoose={setAt} />
          </div>
          <span className="replay-end">{clockTimeWithSeconds(span.to)}</span>
          <label>
            {t("map.speed")}
            <select value={speed} onChange={(event) => setSpeed(Number(event.target.value))}>
              {SPEEDS.map((one) => (
                <option key={one} value={one}>
                  ×{one}
                </option>
              ))}
            </select>
          </label>
        </footer>
      ) : null}
    </section>
  );
}

function Ticks(props: { past: Past; from: number; to: number; onChoose: (at: number) => void }) {
  const t = useWords();
  const { past, from, to, onChoose } = props;
  const length = Math.max(1, to - from);
  return (
    <div className="replay-ticks">
      {past.events.map((event) => {
        const moment = Date.parse(event.at);
        const said = `${clockTimeWithSeconds(moment)} ${t(`event.${event.kind}`)} ${event.number}`;
        return (
          <button
            key={event.seq}
            type="button"
            title={said}
            aria-label={said}
            style={{ left: `${((moment - from) / length) * 100}%` }}
            onClick={() => onChoose(moment)}
          />
        );
      })}
    </div>
  );
}

function addLayers({ map }: Ground): void {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  for (const name of ["past-ways", "past-vehicles", "past-cases"])
    map.addSource(name, { type: "geojson", data: EMPTY });
  map.addLayer({
    id: "past-ways",
    type: "line",
    source: "past-ways",
    paint: { "line-color": colour("--focus"), "line-width": 2.5, "line-opacity": 0.7 },
  });
  for (const name of ["past-vehicles", "past-cases"]) {
    map.addLayer({
      id: name,
      type: "symbol",
      source: name,
      layout: {
        "icon-image": ["get", "look"],
        "icon-rotate": ["get", "course"],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "text-field": ["step", ["zoom"], "", 11, ["get", "label"]],
        "text-font": ["sans"],
        "text-size": 12,
        "text-anchor": "left",
        "text-offset": [1.1, 0],
        "text-optional": true,
      },
      paint: { "text-color": colour("--ink"), "text-halo-color": colour("--map-halo"), "text-halo-width": 1.5 },
    });
  }
}

function show(ground: Ground, past: Past, now: number): void {
  const few = past.vehicles.length <= 3;
  const ways: GeoJSON.Feature[] = [];
  const vehicles: GeoJSON.Feature[] = [];
  for (const vehicle of past.vehicles) {
    const track = vehicle.points as unknown as Track;
    const here = placeAt(track, now);
    if (here) {
      const look = vehicleMark(vehicle.kind, "free", here.old ? "grey" : "fresh");
      const course = vehicle.kind === "tow" ? 0 : (here.course_deg ?? 0);
      const at = ground.drawn([here.lon, here.lat]);
      vehicles.push(point(at, { look, course, label: plateText(vehicle.plate) }));
    }
    if (few) {
      const gone = track.filter(([moment]) => moment <= now).map(([, lat, lon]) => ground.drawn([lon, lat]));
      if (gone.length > 1) {
        ways.push({ type: "Feature", geometry: { type: "LineString", coordinates: gone }, properties: {} });
      }
    }
  }
  const cases = past.cases.flatMap((one) => {
    const status = caseStatusAt(one as unknown as Story, now);
    if (!status) return [];
    const look = caseMark(toneOfStatus(status), false);
    return [point(ground.drawn([one.lon, one.lat]), { look, course: 0, label: one.number })];
  });
  set(ground, "past-ways", ways);
  set(ground, "past-vehicles", vehicles);
  set(ground, "past-cases", cases);
}

const point = (at: LonLat, properties: Record<string, unknown>): GeoJSON.Feature => ({
  type: "Feature",
  geometry: { type: "Point", coordinates: at },
  properties,
});

function set({ map }: Ground, source: string, features: GeoJSON.Feature[]): void {
  void map.getSource<GeoJSONSource>(source)?.setData({ type: "FeatureCollection", features });
}

function lookAtAll(ground: Ground, past: Past): void {
  const places: LonLat[] = [
    ...past.vehicles.flatMap(({ points }) => (points as unknown as Track).map(([, lat, lon]): LonLat => [lon, lat])),
    ...past.cases.map(({ lon, lat }): LonLat => [lon, lat]),
  ];
  if (!places.length) return;
  const [west, south, east, north] = places.reduce(
    ([w, s, e, n], [lon, lat]) => [Math.min(w, lon), Math.min(s, lat), Math.max(e, lon), Math.max(n, lat)],
    [180, 90, -180, -90],
  );
  ground.map.fitBounds([ground.drawn([west, south]), ground.drawn([east, north])], {
    padding: PADDING,
    maxZoom: 15,
    animate: false,
  });
}
