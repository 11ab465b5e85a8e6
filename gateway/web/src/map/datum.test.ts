import { expect, test } from "vitest";
import { fromTiles, type LonLat, toTiles } from "./datum";

// As `core/datum.py` gives them.
const KNOWN: [wgs84: LonLat, gcj02: LonLat][] = [
  [
    [121.4737, 31.2304],
    [121.47822305927693, 31.22845773757727],
  ],
  [
    [116.4074, 39.9042],
    [116.41364225378803, 39.90560334316507],
  ],
  [
    [114.0579, 22.5431],
    [114.06301399856547, 22.54038281422246],
  ],
  [
    [87.6168, 43.8256],
    [87.61964994946926, 43.82680539311119],
  ],
  [
    [-0.12, 51.5],
    [-0.12, 51.5],
  ],
];

test.each(KNOWN)("%j is drawn where the service's own formula puts it, and found again", (wgs84, gcj02) => {
  const drawn = toTiles(wgs84, "gcj02");
  expect(drawn[0]).toBeCloseTo(gcj02[0], 9);
  expect(drawn[1]).toBeCloseTo(gcj02[1], 9);
  const back = fromTiles(drawn, "gcj02");
  expect(back[0]).toBeCloseTo(wgs84[0], 9);
  expect(back[1]).toBeCloseTo(wgs84[1], 9);
  expect(toTiles(wgs84, "wgs84")).toBe(wgs84);
});
