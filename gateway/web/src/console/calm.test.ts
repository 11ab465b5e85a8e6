import { expect, test } from "vitest";
import { movedBetween } from "./calm";

const moved = (before: string, after: string) => [...movedBetween([...before], [...after])].sort().join("");

test("only what changed its place among the others has moved", () => {
  expect(moved("abcde", "abcde")).toBe("");
  expect(moved("abcde", "eabcd")).toBe("e");
  expect(moved("abcde", "bcdea")).toBe("a");
  expect(moved("abcde", "acde")).toBe("");
  expect(moved("abc", "axbc")).toBe("x");
  expect(moved("abcdef", "fbcdea")).toBe("af");
  expect(moved("", "ab")).toBe("ab");
});
