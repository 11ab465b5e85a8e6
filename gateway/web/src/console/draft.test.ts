import { expect, test } from "vitest";
import type { CallerFile, PlaceFound } from "./contract";
import { asTaken, fromPhone, newDraft, onMap, withChosen, withFile, withPhone, withPlace, withSaid } from "./draft";

const CARS = [
  { plate: "沪A1", energy: "petrol", drive: "front", spare_wheel: true },
  { plate: "沪A2", energy: "electric", drive: "rear", spare_wheel: null },
] as unknown as CallerFile["cars"];
const FILE = { caller: { name: "钱先生" }, cars: CARS, open_cases: [], past_cases: 1 } as unknown as CallerFile;

test("a call that has its case already keeps what was typed, and its file no longer fills anything in", () => {
  const draft = { ...newDraft(), phone: "13700002222", note: "在收费站" };
  const taken = asTaken(draft);
  expect(taken).toEqual({ ...draft, key: taken.key, taken: true });
  expect(taken.key).not.toBe(draft.key);
  expect(withFile(draft, FILE).name).toBe("钱先生");
  expect(withFile(taken, FILE)).toBe(taken);
});

test("the caller's file fills in what was not said, however often it comes", () => {
  const begun = withSaid(withSaid(newDraft(), "phone", "13700002222"), "energy", "diesel");
  const filled = withFile(begun, FILE);
  expect([filled.name, filled.plate, filled.energy, filled.spare]).toEqual(["钱先生", "沪A1", "diesel", "yes"]);
  const [, second] = CARS;
  if (!second) throw new Error("two cars");
  const chosen = withChosen(withSaid(filled, "name", "钱太太"), second);
  expect(withFile(chosen, FILE)).toEqual(chosen);
  const other = withSaid(chosen, "phone", "13700003333");
  expect([other.name, other.plate, other.car, other.energy]).toEqual(["钱太太", "", null, ""]);
  expect(withFile(other, FILE).plate).toBe("沪A1");
  const typed = withSaid(filled, "plate", "沪B9");
  expect(withFile(typed, FILE).plate).toBe("沪B9");
});

test("R18: another place takes the expressway and the hand-over point with it; coordinates are of the same one", () => {
  const point = { lat: 31.2, lon: 121.4, datum: "wgs84" as const, shown: { lat: 31.2, lon: 121.4 } };
  const road = { road: "G2", direction: "上海方向", kilometre_post: "K1234" };
  const onRoad = { ...newDraft(), expressway: road, handOver: { ...point, label: "徐汇" }, address: "G2 K1234" };
  const place = (kind: string, expressway: typeof road | null) =>
    ({
      kind,
      expressway,
      address: "松江店",
      label: "31.3,121.5",
      lat: 31.3,
      lon: 121.5,
      doubts: [],
    }) as unknown as PlaceFound;
  const moved = withPlace(onRoad, place("dealer", null));
  expect([moved.expressway, moved.handOver, moved.address]).toEqual([null, null, "松江店"]);
  expect(withPlace(onRoad, place("coordinates", null))).toMatchObject({ expressway: road, address: "G2 K1234" });
  expect(withPlace(onRoad, place("expressway", { ...road, kilometre_post: "K1236" })).handOver?.label).toBe("徐汇");
});

test("the phone's position comes once by itself, and never over what was set otherwise", () => {
  const said = { lat: 31.2, lon: 121.4, accuracy_m: 18 };
  const told = fromPhone(newDraft(), said);
  expect(told.standing?.source).toBe("link");
  const cleared = { ...told, standing: null };
  expect(fromPhone(cleared, said)).toBe(cleared);
  expect(withPhone(cleared, said).standing).toEqual(told.standing);
  const onTheMap = onMap(newDraft(), 31.3, 121.5);
  expect(fromPhone(onTheMap, said)).toMatchObject({ standing: onTheMap.standing, heard: said });
  expect(fromPhone(told, { ...said, lat: 31.21 }).standing?.lat).toBe(31.21);
});
