/** Sends what a person did, and says what was refused or that nobody answered. */
import { App } from "antd";
import { useCallback } from "react";
import { whyNot } from "@/shared/api";

/** Gives whether it was done. */
export function useSending(): (work: () => Promise<unknown>) => Promise<boolean> {
  const { message } = App.useApp();
  return useCallback(
    async (work) => {
      try {
        await work();
        return true;
      } catch (error) {
        void message.error(whyNot(error));
        return false;
      }
    },
    [message],
  );
}
