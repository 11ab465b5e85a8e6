/** The dealer's own record: jobs so far, vehicles, people on duty, scores with the cases behind them. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, fetched, newKey, told, whyNot, whyNotByField } from "@/shared/api";
import { dayAndTime, number, plateText } from "@/shared/format";
import { KPIS, type KpiName } from "@/shared/kpis";
import { allPages, PAGE_LIMIT } from "@/shared/network";
import { NotYet } from "@/shared/notyet";
import { useSession } from "@/shared/session";
import { StateMark } from "@/shared/states";
import { useLanguage, useWords } from "@/shared/words";
import { usePeople, useVehicles } from "./jobs";
import { Field } from "./parts";

export function History() {
  const t = useWords();
  const language = useLanguage();
  const query = useQuery({
    queryKey: ["history"],
    queryFn: () => told(api.GET("/api/v1/jobs/history", { params: { query: { limit: 50 } } })),
  });
  const jobs = query.data;
  if (!jobs) return <NotYet error={query.error} />;
  if (!jobs.length) return <p className="empty">{t("dealer.no_history")}</p>;
  return (
    <div className="scroll">
      <table className="plain history">
        <thead>
          <tr>
            <th scope="col">{t("dealer.opened")}</th>
            <th scope="col">{t("page.case")}</th>
            <th scope="col">{t("page.car")}</th>
            <th scope="col">{t("page.fault")}</th>
            <th scope="col">{t("dealer.state")}</th>
            <th scope="col">{t("dealer.record")}</th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.case.id}>
              <td>{dayAndTime(job.case.opened_at)}</td>
              <td>{job.case.number}</td>
              <td>{plateText(job.case.car.plate)}</td>
              <td>{t(`fault.${job.case.fault}`)}</td>
              <td>
                <StateMark status={job.case.status} />
              </td>
              <td>
                <a href={`/api/v1/cases/${job.case.id}/record.pdf?lang=${language}`} target="_blank" rel="noreferrer">
                  PDF
                </a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Changes one thing on record; a refusal is shown where it happened. */
function useChange(key: string) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: ({ path, body }: { path: string; body: unknown }) =>
      fetched(path, {
        method: "PATCH",
        headers: { "Content-Type": "application/json", "Idempotency-Key": newKey() },
        body: JSON.stringify(body),
      }),
    onSettled: () => client.invalidateQueries({ queryKey: [key] }),
  });
  const reason = change.error ? whyNot(change.error) : "";
  return { send: change.mutate, busy: change.isPending, reason };
}

