import { expect, test } from "vitest";
import { caseStatusAt, placeAt, type Track } from "./tracks";

const track: Track = [
  [0, 31, 121, 10, 90],
  [10_000, 31.001, 121.002, 10, 45],
  [400_000, 32, 122, null, null],
];

test("between two fixes a vehicle is on the straight way, and nowhere before its first", () => {
  expect(placeAt(track, -1)).toBeNull();
  const between = placeAt(track, 5_000);
  expect(between).toMatchObject({ course_deg: 90, old: false });
  expect(between?.lat).toBeCloseTo(31.0005, 9);
  expect(between?.lon).toBeCloseTo(121.001, 9);
  expect(placeAt([], 5)).toBeNull();
});

test("fixes far apart are not joined: the vehicle stays, and its fix grows old", () => {
  expect(placeAt(track, 100_000)).toMatchObject({ lat: 31.001, lon: 121.002, old: true });
  expect(placeAt(track, 500_000)).toMatchObject({ lat: 32, lon: 122, old: true });
});

test("a case is shown from its opening, though that was recorded later, until it leaves the board", () => {
  const opened_at = new Date(10).toISOString();
  const statuses: [number, string][] = [
    [12, "open"],
    [20, "offered"],
    [30, "closed"],
  ];
  const at = (now: number) => caseStatusAt({ opened_at, statuses }, now);
  expect([5, 10, 12, 25, 30].map(at)).toEqual([null, "open", "open", "offered", null]);
});
