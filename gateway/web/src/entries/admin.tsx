import admin from "@words/admin.json";
import dealer from "@words/dealer.json";
import events from "@words/events.json";
import page from "@words/page.json";
import scores from "@words/scores.json";
import states from "@words/states.json";
import { AdminPage } from "@/admin/page";
import { mountDesk } from "@/shared/desk";
import { registerWords } from "@/shared/words";

registerWords(admin, dealer, events, page, scores, states);
mountDesk("page.admin", ["admin"], <AdminPage />);