export function Vehicles() {
  const t = useWords();
  const { data: vehicles, error } = useVehicles();
  const { send, busy, reason } = useChange("vehicles");
  if (!vehicles) return <NotYet error={error} />;
  return (
    <div className="scroll">
      {reason ? <p role="alert">{reason}</p> : null}
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">{t("dealer.vehicle")}</th>
            <th scope="col">{t("dealer.kind")}</th>
            <th scope="col">{t("page.terminal")}</th>
            <th scope="col">{t("dealer.on_duty")}</th>
          </tr>
        </thead>
        <tbody>
          {vehicles.map((one) => (
            <tr key={one.plate}>
              <td>{plateText(one.plate)}</td>
              <td>{t(`vehicle.kind.${one.kind}`)}</td>
              <td>{t(one.tracked ? "monitoring.gps" : "monitoring.phone")}</td>
              <td>
                <Switch
                  label={t("dealer.on_duty_of", { name: plateText(one.plate) })}
                  on={one.on_duty}
                  busy={busy}
                  onChange={(on_duty) =>
                    send({ path: `/api/v1/vehicles/${encodeURIComponent(one.plate)}`, body: { on_duty } })
                  }
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Switch(props: { label: string; on: boolean; busy: boolean; onChange: (on: boolean) => void }) {
  const t = useWords();
  return (
    <button
      type="button"
      role="switch"
      className="switch"
      aria-checked={props.on}
      aria-label={props.label}
      disabled={props.busy}
      onClick={() => props.onChange(!props.on)}
    >
      {t(props.on ? "dealer.on" : "dealer.off")}
    </button>
  );
}

export function People() {
  const t = useWords();
  const client = useQueryClient();
  const people = usePeople();
  const { send, busy, reason } = useChange("people");
  const [wrong, setWrong] = useState<ReadonlyMap<string, string>>(new Map());
  const [adding, setAdding] = useState(false);

  async function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const typed = new FormData(form);
    setAdding(true);
    try {
      const body = { name: String(typed.get("name")), phone: String(typed.get("phone")), on_duty: true, drives: true };
      await told(api.POST("/api/v1/people", { body, params: { header: { "Idempotency-Key": newKey() } } }));
      form.reset();
      setWrong(new Map());
      await client.invalidateQueries({ queryKey: ["people"] });
    } catch (error) {
      setWrong(whyNotByField(error));
    } finally {
      setAdding(false);
    }
  }

  return (
    <div className="scroll">
      <form className="pair add" onSubmit={(event) => void add(event)}>
        <Field label={t("dealer.name")} reason={wrong.get("name")}>
          {(id) => <input id={id} name="name" required maxLength={80} autoComplete="off" />}
        </Field>
        <Field label={t("dealer.phone")} reason={wrong.get("phone")}>
          {(id) => <input id={id} name="phone" type="tel" required maxLength={24} autoComplete="off" />}
        </Field>
        <button type="submit" disabled={adding}>
          {t("dealer.add_person")}
        </button>
      </form>
      {reason || wrong.has("") ? <p role="alert">{reason || wrong.get("")}</p> : null}
      {people.data?.length === 0 ? <p className="empty">{t("dealer.no_people")}</p> : null}
      {people.data ? null : <NotYet error={people.error} />}
      <table className="plain">
        <tbody>
          {people.data?.map((one) => (
            <tr key={one.id}>
              <td>{one.name}</td>
              <td>
                <a href={`tel:${one.phone}`}>{one.phone}</a>
              </td>
              <td>
                <Switch
                  label={t("dealer.on_duty_of", { name: one.name })}
                  on={one.on_duty}
                  busy={busy}
                  onChange={(on_duty) => send({ path: `/api/v1/people/${one.id}`, body: { on_duty } })}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Each figure opens to the cases behind it, counted or not, and why (K7). */
export function Figures() {
  const t = useWords();
  const { who } = useSession();
  const [kpi, setKpi] = useState<KpiName | null>(null);
  const query = useQuery({ queryKey: ["scores"], queryFn: () => told(api.GET("/api/v1/scores")) });
  const score = query.data?.[0];
  if (!score) return <NotYet error={query.error} />;
  return (
    <div className="scroll figures">
      <p className="score">
        <strong>{score.score === null ? t("score.not_available") : number(score.score, 1)}</strong>
        <span>
          {t("score.score")}
          {score.provisional ? ` · ${t("score.provisional")}` : ""} · {t("dealer.of_cases", { n: score.cases })}
        </span>
      </p>
      <ul>
        {KPIS.map((name) => {
          const { value, denominator } = score.kpis[name];
          const share = score.shares[name];
          return (
            <li key={name}>
              <button type="button" aria-expanded={kpi === name} onClick={() => setKpi(kpi === name ? null : name)}>
                <span>{t(`kpi.${name}`)}</span>
                <meter min={0} max={100} value={value ?? 0} aria-label={t(`kpi.${name}`)} />
                <strong>{value === null ? t("score.not_available") : `${number(value, 1)}%`}</strong>
                <small>
                  {t("dealer.of_cases", { n: denominator })}
                  {share === undefined ? "" : ` · ${t("dealer.share", { n: number(share, 1) })}`}
                </small>
              </button>
              {kpi === name && who?.dealer ? <Behind dealer={who.dealer} kpi={name} /> : null}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Behind({ dealer, kpi }: { dealer: string; kpi: KpiName }) {
  const t = useWords();
  const query = useQuery({
    queryKey: ["behind", dealer, kpi],
    queryFn: () =>
      allPages((cursor) =>
        api.GET("/api/v1/scores/{dealer}/cases", {
          params: { path: { dealer }, query: { kpi, limit: PAGE_LIMIT, cursor } },
        }),
      ),
  });
  if (!query.data) return <NotYet error={query.error} />;
  return (
    <table className="plain">
      <tbody>
        {query.data.map((one) => (
          <tr key={one.case}>
            <td>{one.number}</td>
            <td>{t(`counted.${one.counted}`)}</td>
            <td>{t(`score_reason.${one.reason}`)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
