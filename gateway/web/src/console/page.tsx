import { TopBar } from "@/shared/desk";

export function ConsolePage() {
  return <TopBar title="page.console" />;
}
