/** The signature on glass: first what is signed, then the whole screen to write on; or why nobody signs (R6, R19). */

import { type FormEvent, Fragment, useState } from "react";
import { clockTime, plateText } from "@/shared/format";
import { sheetPart, sheetText } from "@/shared/sheettext";
import { useWords } from "@/shared/words";
import { Glass } from "./glass";
import { type Job, usePhotos } from "./jobs";
import { perform, useDeeds } from "./outbox";
import { Drawer, Field, useBusy } from "./parts";

export function Sign({ job, consent, onClose }: { job: Job; consent: boolean; onClose: () => void }) {
  const t = useWords();
  const [signer, setSigner] = useState(job.case.caller.name);
  const [refusing, setRefusing] = useState(false);
  const [reason, setReason] = useState("");
  const [writing, setWriting] = useState(false);
  const [busy, act] = useBusy(onClose);

  function send(said: { signer: string; signature_svg: string } | { refused_reason: string }) {
    const path = `/api/v1/trips/${job.trip?.id}/${consent ? "consent" : "checksheet/sign"}`;
    const body = { ...said, at: new Date().toISOString() };
    act(() => perform(job.case, { step: consent ? "consent" : "sign", method: "POST", path, body }));
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    if (refusing) send({ refused_reason: reason });
    else setWriting(true);
  }

  return (
    <Drawer title={t(consent ? "dealer.consent" : "dealer.sign")} onClose={onClose}>
      <form className="sign" onSubmit={submit}>
        <dl className="signed-of">
          <dt>{t("page.case")}</dt>
          <dd>{job.case.number}</dd>
          <dt>{t("page.car")}</dt>
          <dd>
            {plateText(job.case.car.plate)} {job.case.car.brand} {job.case.car.model}
          </dd>
          <dt>{t("page.fault")}</dt>
          <dd>{t(`fault.${job.case.fault}`)}</dd>
          {job.trip?.arrived_at ? (
            <>
              <dt>{t("dealer.arrived")}</dt>
              <dd>{clockTime(job.trip.arrived_at)}</dd>
            </>
          ) : null}
        </dl>
        {consent ? null : <Signed job={job} />}
        <p className="hint">{t(consent ? "dealer.consent_text" : "dealer.sign_text")}</p>
        {refusing ? (
          <Field label={t("dealer.refused_reason")}>
            {(id) => (
              <textarea
                id={id}
                rows={3}
                required
                maxLength={400}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            )}
          </Field>
        ) : (
          <Field label={t("dealer.signer")}>
            {(id) => (
              <input
                id={id}
                required
                maxLength={40}
                value={signer}
                onChange={(event) => setSigner(event.target.value)}
              />
            )}
          </Field>
        )}
        <button type="submit" className="primary" disabled={busy || (refusing ? !reason.trim() : !signer.trim())}>
          {t(refusing ? "dealer.record_refusal" : "dealer.to_glass")}
        </button>
        {consent ? null : (
          <button type="button" className="quiet" onClick={() => setRefusing(!refusing)}>
            {t(refusing ? "dealer.signs_after_all" : "dealer.signs_not")}
          </button>
        )}
      </form>
      {writing ? (
        <Glass
          busy={busy}
          onSigned={(signature_svg) => send({ signer, signature_svg })}
          onClose={() => setWriting(false)}
        />
      ) : null}
    </Drawer>
  );
}

/** The check sheet in short: what the customer puts a name to. */
function Signed({ job }: { job: Job }) {
  const t = useWords();
  const waiting = useDeeds().filter((deed) => deed.case === job.case.id && !deed.refused);
  const photos = usePhotos(job.trip?.id ?? "").length + waiting.filter((deed) => deed.blob).length;
  const last = (step: string) =>
    waiting.findLast((deed) => deed.step === step)?.body as Record<string, unknown> | undefined;
  const sheet = last("checksheet") ?? job.sheet ?? {};
  const result = String(last("outcome")?.result ?? job.trip?.result ?? "");
  const drivable = (last("outcome")?.drivable ?? job.trip?.drivable) as boolean | null | undefined;
  const filled = Object.entries(sheet).filter(([name, value]) => name !== "client_id" && sheetText(name, value));
  return (
    <dl className="signed-of sheet">
      {filled.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{sheetPart(name)}</dt>
          <dd>{sheetText(name, value)}</dd>
        </Fragment>
      ))}
      {result ? (
        <>
          <dt>{t("dealer.result")}</dt>
          <dd>{t(`dealer.result_${result}`)}</dd>
        </>
      ) : null}
      {result === "repaired" && drivable != null ? (
        <>
          <dt>{t("dealer.drivable")}</dt>
          <dd>{t(drivable ? "dealer.yes" : "dealer.no")}</dd>
        </>
      ) : null}
      {photos ? (
        <>
          <dt>{t("sheet.photos")}</dt>
          <dd>{photos}</dd>
        </>
      ) : null}
    </dl>
  );
}
