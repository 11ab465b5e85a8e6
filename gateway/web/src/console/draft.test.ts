import { expect, test } from "vitest";
import type { CallerFile } from "./contract";
import { asTaken, newDraft, withFile } from "./draft";

const FILE = { caller: { name: "钱先生" }, cars: [], open_cases: [], past_cases: 1 } as unknown as CallerFile;

test("a call that has its case already keeps what was typed, and its file no longer fills anything in", () => {
  const draft = { ...newDraft(), phone: "13700002222", note: "在收费站" };
  const taken = asTaken(draft);
  expect(taken).toEqual({ ...draft, key: taken.key, taken: true });
  expect(taken.key).not.toBe(draft.key);
  expect(withFile(draft, FILE, new Set()).name).toBe("钱先生");
  expect(withFile(taken, FILE, new Set())).toBe(taken);
});
