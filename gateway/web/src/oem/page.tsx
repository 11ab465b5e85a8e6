import { TopBar } from "@/shared/desk";

export function OemPage() {
  return <TopBar title="page.oem" />;
}
