/** Sends what a person did, and says what was refused or that nobody answered. */
import { App } from "antd";
import { useCallback } from "react";
import { Offline, Problem } from "@/shared/api";
import { useWords } from "@/shared/words";

/** Gives whether it was done. */
export function useSending(): (work: () => Promise<unknown>) => Promise<boolean> {
  const { message } = App.useApp();
  const t = useWords();
  return useCallback(
    async (work) => {
      try {
        await work();
        return true;
      } catch (error) {
        if (error instanceof Problem) void message.error(error.message);
        else if (error instanceof Offline) void message.error(t("page.no_answer"));
        else throw error;
        return false;
      }
    },
    [message, t],
  );
}
