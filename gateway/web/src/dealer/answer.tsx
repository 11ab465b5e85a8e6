/** Answering an offer, and what may change afterwards: acceptance, refusal, R4's changes, giving back, the outcome. */
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { plateText } from "@/shared/format";
import { inChinese, useWords } from "@/shared/words";
import { JOBS, type Job, type Offer, usePeople, useVehicles } from "./jobs";
import { perform } from "./outbox";
import { Chips, Drawer, Field, useBusy } from "./parts";

const MINUTES = [20, 30, 40, 60];
const ROUND_MINUTES = 5;
const REASONS = ["no_crew", "vehicle_broken", "too_far", "weather"] as const;

interface Answer {
  plate: string;
  driver: { name: string; phone: string };
  crew: number;
  minutes: number | null;
  reason: string;
}

/** By offer, as last filled in: what the service refuses is corrected, not typed anew. */
const answers = new Map<string, Answer>();

export function Accept({ job, onClose }: { job: Job; onClose: () => void }) {
  const t = useWords();
  const vehicles = (useVehicles().data ?? []).filter((one) => one.kind === job.case.needs && one.on_duty);
  const jobs = useQueryClient().getQueryData<Job[]>(JOBS) ?? [];
  const busy = new Set(jobs.flatMap(({ trip }) => (trip && trip.ended_at === null ? [trip.vehicle] : [])));
  const drivers = (usePeople().data ?? []).filter((one) => one.on_duty && one.drives);
  const [answer, setAnswer] = useState<Answer>(
    () =>
      answers.get(job.offer?.id ?? "") ?? {
        plate: job.offer?.suggested_vehicle ?? "",
        driver: { name: "", phone: "" },
        crew: 2,
        minutes: job.offer ? likely(job.offer) : null,
        reason: "",
      },
  );
  const { plate, driver, crew, minutes, reason } = answer;
  const change = (part: Partial<Answer>) => {
    const next = { ...answer, ...part };
    setAnswer(next);
    if (job.offer) answers.set(job.offer.id, next);
  };
  const [sending, act] = useBusy(onClose);
  const { offer } = job;
  if (!offer) return null;
  const chosen = plate || vehicles.find((one) => !busy.has(one.plate))?.plate || "";
  const limit = offer.latest_minutes_without_reason;
  const late = minutes !== null && limit !== null && minutes > limit;
  const untracked = vehicles.find((one) => one.plate === chosen)?.tracked === false || job.case.needs === "tow";

  function submit(event: FormEvent) {
    event.preventDefault();
    act(() =>
      perform(job.case, {
        step: "accept",
        method: "POST",
        path: `/api/v1/offers/${offer?.id}/accept`,
        body: { vehicle: chosen, driver, crew, eta_minutes: minutes, reason: late ? reason : "" },
      }),
    );
  }

  return (
    <Drawer title={t("dealer.accept")} onClose={onClose}>
      <form onSubmit={submit}>
        <Field label={t("dealer.vehicle")}>
          {(id) => (
            <select id={id} value={chosen} required onChange={(event) => change({ plate: event.target.value })}>
              {chosen ? null : <option value="">{t("dealer.no_vehicle")}</option>}
              {/* The suggested one can be taken before the list is here. */}
              {chosen && !vehicles.some((one) => one.plate === chosen) ? (
                <option value={chosen}>{plateText(chosen)}</option>
              ) : null}
              {vehicles.map((one) => (
                <option key={one.plate} value={one.plate} disabled={busy.has(one.plate)}>
                  {plateText(one.plate)} · {t(busy.has(one.plate) ? "dealer.busy" : `vehicle.kind.${one.kind}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {drivers.length ? (
          <Chips
            label={t("dealer.driver")}
            options={drivers.map((one) => ({ value: one.id, text: one.name }))}
            value={drivers.find((one) => one.name === driver.name)?.id ?? null}
            onChange={(id) => {
              const one = drivers.find((person) => person.id === id);
              if (one) change({ driver: { name: one.name, phone: one.phone } });
            }}
          />
        ) : null}
        <div className="pair">
          <Field label={t("dealer.driver_name")}>
            {(id) => (
              <input
                id={id}
                required
                maxLength={40}
                autoComplete="off"
                value={driver.name}
                onChange={(event) => change({ driver: { ...driver, name: event.target.value } })}
              />
            )}
          </Field>
          <Field label={t("dealer.driver_phone")}>
            {(id) => (
              <input
                id={id}
                type="tel"
                required={untracked}
                maxLength={24}
                autoComplete="off"
                value={driver.phone}
                onChange={(event) => change({ driver: { ...driver, phone: event.target.value } })}
              />
            )}
          </Field>
        </div>
        <Chips
          label={t("dealer.crew")}
          options={[2, 3, 4].map((count) => ({ value: count, text: String(count) }))}
          value={crew}
          onChange={(count) => change({ crew: count })}
        />
        <Chips
          label={t("dealer.minutes", { n: offer.standard_minutes })}
          options={choices(offer).map((count) => ({ value: count, text: t("page.minutes", { n: count }) }))}
          value={minutes}
          onChange={(count) => change({ minutes: count })}
        />
        {late ? (
          <Field label={t("dealer.late_needed")}>
            {(id) => (
              <input
                id={id}
                required
                maxLength={200}
                autoComplete="off"
                value={reason}
                onChange={(event) => change({ reason: event.target.value })}
              />
            )}
          </Field>
        ) : null}
        <button type="submit" className="primary" disabled={sending || !chosen || !driver.name}>
          {t("dealer.accept_now", { plate: plateText(chosen), n: minutes ?? 0 })}
        </button>
      </form>
    </Drawer>
  );
}

/** The way takes so long; nobody is promised less. */
const wayMinutes = ({ travel_time_s }: Offer): number =>
  Math.ceil((travel_time_s ?? 0) / 60 / ROUND_MINUTES) * ROUND_MINUTES;

/** The usual chips that the way allows, and for a long way what it takes, with some time to spare. */
function choices(offer: Offer): number[] {
  const way = wayMinutes(offer);
  const usual = MINUTES.filter((count) => count >= way);
  return usual.length ? usual : [way, way + 15, way + 30];
}

/** The choice that is nearest to what practice expects (R16). */
const likely = (offer: Offer): number =>
  choices(offer).reduce((best, one) =>
    Math.abs(one - offer.standard_minutes) < Math.abs(best - offer.standard_minutes) ? one : best,
  );

export function Reasoned(props: {
  title: string;
  word: string;
  /** The step, and where and how it is sent. */
  step: string;
  job: Job;
  path: string;
  method?: "POST" | "PATCH";
  extra?: Record<string, unknown>;
  danger?: boolean;
  children?: ReactNode;
  onClose: () => void;
}) {
  const t = useWords();
  const [reason, setReason] = useState("");
  const [busy, act] = useBusy(props.onClose);

  function submit(event: FormEvent) {
    event.preventDefault();
    const { step, job, path, method = "POST", extra = {} } = props;
    act(() => perform(job.case, { step, method, path, body: { ...extra, reason } }));
  }

  return (
    <Drawer title={props.title} onClose={props.onClose}>
      <form onSubmit={submit}>
        {props.children}
        <Chips
          label={t("dealer.reason")}
          options={REASONS.map((code) => ({
            value: inChinese(`dealer.reason_${code}`), // one reason is one, whatever language the phone speaks
            text: t(`dealer.reason_${code}`),
          }))}
          value={reason}
          onChange={setReason}
        />
        <Field label={t("dealer.reason_words")}>
          {(id) => (
            <textarea
              id={id}
              rows={2}
              required
              maxLength={400}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <button type="submit" className={props.danger ? "primary danger" : "primary"} disabled={busy || !reason.trim()}>
          {props.word}
        </button>
      </form>
    </Drawer>
  );
}

/** R4: another arrival, told at once. */
export function Change({ job, onClose }: { job: Job; onClose: () => void }) {
  const t = useWords();
  const [minutes, setMinutes] = useState<number | null>(30);
  return (
    <Reasoned
      title={t("dealer.change")}
      word={t("dealer.change_now", { n: minutes ?? 0 })}
      step="change"
      job={job}
      method="PATCH"
      path={`/api/v1/trips/${job.trip?.id}`}
      extra={{ eta_minutes: minutes }}
      onClose={onClose}
    >
      <Chips
        label={t("dealer.from_now")}
        options={[...MINUTES, 90].map((count) => ({ value: count, text: t("page.minutes", { n: count }) }))}
        value={minutes}
        onChange={setMinutes}
      />
    </Reasoned>
  );
}

export function Outcome({ job, onClose }: { job: Job; onClose: () => void }) {
  const t = useWords();
  const kind = job.trip?.kind ?? "service";
  const results = kind === "tow" ? (["towed", "unresolved"] as const) : (["repaired", "unresolved"] as const);
  const [result, setResult] = useState<string>(results[0]);
  const [drivable, setDrivable] = useState<"yes" | "no" | null>(kind === "tow" ? "no" : null);
  const [note, setNote] = useState("");
  const [busy, act] = useBusy(onClose);
  const needsDrivable = result === "repaired";

  function submit(event: FormEvent) {
    event.preventDefault();
    const at = new Date().toISOString();
    const body = { result, drivable: needsDrivable && drivable === "yes", note, at };
    const path = `/api/v1/trips/${job.trip?.id}/outcome`;
    act(() => perform(job.case, { step: "outcome", method: "POST", path, body }));
  }

  return (
    <Drawer title={t("dealer.outcome")} onClose={onClose}>
      <form onSubmit={submit}>
        <Chips
          label={t("dealer.result")}
          options={results.map((one) => ({ value: one as string, text: t(`dealer.result_${one}`) }))}
          value={result}
          onChange={setResult}
        />
        {needsDrivable ? (
          <Chips
            label={t("dealer.drivable")}
            options={(["yes", "no"] as const).map((one) => ({ value: one, text: t(`dealer.${one}`) }))}
            value={drivable}
            onChange={setDrivable}
          />
        ) : null}
        {result === "unresolved" ? <p className="hint">{t("dealer.second_hint")}</p> : null}
        <Field label={t("dealer.note")}>
          {(id) => (
            <textarea
              id={id}
              rows={2}
              maxLength={1000}
              value={note}
              onChange={(event) => setNote(event.target.value)}
            />
          )}
        </Field>
        <button type="submit" className="primary" disabled={busy || (needsDrivable && drivable === null)}>
          {result === "unresolved" ? t("dealer.ask_second") : t("dealer.save")}
        </button>
      </form>
    </Drawer>
  );
}
