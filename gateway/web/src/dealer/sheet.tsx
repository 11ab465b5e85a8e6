/** The check sheet (R6): six views of the car to tap, photographs, a few figures. A draft stays where one left off. */
import { useEffect, useRef, useState } from "react";
import { newKey } from "@/shared/api";
import { useWords } from "@/shared/words";
import { type Job, usePhotos } from "./jobs";
import { type Deed, draftOf, forget, keepDraft, perform, useDeeds } from "./outbox";
import { Chips, Drawer, Field, useBusy } from "./parts";

const ZONES = ["front", "rear", "left", "right", "roof", "interior"] as const;
type Zone = (typeof ZONES)[number];
const DAMAGES = ["scratch", "dent", "broken"] as const;
const FUEL = ["0", "1/4", "1/2", "3/4", "1"];
const LIGHTS = ["engine", "battery", "oil", "brake", "airbag"] as const;
const PHOTO_PX = 1_600;
const PHOTO_QUALITY = 0.78;

interface Draft {
  client_id: string;
  odometer_km: string;
  fuel: string | null;
  lights: string[];
  damage: Partial<Record<Zone, string>>;
  fault_found: string;
  work_done: string;
  belongings: string;
}

const fresh = (): Draft => ({
  client_id: newKey(),
  odometer_km: "",
  fuel: null,
  lights: [],
  damage: {},
  fault_found: "",
  work_done: "",
  belongings: "",
});

function fromSheet(sheet: Record<string, unknown>): Draft {
  const text = (key: string) => (typeof sheet[key] === "string" ? (sheet[key] as string) : "");
  return {
    ...fresh(),
    odometer_km: sheet.odometer_km === undefined ? "" : String(sheet.odometer_km),
    fuel: text("fuel") || null,
    lights: Array.isArray(sheet.lights) ? (sheet.lights as string[]) : [],
    damage: typeof sheet.damage === "object" && sheet.damage ? (sheet.damage as Draft["damage"]) : {},
    fault_found: text("fault_found"),
    work_done: text("work_done"),
    belongings: text("belongings"),
  };
}

export function Sheet({ job, onClose }: { job: Job; onClose: () => void }) {
  const t = useWords();
  const trip = job.trip?.id ?? "";
  const [draft, setDraft] = useState<Draft | null>(null);
  const [busy, act] = useBusy(onClose);
  const waiting = useDeeds().findLast((deed) => deed.step === "checksheet" && deed.path.includes(trip));
  const last = (waiting?.body as Record<string, unknown> | undefined) ?? job.sheet;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a draft that was begun is not overwritten by what comes later
  useEffect(() => {
    void draftOf(trip).then((kept) => setDraft((kept as Draft) ?? (last ? fromSheet(last) : fresh())));
  }, [trip]);

  if (!draft) return null;
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part };
    setDraft(next);
    void keepDraft(trip, next);
  };

  const save = () => {
    const { odometer_km, ...rest } = draft;
    const body = { ...rest, ...(odometer_km ? { odometer_km: Number(odometer_km) } : {}) };
    const told = new URLSearchParams({ at: new Date().toISOString() });
    const path = `/api/v1/trips/${trip}/checksheet?${told}`;
    act(() => perform(job.case, { step: "checksheet", method: "PUT", path, body }, trip));
  };

  return (
    <Drawer title={t("dealer.checksheet")} onClose={onClose}>
      <Outline damage={draft.damage} onChange={(damage) => change({ damage })} />
      <Photos job={job} trip={trip} />
      <Field label={t("sheet.odometer_km")}>
        {(id) => (
          <input
            id={id}
            inputMode="numeric"
            maxLength={7}
            value={draft.odometer_km}
            onChange={(event) => change({ odometer_km: event.target.value.replace(/\D/g, "") })}
          />
        )}
      </Field>
      <Chips
        label={t("sheet.fuel")}
        options={FUEL.map((value) => ({ value, text: value }))}
        value={draft.fuel}
        onChange={(fuel) => change({ fuel })}
      />
      <fieldset className="chips">
        <legend>{t("sheet.lights")}</legend>
        {LIGHTS.map((light) => {
          const on = draft.lights.includes(light);
          const lights = on ? draft.lights.filter((one) => one !== light) : [...draft.lights, light];
          return (
            <button key={light} type="button" aria-pressed={on} onClick={() => change({ lights })}>
              {t(`sheet.mark_${light}`)}
            </button>
          );
        })}
      </fieldset>
      {(["fault_found", "work_done", "belongings"] as const).map((name) => (
        <Field key={name} label={t(`sheet.${name}`)}>
          {(id) => (
            <textarea
              id={id}
              rows={2}
              maxLength={1000}
              value={draft[name]}
              onChange={(event) => change({ [name]: event.target.value })}
            />
          )}
        </Field>
      ))}
      <button type="button" className="primary" disabled={busy} onClick={save}>
        {t("dealer.save_sheet")}
      </button>
    </Drawer>
  );
}

