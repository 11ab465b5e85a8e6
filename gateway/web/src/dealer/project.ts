/**
 * What a job asks for next when some of what was done is not sent yet. The service says what is allowed; this only goes
 * on from its word over the deeds that wait, in the order of a rescue, and the service judges them all in the end.
 */
import type { Deed } from "./outbox";

export interface Standing {
  next: readonly string[];
  consentNeeded: boolean;
  kind: "service" | "tow";
  hasSheet: boolean;
  signed: boolean;
  result: string | null;
}

/** The steps as they stand after `waiting`, which are this case's deeds that the service has not answered. */
export function nextAfter(job: Standing, waiting: readonly Deed[]): string[] {
  let steps = [...job.next];
  let { hasSheet, signed, result } = job;
  const without = (...gone: string[]) => {
    steps = steps.filter((step) => !gone.includes(step));
  };
  const first = (step: string) => {
    without(step);
    steps.unshift(step);
  };
  for (const deed of waiting) {
    switch (deed.step) {
      case "accept":
      case "decline":
      case "give_back":
        return [];
      case "depart":
        without("depart");
        break;
      case "arrive":
        without("depart", "arrive", "change");
        first("outcome");
        if (!hasSheet) first("checksheet");
        if (job.consentNeeded) first("consent");
        break;
      case "consent":
        without("consent");
        if (result === null) first("outcome");
        if (!hasSheet) first("checksheet");
        break;
      case "checksheet":
        hasSheet = true;
        without("checksheet");
        steps.push("checksheet");
        if (!signed && !steps.includes("sign")) steps.splice(steps.includes("outcome") ? 1 : 0, 0, "sign");
        break;
      case "outcome":
        result = (deed.body as { result: string }).result;
        without("outcome");
        if (result === "unresolved") return ["wait_second"];
        break;
      case "sign":
        signed = !("refused_reason" in (deed.body as object));
        without("sign");
        if (!signed) first("wait_unsigned");
        break;
      case "complete":
        return [];
    }
    if (signed && result !== null) first(job.kind === "tow" ? "phone_completion" : "complete");
  }
  return steps;
}
