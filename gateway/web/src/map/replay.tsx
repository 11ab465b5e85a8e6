/** What happened before: one vehicle, one case or the whole city, under a time slider. */
import { plateText } from "@/shared/format";
import { useWords } from "@/shared/words";

export type ReplaySubject = { kind: "vehicle"; plate: string } | { kind: "case"; id: string } | { kind: "city" };

export function ReplayView({ subject, onClose }: { subject: ReplaySubject; onClose: () => void }) {
  const t = useWords();
  const what =
    subject.kind === "vehicle"
      ? plateText(subject.plate)
      : subject.kind === "case"
        ? t("page.case")
        : t("map.whole_city");
  return (
    <section className="map-room" aria-label={t("map.replay_of", { what })}>
      <button type="button" onClick={onClose}>
        {t("map.close_replay")}
      </button>
    </section>
  );
}
