import { TopBar } from "@/shared/desk";

export function AdminPage() {
  return <TopBar title="page.admin" />;
}
