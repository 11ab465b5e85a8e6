/**
 * A call becomes a case: one column in the order in which a call goes, made for a hand that stays on the keyboard.
 * Enter moves on, Alt and a digit go to a field, Ctrl+Enter opens the case.
 */
import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { api, Problem, told, whyNotByField } from "@/shared/api";
import { clockTime, plateText } from "@/shared/format";
import { StateMark } from "@/shared/states";
import { useLanguage, useWords } from "@/shared/words";
import { useCallerFile } from "./callerfile";
import { Choices } from "./choices";
import type { CallerFile, Case, Dealer, Drive, Energy, Fault, Question } from "./contract";
import { asTaken, caseOf, type Draft, missing, newDraft, questionsOf, withChosen, withFile, withSaid } from "./draft";
import { useKeys } from "./keys";
import { PlaceField } from "./placefield";
import { useFaults } from "./queries";

const HOT = "123456789abcdefghijklmnopqrstuvwxyz";
const DATUM_AFTER = { wgs84: "gcj02", gcj02: "bd09", bd09: "wgs84" } as const;
const ENERGIES: readonly Energy[] = ["petrol", "diesel", "hybrid", "electric"];
const DRIVES: readonly Drive[] = ["front", "rear", "four_wheel"];

type Field = "phone" | "name" | "plate" | "place" | "fault" | Question | "safe" | "channel" | "dealer" | "note";

/** The digit of each part of the form, in the order of the call. */
const DIGITS: readonly Field[] = ["phone", "name", "plate", "place", "fault", "energy", "safe", "channel", "note"];

interface IntakeProps {
  draft: Draft;
  onDraft: (next: (draft: Draft) => Draft) => void;
  dealers: ReadonlyMap<string, Dealer>;
  onOpened: (opened: Case) => void;
  onExisting: (id: string) => void;
  onClose: () => void;
}

