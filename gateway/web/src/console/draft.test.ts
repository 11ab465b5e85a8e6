import { expect, test } from "vitest";
import type { CallerFile } from "./contract";
import { asTaken, newDraft, withChosen, withFile, withSaid } from "./draft";

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
  expect(withFile(withSaid(chosen, "phone", "13700003333"), FILE).plate).toBe("沪A1");
  const typed = withSaid(filled, "plate", "沪B9");
  expect(withFile(typed, FILE).plate).toBe("沪B9");
});
