import { Gate } from "@/shared/gate";
import "@/shared/states.css";
import "@/shared/theme";
import { useWords } from "@/shared/words";

export function DealerPage() {
  const t = useWords();
  return (
    <Gate roles={["dealer", "driver"]}>
      <h1>{t("page.dealer")}</h1>
    </Gate>
  );
}
