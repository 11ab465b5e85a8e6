/** One button that tells where the phone is, and how well it knows. */
import { useState } from "react";
import { Offline, Problem } from "@/shared/api";
import { useWords } from "@/shared/words";
import { type Standing, say } from "./api";

const PATIENCE_MS = 20_000;

type Told = { state: "idle" | "asking" } | { state: "sent"; accuracy_m: number } | { state: "wrong"; words: string };

export function Where({ onTold }: { onTold: (standing: Standing) => void }) {
  const t = useWords();
  const [told, setTold] = useState<Told>({ state: "idle" });

  async function send({ coords }: GeolocationPosition) {
    try {
      const { latitude: lat, longitude: lon, accuracy: accuracy_m } = coords;
      onTold(await say("position", { lat, lon, accuracy_m }));
      setTold({ state: "sent", accuracy_m });
    } catch (error) {
      if (error instanceof Problem) setTold({ state: "wrong", words: error.message });
      else if (error instanceof Offline) setTold({ state: "wrong", words: t("page.no_answer") });
      else throw error;
    }
  }

  function ask() {
    setTold({ state: "asking" });
    if (!navigator.geolocation) {
      setTold({ state: "wrong", words: t("motorist.position_failed") });
      return;
    }
    navigator.geolocation.getCurrentPosition(
      (position) => void send(position),
      (error) => {
        const refused = error.code === error.PERMISSION_DENIED;
        setTold({ state: "wrong", words: t(refused ? "motorist.position_refused" : "motorist.position_failed") });
      },
      { enableHighAccuracy: true, timeout: PATIENCE_MS },
    );
  }

  return (
    <section className="where">
      <button type="button" className="primary" disabled={told.state === "asking"} onClick={ask}>
        {t(told.state === "asking" ? "motorist.sending" : "motorist.send_position")}
      </button>
      {told.state === "sent" ? (
        <p role="status">{t("motorist.position_sent", { n: Math.round(told.accuracy_m) })}</p>
      ) : told.state === "wrong" ? (
        <p role="alert">{told.words}</p>
      ) : (
        <p>{t("motorist.position_why")}</p>
      )}
    </section>
  );
}
