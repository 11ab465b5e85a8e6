/** Offers that wait for an answer: they ring in every room, and none goes without a word. */
import { useEffect, useRef, useState } from "react";
import type { Job, Offer } from "./jobs";
import { useDeeds } from "./outbox";
import { allowRing, startRinging, stopRinging } from "./ring";

/** How long there is to answer: never more than there was, however this phone's clock goes. */
export function leftMs({ at, expires_at }: Offer, now: number): number {
  const end = Date.parse(expires_at);
  return Math.min(end - Date.parse(at), Math.max(0, end - now));
}

/** Rings while an offer waits that nobody has silenced. Gives which are silent, and how to silence one or not. */
export function useRinging(jobs: readonly Job[]): [ReadonlySet<string>, (offer: string) => void] {
  const [quiet, setQuiet] = useState<ReadonlySet<string>>(new Set());
  const ringing = jobs.some(({ offer }) => offer && !quiet.has(offer.id));
  useEffect(() => {
    if (!ringing) return;
    startRinging();
    return stopRinging;
  }, [ringing]);
  useEffect(() => {
    // Browsers let a page ring only after a person has touched it: the first touch anywhere will do.
    const touched = () => void allowRing();
    const once = { once: true };
    window.addEventListener("pointerdown", touched, once);
    window.addEventListener("keydown", touched, once);
    return () => {
      window.removeEventListener("pointerdown", touched);
      window.removeEventListener("keydown", touched);
    };
  }, []);
  const toggle = (offer: string) =>
    setQuiet((before) => new Set(before.has(offer) ? [...before].filter((one) => one !== offer) : [...before, offer]));
  return [quiet, toggle];
}

/** An offer that was here, and was not answered here. `why` is the end of a word's key. */
export interface Gone {
  offer: string;
  number: string;
  plate: string;
  why: "taken" | "expired" | "withdrawn";
}

/** The offers that went away by themselves, until they are dismissed. */
export function useGone(jobs: readonly Job[]): [readonly Gone[], (offer: string) => void] {
  const [gone, setGone] = useState<readonly Gone[]>([]);
  const known = useRef(new Map<string, Job>());
  const deeds = useDeeds();
  const answered = useRef(new Set<string>());
  useEffect(() => {
    for (const deed of deeds) {
      if (deed.step === "accept" || deed.step === "decline") answered.current.add(deed.path.split("/")[4] ?? "");
    }
  }, [deeds]);
  useEffect(() => {
    const here = new Map(jobs.flatMap((job) => (job.offer ? [[job.offer.id, job] as const] : [])));
    const lost = [...known.current].filter(([offer]) => !here.has(offer) && !answered.current.has(offer));
    known.current = here;
    if (lost.length) setGone((before) => [...before, ...lost.map(([offer, job]) => whyGone(offer, job, jobs))]);
  }, [jobs]);
  return [gone, (offer) => setGone((before) => before.filter((one) => one.offer !== offer))];
}

function whyGone(offer: string, job: Job, jobs: readonly Job[]): Gone {
  const { id, number, car } = job.case;
  const taken = jobs.some((one) => one.case.id === id && one.trip && one.trip.ended_at === null);
  const expired = job.offer !== null && Date.parse(job.offer.expires_at) <= Date.now();
  return { offer, number, plate: car.plate, why: taken ? "taken" : expired ? "expired" : "withdrawn" };
}
