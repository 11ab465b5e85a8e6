import { expect, test } from "vitest";
import { verdictOn } from "./verdict";

test("what says nothing against the deed lets it wait, as no answer does", () => {
  expect(verdictOn(null, 0)).toBe("wait");
  for (const status of [408, 425, 429, 500, 502, 503]) {
    expect(verdictOn({ status, code: "too_many_requests" }, 9)).toBe("wait");
  }
  expect(verdictOn({ status: 401, code: "not_signed_in" }, 0)).toBe("sign_in");
});

test("a change at the same moment is sent again three times, then a person decides", () => {
  const conflict = { status: 409, code: "conflict" };
  expect([0, 1, 2, 3].map((before) => verdictOn(conflict, before))).toEqual(["again", "again", "again", "refused"]);
});

test("what the rules do not allow is refused at once", () => {
  for (const [status, code] of [
    [409, "illegal_transition"],
    [409, "offer_not_pending"],
    [422, "invalid"],
    [403, "not_permitted"],
    [404, "not_found"],
  ] as const) {
    expect(verdictOn({ status, code }, 0)).toBe("refused");
  }
});
