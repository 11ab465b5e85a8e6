import { expect, test } from "vitest";
import type { Deed } from "./outbox";
import { nextAfter, type Standing } from "./project";

const deed = (step: string, body: unknown = {}): Deed => ({
  key: step,
  step,
  case: "c",
  method: "POST",
  path: "/",
  body,
  at: "2026-11-25T00:00:00Z",
});

const ACCEPTED: Standing = {
  next: ["depart", "arrive", "change", "give_back"],
  consentNeeded: false,
  kind: "service",
  hasSheet: false,
  signed: false,
  result: null,
};

test("a whole rescue goes on without a connection, one first thing after the other", () => {
  const done: Deed[] = [];
  const walked: string[] = [];
  const bodies: Record<string, unknown> = { outcome: { result: "repaired" }, sign: { signer: "王" } };
  for (let step = nextAfter(ACCEPTED, done)[0]; step && !walked.includes(step); step = nextAfter(ACCEPTED, done)[0]) {
    walked.push(step);
    done.push(deed(step, bodies[step]));
  }
  expect(walked).toEqual(["depart", "arrive", "checksheet", "outcome", "sign", "complete"]);
  expect(nextAfter(ACCEPTED, done)).toEqual([]);
});

test("R19: consent comes before the work; R7: a tow is phoned in; R6: a refusal waits for the CAC", () => {
  const tow: Standing = { ...ACCEPTED, kind: "tow", consentNeeded: true };
  expect(nextAfter(tow, [deed("arrive")])[0]).toBe("consent");
  const done = [deed("arrive"), deed("consent"), deed("checksheet"), deed("outcome", { result: "towed" })];
  expect(nextAfter(tow, [...done, deed("sign", { signer: "王" })])[0]).toBe("phone_completion");
  expect(nextAfter(tow, [...done, deed("sign", { refused_reason: "伤者" })])[0]).toBe("wait_unsigned");
});

test("R5: what is left unresolved waits for the CAC", () => {
  expect(nextAfter(ACCEPTED, [deed("arrive"), deed("outcome", { result: "unresolved" })])).toEqual(["wait_second"]);
});

test("what is given back, or not taken, asks for nothing more", () => {
  expect(nextAfter(ACCEPTED, [deed("give_back")])).toEqual([]);
  expect(nextAfter({ ...ACCEPTED, next: ["accept", "decline"] }, [deed("decline")])).toEqual([]);
});

test("nothing done changes nothing that the service said", () => {
  expect(nextAfter(ACCEPTED, [])).toEqual(ACCEPTED.next);
});
