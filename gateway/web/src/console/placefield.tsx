/** Where the car stands: typed in any of the ways people say it, clicked on the map, or told by the motorist's own phone. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useId, useState } from "react";
import { api, newKey, told, whyNot } from "@/shared/api";
import { useWords } from "@/shared/words";
import { useSettled } from "./callerfile";
import type { Datum, PlaceFound } from "./contract";
import { type Draft, fromPhone, handOverOf, NOWHERE, withPhone, withPlace } from "./draft";
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
  const { datum } = draft;

  function take(place: PlaceFound): string {
    change((now) => withPlace(now, place));
    if (place.lat !== null) onNext();
    return "";
  }

  /** Words that the service does not know are an address, and want a position. */
  function name(typed: string): string {
    change((now) => ({ ...now, address: typed, expressway: null, handOver: null }));
    if (draft.standing) onNext();
    return "";
  }

  return (
    <div className="place-field">
      <PlaceSearch
        label={t("page.place")}
        hint={t("console.place_hint")}
        datum={datum}
        input={input}
        wrong={wrong}
        onTake={take}
        onWords={name}
        onEmpty={() => {
          if (draft.standing) onNext();
        }}
      >
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
      </PlaceSearch>
      <PlaceSoFar draft={draft} change={change} />
      {draft.expressway ? <HandOverField draft={draft} change={change} onNext={onNext} /> : null}
      <PhoneLink draft={draft} change={change} />
    </div>
  );
}

interface PlaceSearchProps {
  label: string;
  hint: string;
  datum: Datum;
  input?: RefObject<HTMLInputElement | null>;
  wrong?: string | undefined;
  /** A place of the list, or of no list where there is only one. Gives what is wrong with it; "" if nothing is. */
  onTake: (place: PlaceFound) => string;
  /** Words by which no place is known. Gives what is wrong with them. */
  onWords: (typed: string) => string;
  onEmpty?: () => void;
  /** Between the field and its list. */
  children?: ReactNode;
}

/** A field in which a place is typed in any of the ways people say it, and the list of what it may be. */
function PlaceSearch({ label, hint, datum, input, wrong, onTake, onWords, onEmpty, children }: PlaceSearchProps) {
  const t = useWords();
  const client = useQueryClient();
  const id = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [refused, setRefused] = useState("");
  const q = useSettled(text.trim(), PAUSE_MS);
  const { data: found = [] } = useQuery({ ...placesQuery(q, datum), enabled: q !== "", retry: false });
  const shown = text.trim() === "" ? [] : found;

  function done(reason: string): void {
    setRefused(reason);
    if (!reason) setText("");
    setAt(0);
  }

  /** What stands in the field, as the service reads it. */
  async function enter(): Promise<void> {
    const typed = text.trim();
    if (!typed) {
      onEmpty?.();
      return;
    }
    setRefused("");
    try {
      const places = await client.fetchQuery(placesQuery(typed, datum));
      const place = places[at] ?? places[0];
      if (!place) done(onWords(typed));
      // Of several that nobody has seen yet none is taken: the list comes first.
      else if (places.length === 1 || shown.length > 0) done(onTake(place));
    } catch (error) {
      setRefused(whyNot(error));
    }
  }

  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) void enter();
    else if (event.key === "ArrowDown" && shown.length) setAt((at + 1) % shown.length);
    else if (event.key === "ArrowUp" && shown.length) setAt((at + shown.length - 1) % shown.length);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label={label}
        aria-expanded={shown.length > 0}
        aria-controls={`${id}-found`}
        aria-activedescendant={shown.length ? `${id}-${at}` : undefined}
        aria-invalid={Boolean(wrong ?? refused) || undefined}
        autoComplete="off"
        maxLength={200}
        placeholder={hint}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
          setRefused("");
        }}
        onKeyDown={press}
      />
      {children}
      {shown.length ? (
        <div className="places-found" id={`${id}-found`} role="listbox" aria-label={t("console.places_found")}>
          {shown.map((place, index) => (
            <div
              key={`${place.kind} ${place.label} ${place.lat}`}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              onClick={() => done(onTake(place))}
              onKeyDown={onEnter(() => done(onTake(place)))}
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
      {refused || wrong ? <p className="wrong">{refused || wrong}</p> : null}
    </>
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
      <button type="button" className="plain" onClick={() => change((now) => ({ ...now, ...NOWHERE }))}>
        {t("console.clear_place")}
      </button>
    </div>
  );
}

/** Where 12122 rescue hands the car over, if it clears the road first (R18): the dealer goes there. */
function HandOverField({ draft, change, onNext }: Pick<PlaceFieldProps, "draft" | "change" | "onNext">) {
  const t = useWords();
  const { handOver, datum } = draft;

  function take(place: PlaceFound): string {
    const point = handOverOf(place, datum);
    if (!point) return t("console.wants_position");
    change((now) => ({ ...now, handOver: point }));
    onNext();
    return "";
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
    <div className="hand-over" data-hand-over>
      <PlaceSearch
        label={t("page.hand_over")}
        hint={t("console.hand_over_hint")}
        datum={datum}
        onTake={take}
        onWords={() => t("console.wants_position")}
      />
    </div>
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
      setWrong(whyNot(error));
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
      {said && draft.standing?.source !== "link" ? (
        <button type="button" onClick={() => change((now) => withPhone(now, said))} data-send-link>
          {t("console.take_phone")} <kbd>Alt L</kbd>
        </button>
      ) : null}
    </div>
  );
}
