/** Stands for what the service has not told yet, or why it cannot be had: never taken for an empty list. */
import { whyNot } from "./api";
import { useWords } from "./words";

export function NotYet({ error }: { error: unknown }) {
  const t = useWords();
  return <p className="empty">{error ? whyNot(error) : t("page.loading")}</p>;
}
