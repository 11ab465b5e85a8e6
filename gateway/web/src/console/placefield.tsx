/** Where the car stands: typed in any of the ways people say it, clicked on the map, or told by the motorist's own phone. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, type RefObject, useEffect, useId, useState } from "react";
import { api, newKey, Offline, Problem, told } from "@/shared/api";
import { useWords } from "@/shared/words";
import { useSettled } from "./callerfile";
import type { Datum, PlaceFound } from "./contract";
import { type Draft, fromPhone, handOverOf, withPlace } from "./draft";
import { onEnter } from "./keys";

const PAUSE_MS = 250;
const LOOK_MS = 2_000;
const DATUMS: readonly Datum[] = ["wgs84", "gcj02", "bd09"];

const placesQuery = (q: string, datum: Datum) => ({
  queryKey: ["places", q, datum],
  queryFn: () => told(api.GET("/api/v1/places", { params: { query: { q, datum } } })),
  staleTime: 30_000,
});

interface PlaceFieldProps {
  draft: Draft;
  change: (next: (draft: Draft) => Draft) => void;
  input: RefObject<HTMLInputElement | null>;
  onNext: () => void;
  wrong: string | undefined;
}

export function PlaceField({ draft, change, input, onNext, wrong }: PlaceFieldProps) {
  const t = useWords();
  const client = useQueryClient();
  const id = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [refused, setRefused] = useState("");
  const q = useSettled(text.trim(), PAUSE_MS);
  const { datum } = draft;
  const { data: found = [] } = useQuery({ ...placesQuery(q, datum), enabled: q !== "", retry: false });
  const shown = text.trim() === "" ? [] : found;

  function take(place: PlaceFound): void {
    change((now) => withPlace(now, place));
    setText("");
    setAt(0);
    if (place.lat !== null) onNext();
  }

  /** What stands in the field, read by the service; words that it does not know are an address, and want a position. */
  async function enter(): Promise<void> {
    const typed = text.trim();
    if (!typed) {
      if (draft.standing) onNext();
      return;
    }
    setRefused("");
    try {
      const places = await client.fetchQuery(placesQuery(typed, datum));
      const place = places[at] ?? places[0];
      if (place) take(place);
      else {
        change((now) => ({ ...now, address: typed, expressway: null, handOver: null }));
        setText("");
        if (draft.standing) onNext();
      }
    } catch (error) {
      if (error instanceof Problem) setRefused(error.message);
      else if (error instanceof Offline) setRefused(t("page.no_answer"));
      else throw error;
    }
  }

  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) void enter();
    else if (event.key === "ArrowDown" && shown.length) setAt((at + 1) % shown.length);
    else if (event.key === "ArrowUp" && shown.length) setAt((at + shown.length - 1) % shown.length);
    else return;
    event.preventDefault();
  };

  return (
    <div className="place-field">
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label={t("page.place")}
        aria-expanded={shown.length > 0}
        aria-controls={`${id}-found`}
        aria-activedescendant={shown.length ? `${id}-${at}` : undefined}
        aria-invalid={Boolean(wrong ?? refused) || undefined}
        autoComplete="off"
        maxLength={200}
        placeholder={t("console.place_hint")}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
          setRefused("");
        }}
        onKeyDown={press}
      />
      <fieldset className="datums" aria-label={t("console.datum")}>
        {DATUMS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === datum}
            onClick={() => change((now) => ({ ...now, datum: one }))}
          >
            {t(`console.datum.${one}`)}
          </button>
        ))}
        <kbd>Alt 0</kbd>
      </fieldset>
      {shown.length ? (
        <div className="places-found" id={`${id}-found`} role="listbox" aria-label={t("console.places_found")}>
          {shown.map((place, index) => (
            <div
              key={`${place.kind} ${place.label} ${place.lat}`}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              onClick={() => take(place)}
              onKeyDown={onEnter(() => take(place))}
            >
              <span className="place-kind">{t(`place.${place.kind}`)}</span>
              {place.label}
              <span className="place-city">
                {[place.city_name ?? "", ...place.doubts.map((doubt) => t(`doubt.${doubt}`))]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </div>
          ))}
        </div>
      ) : null}
      {refused ? <p className="wrong">{refused}</p> : null}
      {wrong && !refused ? <p className="wrong">{wrong}</p> : null}
      <PlaceSoFar draft={draft} change={change} />
      {draft.expressway ? <HandOverField draft={draft} change={change} onNext={onNext} /> : null}
      <PhoneLink draft={draft} change={change} />
    </div>
  );
}

