/** What becomes of a deed that the service did not take. Pure. */

/** The status and the code of a problem document. */
export interface Refusal {
  status: number;
  code: string;
}

/** `wait`: as without a connection. `again`: at once. `sign_in`: when somebody has. `refused`: a person decides. */
export type Verdict = "wait" | "again" | "sign_in" | "refused";

/** Too slow, too early, too often: nothing is wrong with the request itself. */
const LATER = [408, 425, 429];
const MOST_COLLISIONS = 3;

/** `answer` null where none came; `collisions` counts those of the same deed before this one. */
export function verdictOn(answer: Refusal | null, collisions: number): Verdict {
  if (answer === null || answer.status >= 500 || LATER.includes(answer.status)) return "wait";
  if (answer.status === 401) return "sign_in";
  // Mostly another transaction changed the case at the same moment, and that is over now.
  if (answer.status === 409 && answer.code === "conflict" && collisions < MOST_COLLISIONS) return "again";
  return "refused";
}
