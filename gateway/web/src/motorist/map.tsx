/** Where the rescue vehicle is, between itself and the motorist. */
import type { GeoJSONSource } from "maplibre-gl";
import { useEffect, useRef } from "react";
import { useGround } from "@/map/base";
import { caseMark, vehicleMark } from "@/map/marks";
import { useWords } from "@/shared/words";
import type { Standing } from "./api";

interface Props {
  scene: NonNullable<Standing["scene"]>;
  vehicle: Standing["vehicle"];
}

export function WayMap({ scene, vehicle }: Props) {
  const t = useWords();
  const container = useRef<HTMLDivElement>(null);
  const ground = useGround(container, { center: [scene.lon, scene.lat], zoom: 13, interactive: true, outlines: false });

  useEffect(() => {
    if (!ground) return;
    ground.map.addSource("way", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    ground.map.addLayer({
      id: "way",
      type: "symbol",
      source: "way",
      layout: {
        "icon-image": ["get", "look"],
        "icon-rotate": ["get", "course"],
        "icon-allow-overlap": true,
        "icon-size": 1.2,
        "text-field": ["get", "label"],
        "text-font": ["sans"],
        "text-size": 13,
        "text-anchor": "top",
        "text-offset": [0, 1],
        "text-allow-overlap": true,
      },
      paint: { "text-halo-color": "#fff", "text-halo-width": 1.5 },
    });
  }, [ground]);

  // Both are brought into view; then the map stays where a thumb has put it.
  const touched = useRef(false);
  useEffect(() => {
    const touch = (event: { originalEvent?: unknown }) => {
      if (event.originalEvent) touched.current = true;
    };
    ground?.map.on("dragstart", touch);
    ground?.map.on("zoomstart", touch);
  }, [ground]);

  useEffect(() => {
    if (!ground) return;
    const here = ground.drawn([scene.lon, scene.lat]);
    const points = [point(here, caseMark("accepted", false), 0, t("motorist.you"))];
    if (vehicle?.lat != null && vehicle.lon != null) {
      const there = ground.drawn([vehicle.lon, vehicle.lat]);
      const course = vehicle.kind === "tow" ? 0 : (vehicle.course_deg ?? 0);
      points.push(point(there, vehicleMark(vehicle.kind, "en_route", "fresh"), course, t("motorist.vehicle")));
      if (!touched.current) {
        ground.map.fitBounds(
          [
            [Math.min(here[0], there[0]), Math.min(here[1], there[1])],
            [Math.max(here[0], there[0]), Math.max(here[1], there[1])],
          ],
          { padding: 56, maxZoom: 15, duration: 600 },
        );
      }
    }
    void ground.map.getSource<GeoJSONSource>("way")?.setData({ type: "FeatureCollection", features: points });
  }, [ground, scene, vehicle, t]);

  return (
    <section className="way" aria-label={t("motorist.map")}>
      <div className="map-ground" ref={container} />
    </section>
  );
}

const point = (at: [number, number], look: string, course: number, label: string): GeoJSON.Feature => ({
  type: "Feature",
  geometry: { type: "Point", coordinates: at },
  properties: { look, course, label },
});
