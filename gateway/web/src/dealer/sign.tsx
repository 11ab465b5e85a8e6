/** The signature on glass: first what is signed, then the whole screen to write on; or why nobody signs (R6, R19). */

import { type FormEvent, useEffect, useRef, useState } from "react";
import SignaturePad from "signature_pad";
import { clockTime, plateText } from "@/shared/format";
import { useWords } from "@/shared/words";
import type { Job } from "./jobs";
import { perform } from "./outbox";
import { Drawer, Field, useBusy } from "./parts";

export function Sign({ job, consent, onClose }: { job: Job; consent: boolean; onClose: () => void }) {
  const t = useWords();
  const [signer, setSigner] = useState(job.case.caller.name);
  const [refusing, setRefusing] = useState(false);
  const [reason, setReason] = useState("");
  const [empty, setEmpty] = useState(true);
  const [busy, act] = useBusy(onClose);
  const canvas = useRef<HTMLCanvasElement>(null);
  const pad = useRef<SignaturePad | null>(null);

  useEffect(() => {
    if (!canvas.current || refusing) return;
    const glass = canvas.current;
    const made = new SignaturePad(glass, { penColor: "#101418", minWidth: 1.2, maxWidth: 3 });
    const stretch = () => {
      const ratio = Math.max(window.devicePixelRatio, 1);
      const strokes = made.toData();
      glass.width = glass.offsetWidth * ratio;
      glass.height = glass.offsetHeight * ratio;
      glass.getContext("2d")?.scale(ratio, ratio);
      made.clear();
      made.fromData(strokes);
    };
    stretch();
    made.addEventListener("endStroke", () => setEmpty(made.isEmpty()));
    window.addEventListener("resize", stretch);
    pad.current = made;
    return () => {
      window.removeEventListener("resize", stretch);
      made.off();
      pad.current = null;
    };
  }, [refusing]);

  function submit(event: FormEvent) {
    event.preventDefault();
    const drawing = pad.current?.toSVG() ?? "";
    const path = `/api/v1/trips/${job.trip?.id}/${consent ? "consent" : "checksheet/sign"}`;
    const at = new Date().toISOString();
    const body = refusing ? { refused_reason: reason, at } : { signer, signature_svg: drawing, at };
    act(() => perform({ step: consent ? "consent" : "sign", case: job.case.id, method: "POST", path, body }));
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
          <>
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
            <div className="glass">
              <canvas ref={canvas} aria-label={t("dealer.write_here")} />
              <button
                type="button"
                className="quiet"
                onClick={() => {
                  pad.current?.clear();
                  setEmpty(true);
                }}
              >
                {t("dealer.again")}
              </button>
            </div>
          </>
        )}
        <button
          type="submit"
          className="primary"
          disabled={busy || (refusing ? !reason.trim() : empty || !signer.trim())}
        >
          {t(refusing ? "dealer.record_refusal" : "dealer.sign_now")}
        </button>
        {consent ? null : (
          <button type="button" className="quiet" onClick={() => setRefusing(!refusing)}>
            {t(refusing ? "dealer.signs_after_all" : "dealer.signs_not")}
          </button>
        )}
      </form>
    </Drawer>
  );
}
