import "@/shared/base.css";
import "@/shared/states.css";
import "@/shared/theme";
import { useWords } from "@/shared/words";

export function MotoristPage() {
  const t = useWords();
  return <h1>{t("page.title")}</h1>;
}
