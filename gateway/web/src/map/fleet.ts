/** Vehicles on the map: only what moved is told to the map, a few times a second, and crowds are drawn as one. */
import type { GeoJSONSource } from "maplibre-gl";
import { serviceNow } from "@/shared/clock";
import type { Card, Feed, Vehicle } from "@/shared/feed";
import { type Freshness, freshness, type Tone, toneOf } from "@/shared/states";
import type { Ground } from "./base";
import { vehicleMark } from "./marks";

const SOURCE = "vehicles";
export const VEHICLES_LAYER = "vehicles";
export const CROWDS_LAYER = "vehicle-crowds";
/** More vehicles than this in view are drawn as crowds; back again below the second figure. */
const CROWDED = 300;
const ROOMY = 250;
const FLUSH_MS = 250;
/** So often those whose fix grew old in the meantime are drawn grey. */
const AGEING_MS = 5_000;

export class Fleet {
  private readonly changed = new Set<string>();
  private readonly looks = new Map<string, string>();
  private toneByPlate = new Map<string, Tone>();
  private everything = true;
  private crowded = false;
  private lastFlush = 0;
  private frame = 0;
  private readonly ageing: number;
  private readonly leave: (() => void)[] = [];

  constructor(
    private readonly ground: Ground,
    private readonly feed: Feed,
  ) {
    this.addLayers();
    this.leave.push(
      feed.onPositions((changed) => this.moved(changed)),
      feed.onCards(() => this.retone()),
    );
    this.ageing = window.setInterval(() => this.age(), AGEING_MS);
    ground.map.on("moveend", this.crowd);
    this.retone();
    this.ask();
  }

  stop(): void {
    window.clearInterval(this.ageing);
    cancelAnimationFrame(this.frame);
    for (const leave of this.leave) leave();
    this.ground.map.off("moveend", this.crowd);
  }

  private addLayers(): void {
    const { map } = this.ground;
    map.addSource(SOURCE, {
      type: "geojson",
      promoteId: "plate",
      data: { type: "FeatureCollection", features: [] },
      cluster: false,
      clusterRadius: 44,
      clusterMaxZoom: 13,
    });
    map.addLayer({
      id: VEHICLES_LAYER,
      type: "symbol",
      source: SOURCE,
      filter: ["!", ["has", "point_count"]],
      layout: {
        "icon-image": ["get", "look"],
        "icon-rotate": ["get", "course"],
        "icon-rotation-alignment": "map",
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "icon-size": ["interpolate", ["linear"], ["zoom"], 5, 0.6, 12, 1],
      },
    });
    const style = getComputedStyle(document.documentElement);
    map.addLayer({
      id: CROWDS_LAYER,
      type: "circle",
      source: SOURCE,
      filter: ["has", "point_count"],
      paint: {
        "circle-color": style.getPropertyValue("--map-vehicle"),
        "circle-opacity": 0.85,
        "circle-radius": ["interpolate", ["linear"], ["get", "point_count"], 2, 11, 100, 18, 1000, 28],
        "circle-stroke-color": style.getPropertyValue("--map-halo"),
        "circle-stroke-width": 1.5,
      },
    });
    map.addLayer({
      id: `${CROWDS_LAYER}-count`,
      type: "symbol",
      source: SOURCE,
      filter: ["has", "point_count"],
      layout: {
        "text-field": ["get", "point_count_abbreviated"],
        "text-font": ["sans"],
        "text-size": 12,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": style.getPropertyValue("--map-halo") },
    });
  }

  private moved(changed: readonly string[] | "all"): void {
    if (changed === "all") this.everything = true;
    else for (const plate of changed) this.changed.add(plate);
    this.ask();
  }

  /** A vehicle that is sent to a case has the colour of the case. */
  private retone(): void {
    const now = serviceNow();
    const tones = new Map<string, Tone>();
    for (const card of this.feed.cards.values()) if (card.vehicle) tones.set(card.vehicle, toneOf(card as Card, now));
    for (const [plate, tone] of tones) if (this.toneByPlate.get(plate) !== tone) this.changed.add(plate);
    for (const plate of this.toneByPlate.keys()) if (!tones.has(plate)) this.changed.add(plate);
    this.toneByPlate = tones;
    if (this.changed.size) this.ask();
  }

  private age(): void {
    const now = serviceNow();
    for (const vehicle of this.feed.vehicles.values()) {
      if (this.looks.get(vehicle.plate) !== this.look(vehicle, now)) this.changed.add(vehicle.plate);
    }
    if (this.changed.size) this.ask();
  }

  private look(vehicle: Vehicle, now: number): string {
    const fresh: Freshness = freshness(vehicle, now);
    const tone = this.toneByPlate.get(vehicle.plate) ?? (vehicle.on_duty === false ? "off" : "free");
    return vehicleMark(vehicle.kind, tone, fresh);
  }

  private ask(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame((at) => {
      this.frame = 0;
      if (at - this.lastFlush < FLUSH_MS) {
        this.ask();
        return;
      }
      this.lastFlush = at;
      this.flush();
    });
  }

  private flush(): void {
    performance.mark("positions-begin");
    const source = this.ground.map.getSource<GeoJSONSource>(SOURCE);
    if (!source) return;
    const now = serviceNow();
    if (this.everything) {
      this.looks.clear();
      const features = [...this.feed.vehicles.values()].map((vehicle) => this.feature(vehicle, now));
      void source.setData({ type: "FeatureCollection", features });
    } else if (this.changed.size) {
      const known = [...this.changed].map((plate) => this.feed.vehicles.get(plate)).filter((one) => one !== undefined);
      void source.updateData({ add: known.map((vehicle) => this.feature(vehicle, now)) });
    }
    this.everything = false;
    this.changed.clear();
    this.crowd();
    performance.measure("positions", "positions-begin");
  }

  private feature(vehicle: Vehicle, now: number): GeoJSON.Feature {
    const look = this.look(vehicle, now);
    this.looks.set(vehicle.plate, look);
    return {
      type: "Feature",
      id: vehicle.plate,
      geometry: { type: "Point", coordinates: this.ground.drawn([vehicle.lon, vehicle.lat]) },
      properties: { plate: vehicle.plate, look, course: vehicle.kind === "tow" ? 0 : (vehicle.course_deg ?? 0) },
    };
  }

  private readonly crowd = (): void => {
    const bounds = this.ground.map.getBounds();
    let inView = 0;
    for (const { lon, lat } of this.feed.vehicles.values()) if (bounds.contains([lon, lat])) inView++;
    const crowded = this.crowded ? inView > ROOMY : inView > CROWDED;
    if (crowded === this.crowded) return;
    this.crowded = crowded;
    void this.ground.map.getSource<GeoJSONSource>(SOURCE)?.setClusterOptions({ cluster: crowded });
  };
}