function PlaceSoFar({ draft, change }: Pick<PlaceFieldProps, "draft" | "change">) {
  const t = useWords();
  const { address, expressway, standing, city, doubts } = draft;
  if (!address && !expressway && !standing) return <p className="hint">{t("console.place_ways")}</p>;
  const road = expressway ? [expressway.road, expressway.kilometre_post, expressway.direction].filter(Boolean) : [];
  return (
    <div className="place-so-far">
      {road.length ? <p className="road">{road.join(" ")}</p> : null}
      {address && !road.length ? <p>{address}</p> : null}
      {standing ? (
        <p>
          <strong>
            {standing.lat.toFixed(5)}, {standing.lon.toFixed(5)}
          </strong>{" "}
          {[
            t(`console.datum.${standing.datum}`),
            t(`console.by.${standing.source}`),
            standing.accuracy_m === null ? "" : t("console.accuracy", { n: Math.round(standing.accuracy_m) }),
            city,
            ...doubts.map((doubt) => t(`doubt.${doubt}`)),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      ) : (
        <p className="wants">{t("console.wants_position")}</p>
      )}
      <button
        type="button"
        className="plain"
        onClick={() =>
          change((now) => ({
            ...now,
            address: "",
            expressway: null,
            handOver: null,
            standing: null,
            city: "",
            doubts: [],
          }))
        }
      >
        {t("console.clear_place")}
      </button>
    </div>
  );
}

/** Where 12122 rescue hands the car over, if it clears the road first (R18): the dealer goes there. */
function HandOverField({ draft, change, onNext }: Pick<PlaceFieldProps, "draft" | "change" | "onNext">) {
  const t = useWords();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  const { handOver, datum } = draft;

  async function take(): Promise<void> {
    const typed = text.trim();
    if (!typed) return;
    setWrong("");
    try {
      const [first] = await client.fetchQuery(placesQuery(typed, datum));
      const point = first ? handOverOf(first, datum) : null;
      if (point) {
        change((now) => ({ ...now, handOver: point }));
        setText("");
        onNext();
      } else setWrong(t("console.wants_position"));
    } catch (error) {
      if (error instanceof Problem) setWrong(error.message);
      else if (error instanceof Offline) setWrong(t("page.no_answer"));
      else throw error;
    }
  }

  if (handOver) {
    return (
      <p className="hand-over">
        {t("page.hand_over")}: <strong>{handOver.label}</strong>{" "}
        <button type="button" className="plain" onClick={() => change((now) => ({ ...now, handOver: null }))}>
          {t("console.clear_place")}
        </button>
      </p>
    );
  }
  return (
    <>
      <input
        type="text"
        className="hand-over"
        aria-label={t("page.hand_over")}
        aria-invalid={wrong ? true : undefined}
        autoComplete="off"
        maxLength={200}
        placeholder={t("console.hand_over_hint")}
        data-hand-over
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setWrong("");
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          void take();
        }}
      />
      {wrong ? <p className="wrong">{wrong}</p> : null}
    </>
  );
}

/** The link that asks the phone where it is, and the wait for its answer. */
function PhoneLink({ draft, change }: Pick<PlaceFieldProps, "draft" | "change">) {
  const t = useWords();
  const [wrong, setWrong] = useState("");
  const [copied, setCopied] = useState(false);
  const { link } = draft;
  const url = link ? new URL(link.url, location.origin).href : "";
  const { data: state } = useQuery({
    queryKey: ["link", link?.id],
    queryFn: () => told(api.GET("/api/v1/links/{link_id}", { params: { path: { link_id: link?.id ?? "" } } })),
    enabled: link !== null,
    refetchInterval: LOOK_MS,
  });
  const said = state?.position;
  useEffect(() => {
    if (said) change((now) => fromPhone(now, said));
  }, [said, change]);

  async function send(): Promise<void> {
    setWrong("");
    try {
      const made = await told(
        api.POST("/api/v1/links", { body: { case: "" }, headers: { "Idempotency-Key": newKey() } }),
      );
      change((now) => ({ ...now, link: made }));
    } catch (error) {
      if (error instanceof Problem) setWrong(error.message);
      else if (error instanceof Offline) setWrong(t("page.no_answer"));
      else throw error;
    }
  }

  if (!link) {
    return (
      <div className="phone-link">
        <button type="button" onClick={() => void send()} data-send-link>
          {t("console.send_link")} <kbd>Alt L</kbd>
        </button>
        {wrong ? <span className="wrong">{wrong}</span> : null}
      </div>
    );
  }
  const stage = said ? t("console.link_said") : state?.opened_at ? t("console.link_opened") : t("console.link_waits");
  return (
    <div className="phone-link" data-said={said ? true : undefined}>
      <input
        type="url"
        readOnly
        aria-label={t("console.link_address")}
        value={url}
        onFocus={(e) => e.target.select()}
      />
      <button
        type="button"
        onClick={() => {
          void navigator.clipboard.writeText(url).then(() => setCopied(true));
        }}
      >
        {copied ? t("console.copied") : t("console.copy_link")}
      </button>
      <span role="status">{stage}</span>
    </div>
  );
}
