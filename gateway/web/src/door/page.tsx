/** The first page: whoever signs in here goes on to where that role works. */
import { useEffect } from "react";
import { Gate } from "@/shared/gate";
import { HOME, type Role, useSession } from "@/shared/session";
import "@/shared/states.css";
import "@/shared/theme";
import { useWords } from "@/shared/words";

const EVERYONE: readonly Role[] = ["dispatcher", "dealer", "driver", "oem", "admin"];

export function DoorPage() {
  return (
    <Gate title="page.door" roles={EVERYONE}>
      <Onward />
    </Gate>
  );
}

function Onward() {
  const t = useWords();
  const { who } = useSession();
  useEffect(() => {
    if (who) location.replace(HOME[who.role]);
  }, [who]);
  return <p className="sign-in-cover">{t("page.loading")}</p>;
}