/** The car from six sides; a tap on a side goes through what may be wrong with it. */
function Outline({ damage, onChange }: { damage: Draft["damage"]; onChange: (damage: Draft["damage"]) => void }) {
  const t = useWords();
  function next(zone: Zone) {
    const now = damage[zone];
    const at = DAMAGES.indexOf(now as (typeof DAMAGES)[number]);
    const { [zone]: _gone, ...rest } = damage;
    const following = DAMAGES[at + 1];
    onChange(following ? { ...rest, [zone]: following } : rest);
  }
  return (
    <fieldset className="outline">
      <legend>{t("dealer.outline")}</legend>
      {ZONES.map((zone) => {
        const found = damage[zone];
        return (
          <button key={zone} type="button" aria-pressed={found !== undefined} onClick={() => next(zone)}>
            <svg viewBox="0 0 64 40" aria-hidden="true">
              <path d={VIEWS[zone]} />
            </svg>
            <span>{t(`sheet.mark_${zone}`)}</span>
            <strong>{found ? t(`sheet.mark_${found}`) : t("dealer.damage_none")}</strong>
          </button>
        );
      })}
    </fieldset>
  );
}

const VIEWS: Record<Zone, string> = {
  front: "M14 34V20l5-11h26l5 11v14zM14 22h36M20 28h6M38 28h6",
  rear: "M14 34V18l5-9h26l5 9v16zM14 24h36M18 28h8M38 28h8",
  left: "M4 28v-7l8-2 8-9h22l9 9 9 3v6zM20 19h30M34 10v9M12 28a4 4 0 1 0 8 0 4 4 0 1 0-8 0M44 28a4 4 0 1 0 8 0 4 4 0 1 0-8 0",
  right:
    "M60 28v-7l-8-2-8-9H22l-9 9-9 3v6zM44 19H14M30 10v9M52 28a4 4 0 1 1-8 0 4 4 0 1 1 8 0M20 28a4 4 0 1 1-8 0 4 4 0 1 1 8 0",
  roof: "M6 12c0-3 2-5 5-5h42c3 0 5 2 5 5v16c0 3-2 5-5 5H11c-3 0-5-2-5-5zM20 10v20M46 10v20",
  interior: "M12 32V14a4 4 0 0 1 8 0v10h10v8zM36 32V14a4 4 0 0 1 8 0v10h10v8z",
};

function Photos({ job, trip }: { job: Job; trip: string }) {
  const t = useWords();
  const kept = usePhotos(trip);
  const waiting = useDeeds().filter((deed) => deed.blob && deed.path.includes(trip));
  const [phase, setPhase] = useState<"before" | "after">(job.trip?.result ? "after" : "before");
  const [wrong, setWrong] = useState("");
  const picker = useRef<HTMLInputElement>(null);

  async function take(files: FileList | null) {
    setWrong("");
    for (const file of files ?? []) {
      const blob = await smaller(file);
      if (!blob) {
        setWrong(t("dealer.no_picture", { name: file.name }));
        continue;
      }
      const place = await whereNow();
      const query = new URLSearchParams({ phase, zone: "other", taken_at: new Date().toISOString(), ...place });
      const path = `/api/v1/trips/${trip}/photos/${newKey()}?${query}`;
      await perform(job.case, { step: "photo", method: "PUT", path, body: undefined, blob });
    }
    if (picker.current) picker.current.value = "";
  }

  return (
    <section className="photos" aria-label={t("sheet.photos")}>
      <Chips
        label={t("sheet.photos")}
        options={(["before", "after"] as const).map((one) => ({ value: one, text: t(`dealer.photo_${one}`) }))}
        value={phase}
        onChange={setPhase}
      />
      <div className="photo-row">
        {kept.map((photo) => (
          <img key={photo.id} src={photo.url} alt={t(`dealer.photo_${photo.phase}`)} width={64} height={64} />
        ))}
        {waiting.map((deed) => (
          <Waiting key={deed.key} deed={deed} />
        ))}
        <label className="photo-add">
          <input
            ref={picker}
            type="file"
            accept="image/jpeg,image/png,image/webp"
            capture="environment"
            multiple
            onChange={(event) => void take(event.target.files)}
          />
          <span aria-hidden="true">＋</span>
          {t("dealer.take_photo")}
        </label>
      </div>
      {wrong ? <p role="alert">{wrong}</p> : null}
    </section>
  );
}

function Waiting({ deed }: { deed: Deed }) {
  const t = useWords();
  const blob = deed.blob as Blob;
  const [url, setUrl] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  const alt = t("dealer.photo_waiting");
  if (deed.refused) {
    return (
      <p className="photo-refused" role="alert">
        {deed.refused}
        <button type="button" className="quiet" onClick={() => void forget(deed.id ?? 0)}>
          {t("dealer.remove")}
        </button>
      </p>
    );
  }
  return url ? <img src={url} alt={alt} title={alt} className="waiting" width={64} height={64} /> : null;
}

/** A photograph that the service takes: at most 1,600 pixels long, well below a megabyte. Null for what is no picture. */
async function smaller(file: File): Promise<Blob | null> {
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, PHOTO_PX / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", PHOTO_QUALITY));
  } catch {
    return null;
  }
}

/** Where the phone is, if it says so within a second; a photograph does not wait for it. */
function whereNow(): Promise<Record<string, string>> {
  return new Promise((done) => {
    if (!navigator.geolocation) {
      done({});
      return;
    }
    const timer = window.setTimeout(() => done({}), 1_000);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        window.clearTimeout(timer);
        done({ lat: String(coords.latitude), lon: String(coords.longitude) });
      },
      () => {
        window.clearTimeout(timer);
        done({});
      },
      { maximumAge: 60_000, timeout: 900 },
    );
  });
}
