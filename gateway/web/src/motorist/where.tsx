/** One button that tells where the phone is, and how well it knows. */
import { useState } from "react";
import { useWords } from "@/shared/words";
import { type Standing, useSaying } from "./api";

const PATIENCE_MS = 20_000;

export function Where({ onTold }: { onTold: (standing: Standing) => void }) {
  const t = useWords();
  const { say, busy, wrong } = useSaying(onTold);
  const [asking, setAsking] = useState(false);
  const [failed, setFailed] = useState("");
  const [accuracy_m, setAccuracy] = useState<number | null>(null);

  async function send({ coords }: GeolocationPosition) {
    setAsking(false);
    const { latitude: lat, longitude: lon, accuracy } = coords;
    if (await say("position", { lat, lon, accuracy_m: accuracy })) setAccuracy(accuracy);
  }

  function fail(word: string) {
    setAsking(false);
    setFailed(t(word));
  }

  function ask() {
    setFailed("");
    setAccuracy(null);
    if (!navigator.geolocation) {
      fail("motorist.position_failed");
      return;
    }
    setAsking(true);
    navigator.geolocation.getCurrentPosition(
      (position) => void send(position),
      (error) =>
        fail(error.code === error.PERMISSION_DENIED ? "motorist.position_refused" : "motorist.position_failed"),
      { enableHighAccuracy: true, timeout: PATIENCE_MS },
    );
  }

  const finding = asking || busy;
  return (
    <section className="where">
      <button type="button" className="primary" disabled={finding} onClick={ask}>
        {t(finding ? "motorist.sending" : "motorist.send_position")}
      </button>
      {failed || wrong ? (
        <p role="alert">{failed || wrong}</p>
      ) : accuracy_m === null ? (
        <p>{t("motorist.position_why")}</p>
      ) : (
        <p role="status">{t("motorist.position_sent", { n: Math.round(accuracy_m) })}</p>
      )}
    </section>
  );
}
