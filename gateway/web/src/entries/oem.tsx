import events from "@words/events.json";
import network from "@words/network.json";
import oem from "@words/oem.json";
import page from "@words/page.json";
import scores from "@words/scores.json";
import states from "@words/states.json";
import { OemPage } from "@/oem/page";
import { mountDesk } from "@/shared/desk";
import { registerWords } from "@/shared/words";

registerWords(events, network, oem, page, scores, states);
mountDesk("page.oem", ["oem", "dispatcher", "admin"], <OemPage />);
