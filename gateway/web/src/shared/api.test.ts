import { expect, test } from "vitest";
import { retryAfter } from "./api";

const NOW = Date.parse("2026-11-25T10:00:00Z");

test("Retry-After is told in seconds or as a date; nothing, the past and nonsense are no wait", () => {
  expect(retryAfter("60", NOW)).toBe(60_000);
  expect(retryAfter("Wed, 25 Nov 2026 10:00:30 GMT", NOW)).toBe(30_000);
  for (const header of [null, "", "0", "soon", "Wed, 25 Nov 2026 09:00:00 GMT"])
    expect(retryAfter(header, NOW)).toBe(0);
});
