/** The vehicles that were sent, who drives, what was promised and what became of it; and the check sheet with its photographs. */
import { clockTime, dayAndTime, plateText } from "@/shared/format";
import { sheetPart, sheetText } from "@/shared/sheettext";
import { useLanguage, useWords } from "@/shared/words";
import type { Case, Trip } from "./contract";
import { usePhotos, useTrip } from "./queries";

export function Trips({
  known,
  dealerName,
  onFollow,
  followed,
}: {
  known: Case;
  dealerName: (code: string) => string;
  onFollow: (plate: string) => void;
  followed: string | null;
}) {
  const t = useWords();
  if (known.trips.length === 0) return <p className="empty">{t("console.no_trips")}</p>;
  return (
    <div className="trips">
      {known.trips.toReversed().map((trip) => (
        <section key={trip.id} className="trip">
          <h3>
            {plateText(trip.vehicle)} <small>{t(`vehicle.kind.${trip.kind}`)}</small>
            <button
              type="button"
              className="plain"
              aria-pressed={followed === trip.vehicle}
              onClick={() => onFollow(trip.vehicle)}
            >
              {t("console.follow")} <kbd>F</kbd>
            </button>
          </h3>
          <dl>
            <Fact word={t("page.dealer")} value={dealerName(trip.dealer)} />
            <Fact word={t("page.driver")} value={[trip.driver.name, trip.driver.phone].filter(Boolean).join(" ")} />
            <Fact word={t("console.crew")} value={trip.crew === null ? "" : String(trip.crew)} />
            <Fact word={t("console.monitoring")} value={t(`monitoring.${trip.monitoring}`)} />
            <Fact word={t("console.state")} value={t(`trip.status.${trip.status}`)} />
            <Fact word={t("event.offer_accepted")} value={clockTime(trip.accepted_at)} />
            <Fact word={t("page.promised_at")} value={clockTime(trip.promised_at)} />
            <Fact
              word={t("event.vehicle_departed")}
              value={trip.departed_at ? clockTime(trip.departed_at) : ""}
              source={
                trip.reported_departed_at ? t("console.reported", { time: clockTime(trip.reported_departed_at) }) : ""
              }
            />
            <Fact
              word={t("event.vehicle_arrived")}
              value={trip.arrived_at ? clockTime(trip.arrived_at) : ""}
              source={[
                trip.arrival_source ? t(`source.${trip.arrival_source}`) : "",
                trip.reported_arrived_at ? t("console.reported", { time: clockTime(trip.reported_arrived_at) }) : "",
              ]
                .filter(Boolean)
                .join(" · ")}
            />
            <Fact word={t("console.result")} value={trip.result ? t(`result.${trip.result}`) : ""} />
            <Fact
              word={t("console.signature")}
              value={
                trip.signed
                  ? t("console.signed")
                  : trip.unsigned_reason
                    ? `${t("event.signature_refused")}: ${trip.unsigned_reason}`
                    : ""
              }
            />
          </dl>
        </section>
      ))}
      {known.promise_changes.length ? (
        <section className="trip">
          <h3>{t("event.promise_changed")}</h3>
          <ul>
            {known.promise_changes.map((change) => (
              <li key={change.at}>
                {clockTime(change.at)} → {clockTime(change.promised_at)} · {change.reason} ·{" "}
                {change.approved ? t("event.promise_change_approved") : t("console.not_approved")}
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </div>
  );
}

function Fact({ word, value, source = "" }: { word: string; value: string; source?: string }) {
  if (!value) return null;
  return (
    <div title={source || undefined}>
      <dt>{word}</dt>
      <dd>
        {value}
        {source ? <small> {source}</small> : null}
      </dd>
    </div>
  );
}

export function Sheets({ known }: { known: Case }) {
  const t = useWords();
  const language = useLanguage();
  const filled = known.trips.filter((trip) => trip.sheet !== null || trip.arrived_at !== null).toReversed();
  if (filled.length === 0) return <p className="empty">{t("console.no_sheet")}</p>;
  return (
    <div className="trips">
      {filled.map((trip) => (
        <Sheet key={trip.id} trip={trip} />
      ))}
      {known.status === "completed" || known.status === "closed" ? (
        <p>
          <a href={`/api/v1/cases/${known.id}/record.pdf?lang=${language}`} target="_blank" rel="noreferrer">
            {t("console.record")}
          </a>
        </p>
      ) : null}
    </div>
  );
}

function Sheet({ trip }: { trip: Trip }) {
  const t = useWords();
  const { data } = useTrip(trip.id);
  const { data: photos = [] } = usePhotos(trip.id);
  const sheet = data?.sheet;
  return (
    <section className="trip">
      <h3>
        {plateText(trip.vehicle)}
        {sheet ? <small>{dayAndTime(sheet.saved_at)}</small> : null}
        {sheet?.signed ? <small title={sheet.sha256}>{t("console.signed_by", { name: sheet.signer })}</small> : null}
      </h3>
      {sheet?.content ? (
        <dl>
          {Object.entries(sheet.content).map(([name, value]) => (
            <div key={name}>
              <dt>{sheetPart(name)}</dt>
              <dd>{sheetText(name, value) || "—"}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p className="hint">{t("console.sheet_awaited")}</p>
      )}
      {sheet?.added?.length ? <p className="hint">{t("console.addenda", { n: sheet.added.length })}</p> : null}
      {photos.length ? (
        <ul className="photos">
          {photos.map((photo) => (
            <li key={photo.id}>
              <a href={photo.url} target="_blank" rel="noreferrer">
                <img
                  src={photo.url}
                  alt={`${t(`console.photo_${photo.phase}`)} ${t(`console.zone_${photo.zone}`)}`}
                  loading="lazy"
                />
                <small>
                  {t(`console.photo_${photo.phase}`)} · {t(`console.zone_${photo.zone}`)}
                  {photo.taken_at ? ` · ${clockTime(photo.taken_at)}` : ""}
                </small>
              </a>
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}
