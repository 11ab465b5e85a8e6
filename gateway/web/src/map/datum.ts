/**
 * The pictures of some map sources are in GCJ-02. What is laid over them is moved by the same shift, and what is clicked
 * is moved back; the data stay in WGS-84. The same formula as `core/datum.py`, which says where it comes from.
 */
export type LonLat = [number, number];
export type TileDatum = "wgs84" | "gcj02";

const SEMI_MAJOR_M = 6_378_245.0;
const ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943;
const ROUNDS = 5;
const CHINA = { west: 72.004, south: 0.8293, east: 137.8347, north: 55.8271 };

const inChina = ([lon, lat]: LonLat): boolean =>
  lon >= CHINA.west && lon <= CHINA.east && lat >= CHINA.south && lat <= CHINA.north;

const waves = (at: number, ...parts: [height: number, length: number][]): number =>
  parts.reduce((sum, [height, length]) => sum + height * Math.sin((at * Math.PI) / length), 0);

function pushed([lon, lat]: LonLat): LonLat {
  const x = lon - 105;
  const y = lat - 35;
  const root = 0.2 * Math.sqrt(Math.abs(x));
  const shared = 20 * Math.sin(6 * Math.PI * x) + 20 * Math.sin(2 * Math.PI * x);
  const along = (at: number, slow: [number, number], slowest: [number, number]) =>
    ((shared + waves(at, [20, 1], [40, 3], slow, slowest)) * 2) / 3;
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + root + along(y, [160, 12], [320, 30]);
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + root * 0.5 + along(x, [150, 12], [300, 30]);
  const radians = (lat * Math.PI) / 180;
  const flatness = 1 - ECCENTRICITY_SQUARED * Math.sin(radians) ** 2;
  const primeVertical_m = SEMI_MAJOR_M / Math.sqrt(flatness);
  const meridian_m = (SEMI_MAJOR_M * (1 - ECCENTRICITY_SQUARED)) / flatness ** 1.5;
  const degrees = 180 / Math.PI;
  return [lon + (east / (primeVertical_m * Math.cos(radians))) * degrees, lat + (north / meridian_m) * degrees];
}

/** Where a WGS-84 position is drawn on tiles of `datum`. */
export const toTiles = (position: LonLat, datum: TileDatum): LonLat =>
  datum === "wgs84" || !inChina(position) ? position : pushed(position);

/** The WGS-84 position of a point on tiles of `datum`. */
export function fromTiles(position: LonLat, datum: TileDatum): LonLat {
  if (datum === "wgs84" || !inChina(position)) return position;
  let [lon, lat] = position;
  for (let round = 0; round < ROUNDS; round++) {
    const [movedLon, movedLat] = pushed([lon, lat]);
    lon += position[0] - movedLon;
    lat += position[1] - movedLat;
  }
  return [lon, lat];
}