export function Intake({ draft, onDraft, dealers, onOpened, onExisting, onClose }: IntakeProps) {
  const t = useWords();
  const language = useLanguage();
  const faults = useFaults().data ?? NO_FAULTS;
  const form = useRef<HTMLFormElement>(null);
  const placeInput = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState<ReadonlyMap<string, string>>(new Map());
  const [busy, setBusy] = useState(false);
  const sending = useRef(false);
  const [restored, setRestored] = useState(() => soFar(draft));
  const [round, setRound] = useState(0);

  const file = useCallerFile(draft.phone, draft.said.has("plate") ? draft.plate : "");
  const known = file.data;
  useEffect(() => {
    if (known) onDraft((now) => withFile(now, known));
  }, [known, onDraft]);

  const fault = faults.find((one) => one.code === draft.fault);
  const asks = questionsOf(fault);
  const order = useMemo<readonly Field[]>(
    () => [
      "phone",
      "name",
      "plate",
      "place",
      "fault",
      ...asks,
      "safe",
      "channel",
      ...(draft.channel === "dealer_24h" ? (["dealer"] as const) : []),
      "note",
    ],
    [asks, draft.channel],
  );

  // At once where the field is there, so that fast hands never type into the one before; else as soon as it is drawn.
  const awaited = useRef<Field | null>(null);
  const go = useCallback((field: Field) => {
    const place = form.current?.querySelector<HTMLElement>(`[data-field="${field}"]`);
    const input = place?.querySelector<HTMLElement>("input, select, textarea, [role=radiogroup]");
    awaited.current = input ? null : field;
    input?.focus();
  }, []);
  useLayoutEffect(() => {
    if (awaited.current) go(awaited.current);
  });

  // A draft that was left may be of another caller: all of the number is selected, so that typing replaces it.
  useEffect(() => {
    go("phone");
    form.current?.querySelector<HTMLInputElement>('[data-field="phone"] input')?.select();
  }, [go]);

  const startOver = () => {
    onDraft(newDraft);
    setWrong(new Map());
    setRestored("");
    setRound(round + 1);
    go("phone");
  };

  /** What was said against a field goes when the field changes. */
  const forget = useCallback((field: Field) => {
    setWrong((before) => new Map([...before].filter(([name]) => fieldOf(name) !== field)));
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place is also changed on the map and by the caller's phone
  useEffect(() => forget("place"), [draft.standing, draft.address, draft.expressway, draft.handOver, forget]);

  const set = <K extends keyof Draft>(name: K, value: Draft[K]) => {
    if (isField(name)) forget(name);
    onDraft((now) => withSaid(now, name, value));
  };

  /** On from `field`; what the caller's file has filled in is passed by. */
  const next = (field: Field) => {
    const filled = draft.plate !== "" && !draft.said.has("plate");
    const several = (known?.cars.length ?? 0) > 1;
    if (field === "phone" && filled) go(several ? "plate" : "place");
    else if (field === "name" && filled && !several) go("place");
    else go(order[order.indexOf(field) + 1] ?? "note");
  };

  /** On from the fault that was just chosen, for its questions are drawn with it. */
  const nextOfFault = (code: string) => {
    const [first = "safe"] = questionsOf(faults.find((one) => one.code === code)).filter(
      (one) => !answered(draft, one),
    );
    go(first);
  };

  const nextQuestion = (from: Question) => {
    const rest = asks.slice(asks.indexOf(from) + 1).filter((one) => !answered(draft, one));
    go(rest[0] ?? "safe");
  };

  async function submit(): Promise<void> {
    if (sending.current) return;
    const [absent] = missing(draft);
    const body = caseOf(draft, t("console.unsafe_note"));
    if (absent || !body) {
      const field = absent ?? "place";
      const unplaced = field === "place" && (draft.address || draft.expressway || placeInput.current?.value.trim());
      setWrong(new Map([[FIELD_OF_SERVER[field], t(unplaced ? "console.wants_position" : "console.missing")]]));
      go(field);
      return;
    }
    sending.current = true;
    setBusy(true);
    setWrong(new Map());
    try {
      const opened = await told(api.POST("/api/v1/cases", { body, headers: { "Idempotency-Key": draft.key } }));
      onDraft(newDraft);
      onOpened(opened);
    } catch (error) {
      if (error instanceof Problem && error.usedKey) {
        onDraft(asTaken);
        await file.refetch(); // before another press can be meant, the case there is stands beside the number
      } else {
        const reasons = whyNotByField(error);
        setWrong(reasons);
        const first = order.find((field) => [...reasons.keys()].some((name) => fieldOf(name) === field));
        if (first) go(first);
      }
    } finally {
      sending.current = false;
      setBusy(false);
    }
  }

  useKeys({
    "ctrl+enter": () => void submit(),
    "alt+0": () => set("datum", DATUM_AFTER[draft.datum]),
    "alt+h": () => form.current?.querySelector<HTMLElement>("[data-hand-over] input")?.focus(),
    "alt+r": startOver,
    "alt+l": () => form.current?.querySelector<HTMLElement>("[data-send-link]")?.click(),
    "alt+g": () => {
      const [first] = known?.open_cases ?? [];
      if (first) onExisting(first.id);
    },
    ...Object.fromEntries(DIGITS.map((field, at) => [`alt+${at + 1}`, () => go(field)])),
  });

  const enter = (field: Field) => (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    next(field);
  };

  const elsewhere = [...wrong].filter(([name]) => fieldOf(name) === undefined);
  const placeWrong = [...wrong].find(([name]) => fieldOf(name) === "place")?.[1];
  const phoneWrong = wrong.get("caller.phone") ?? (file.error instanceof Problem ? file.error.message : undefined);

  return (
    <form
      className="intake"
      ref={form}
      aria-label={t("console.new_case")}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <header>
        <h2>{t("console.new_case")}</h2>
        <button type="button" className="plain" onClick={onClose}>
          {t("page.close")} <kbd>Esc</kbd>
        </button>
      </header>
      <div className="intake-fields">
        {restored ? (
          <div className="restored" role="status">
            <span>{t("console.restored", { what: restored })}</span>
            <button type="button" onClick={startOver}>
              {t("console.start_over")} <kbd>Alt R</kbd>
            </button>
          </div>
        ) : null}
        <Part name="phone" digit={1} label={t("console.phone")} wrong={phoneWrong}>
          <input
            type="tel"
            inputMode="tel"
            autoComplete="off"
            aria-label={t("console.phone")}
            maxLength={40}
            value={draft.phone}
            onChange={(event) => set("phone", event.target.value)}
            onKeyDown={enter("phone")}
          />
        </Part>
        {known ? <Known file={known} onExisting={onExisting} /> : null}
        <Part name="name" digit={2} label={t("page.caller")} wrong={wrong.get("caller.name")}>
          <input
            type="text"
            autoComplete="off"
            aria-label={t("page.caller")}
            maxLength={80}
            value={draft.name}
            onChange={(event) => set("name", event.target.value)}
            onKeyDown={enter("name")}
          />
        </Part>
        <Part name="plate" digit={3} label={t("page.car")} wrong={wrong.get("car.plate")}>
          {known && known.cars.length > 1 && !draft.said.has("plate") ? (
            <Choices
              label={t("console.which_car")}
              options={known.cars.map((car, at) => ({
                value: car.plate,
                label: [plateText(car.plate), car.brand, car.model].filter(Boolean).join(" "),
                hot: HOT[at] ?? "",
              }))}
              value={draft.plate}
              onChange={(plate) => {
                const car = known.cars.find((one) => one.plate === plate);
                if (car) onDraft((now) => withChosen(now, car));
              }}
              onNext={() => go("place")}
            />
          ) : (
            <input
              type="text"
              autoComplete="off"
              aria-label={t("console.plate")}
              placeholder={t("console.plate")}
              maxLength={20}
              value={draft.plate}
              onChange={(event) => {
                onDraft((now) => ({ ...now, car: null }));
                set("plate", event.target.value);
              }}
              onKeyDown={enter("plate")}
            />
          )}
          {draft.car ? (
            <span className="car-known">
              {[draft.car.brand, draft.car.model, draft.car.vin].filter(Boolean).join(" · ")}
            </span>
          ) : null}
        </Part>
        <Part name="place" digit={4} label={t("page.place")}>
          <PlaceField
            key={round}
            draft={draft}
            change={onDraft}
            input={placeInput}
            onNext={() => go("fault")}
            wrong={placeWrong}
          />
        </Part>
        <Part name="fault" digit={5} label={t("page.fault")} wrong={wrong.get("fault")}>
          <Choices
            label={t("page.fault")}
            options={faults.map((one, at) => ({
              value: one.code,
              label: language === "zh" ? one.name_zh : one.name_en,
              hot: (HOT[at] ?? "").toUpperCase(),
            }))}
            value={draft.fault}
            invalid={wrong.has("fault")}
            onChange={(code) => set("fault", code)}
            onNext={nextOfFault}
          />
        </Part>
        {asks.includes("energy") ? (
          <Part name="energy" digit={6} label={t("console.energy")}>
            <Choices
              label={t("console.energy")}
              options={ENERGIES.map((value, at) => ({ value, label: t(`energy.${value}`), hot: String(at + 1) }))}
              value={draft.energy}
              onChange={(value) => set("energy", value)}
              onNext={() => nextQuestion("energy")}
            />
          </Part>
        ) : null}
        {asks.includes("drive") ? (
          <Part name="drive" label={t("console.drive")}>
            <Choices
              label={t("console.drive")}
              options={DRIVES.map((value, at) => ({ value, label: t(`drive.${value}`), hot: String(at + 1) }))}
              value={draft.drive}
              onChange={(value) => set("drive", value)}
              onNext={() => nextQuestion("drive")}
            />
          </Part>
        ) : null}
        {asks.includes("spare_wheel") ? (
          <Part name="spare_wheel" label={t("console.spare")}>
            <Choices
              label={t("console.spare")}
              options={[
                { value: "yes", label: t("console.spare_yes"), hot: "Y" },
                { value: "no", label: t("console.spare_no"), hot: "N" },
              ]}
              value={draft.spare}
              onChange={(value) => set("spare", value)}
              onNext={() => nextQuestion("spare_wheel")}
            />
          </Part>
        ) : null}
        <Part name="safe" digit={7} label={t("console.safe")}>
          <Choices
            label={t("console.safe")}
            options={[
              { value: "safe", label: t("console.safe_yes"), hot: "Y" },
              { value: "unsafe", label: t("console.safe_no"), hot: "N" },
            ]}
            value={draft.safe}
            onChange={(value) => set("safe", value)}
            onNext={() => go("channel")}
          />
          {draft.safe === "unsafe" ? <p className="advice">{t("console.unsafe_advice")}</p> : null}
        </Part>
        <Part name="channel" digit={8} label={t("console.who_pays")}>
          <Choices
            label={t("console.who_pays")}
            options={[
              { value: "hotline_400", label: t("channel.hotline_400"), hot: "1" },
              { value: "dealer_24h", label: t("channel.dealer_24h"), hot: "2" },
              { value: "telematics", label: t("channel.telematics"), hot: "3" },
            ]}
            value={draft.channel}
            onChange={(value) => set("channel", value)}
            onNext={(channel) => go(channel === "dealer_24h" ? "dealer" : "note")}
          />
        </Part>
        {draft.channel === "dealer_24h" ? (
          <Part name="dealer" label={t("page.dealer")} wrong={wrong.get("dealer")}>
            <select
              aria-label={t("page.dealer")}
              value={draft.dealer}
              onChange={(event) => set("dealer", event.target.value)}
              onKeyDown={enter("dealer")}
            >
              <option value="">{t("console.choose")}</option>
              {[...dealers.values()].map((dealer) => (
                <option key={dealer.code} value={dealer.code}>
                  {dealer.name}
                </option>
              ))}
            </select>
          </Part>
        ) : null}
        <Part name="note" digit={9} label={t("page.note")} wrong={wrong.get("note")}>
          <textarea
            aria-label={t("page.note")}
            rows={2}
            maxLength={1500}
            value={draft.note}
            onChange={(event) => set("note", event.target.value)}
          />
        </Part>
      </div>
      <footer>
        <div role="alert" className="wrong">
          {[...(draft.taken ? [t("console.taken")] : []), ...elsewhere.map(([, reason]) => reason)].join(" · ")}
        </div>
        <button type="button" className="plain" onClick={startOver}>
          {t("console.start_over")} <kbd>Alt R</kbd>
        </button>
        <button type="submit" className="primary" disabled={busy}>
          {t(draft.taken ? "console.open_another" : "console.open_case")} <kbd>Ctrl ↵</kbd>
        </button>
      </footer>
    </form>
  );
}

const NO_FAULTS: readonly Fault[] = [];

/** Where the service's own check would point. */
const FIELD_OF_SERVER = { phone: "caller.phone", place: "location", fault: "fault", dealer: "dealer" } as const;

const isField = (name: string): name is Field => (DIGITS as readonly string[]).includes(name) || name === "dealer";

/** The field at which the service's word about `name` is shown. */
function fieldOf(name: string): Field | undefined {
  if (/^(location|expressway|hand_over)/.test(name)) return "place";
  const last = name.replace(/^(caller|car)\./, "");
  return isField(last) && last !== "energy" ? last : undefined;
}

/** What a draft that was left is known by; "" for an empty one. */
function soFar({ phone, name, plate, address, standing, fault, note }: Draft): string {
  const place = address || (standing ? `${standing.lat.toFixed(5)}, ${standing.lon.toFixed(5)}` : "");
  return [phone || name, plate ? plateText(plate) : "", place].filter(Boolean).join(" ") || note || fault;
}

const answered = (draft: Draft, question: Question): boolean =>
  ({ energy: draft.energy, drive: draft.drive, spare_wheel: draft.spare })[question] !== "";

function Part({
  name,
  digit,
  label,
  wrong,
  children,
}: {
  name: Field;
  digit?: number;
  label: string;
  wrong?: string | undefined;
  children: ReactNode;
}) {
  return (
    <div className="part" data-field={name}>
      <span className="part-label">
        {digit ? <kbd>{digit}</kbd> : null}
        {label}
      </span>
      <div className="part-field">
        {children}
        {wrong ? (
          <p className="wrong" role="alert">
            {wrong}
          </p>
        ) : null}
      </div>
    </div>
  );
}

/** What earlier cases say: how often they called, and whether this very call may be on the board already. */
function Known({ file, onExisting }: { file: CallerFile; onExisting: (id: string) => void }) {
  const t = useWords();
  return (
    <div className="known">
      {file.past_cases ? <p className="hint">{t("console.past_cases", { n: file.past_cases })}</p> : null}
      {file.open_cases.length ? (
        <div className="twice" role="alert">
          <strong>{t("console.twice")}</strong>
          <ul>
            {file.open_cases.map((open, at) => (
              <li key={open.id}>
                <button type="button" onClick={() => onExisting(open.id)}>
                  <StateMark status={open.status} /> {open.number} {plateText(open.plate)} · {t(`fault.${open.fault}`)}{" "}
                  · {clockTime(open.opened_at)} {at === 0 ? <kbd>Alt G</kbd> : null}
                </button>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
    </div>
  );
}
